// What the proto says of a method's repetition:
//
//   rpc GetMovie(MovieID) returns (Movie) {
//     option idempotency_level = NO_SIDE_EFFECTS;
//   }

#ifndef PROTO_IDEMPOTENCY_H_
#define PROTO_IDEMPOTENCY_H_

#include <google/protobuf/descriptor.pb.h>

#include "absl/strings/string_view.h"

namespace movies {

// The method's idempotency_level. `method` is its full name,
// "/movies.v1.MoviesService/GetMovie".
//
// IDEMPOTENCY_UNKNOWN for a method that is not marked, and for one whose
// generated code is not in this program. Thread-safe.
google::protobuf::MethodOptions::IdempotencyLevel IdempotencyOf(
    absl::string_view method);

// Whether running the method twice does no more than running it once: its level
// is NO_SIDE_EFFECTS or IDEMPOTENT. Who does not know assumes the worst.
// Thread-safe.
bool MayBeRepeated(absl::string_view method);

}  // namespace movies

#endif  // PROTO_IDEMPOTENCY_H_
