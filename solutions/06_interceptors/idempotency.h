// What the proto says of a method's repetition:
//
//   rpc GetMovie(MovieID) returns (Movie) {
//     option idempotency_level = NO_SIDE_EFFECTS;
//   }

#ifndef IDEMPOTENCY_H_
#define IDEMPOTENCY_H_

#include "absl/strings/string_view.h"

namespace movies {

// Whether running the method twice does no more than running it once:
// idempotency_level is NO_SIDE_EFFECTS or IDEMPOTENT. `method` is its full
// name,
// "/movies.v1.MoviesService/GetMovie".
//
// False for a method that is not marked, and for one whose generated code is
// not in this program: who does not know assumes the worst. Thread-safe.
bool MayBeRepeated(absl::string_view method);

}  // namespace movies

#endif  // IDEMPOTENCY_H_
