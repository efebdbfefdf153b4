// What a service in the middle decides about the call that it makes.

#ifndef NEXT_CALL_H_
#define NEXT_CALL_H_

#include "absl/time/time.h"
#include "metadata.h"

namespace movies {

struct NextCall {
  // When the next service must have answered, unless the caller stops waiting
  // earlier. set_deadline() takes absl::ToChronoTime(deadline).
  absl::Time deadline = absl::InfiniteFuture();

  // What to send along. Every pair has passed CheckMetadata().
  Metadata metadata;
};

}  // namespace movies

#endif  // NEXT_CALL_H_
