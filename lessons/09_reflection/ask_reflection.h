// One question to a server's reflection, for tests and for a look at what goes
// over the wire. A real client keeps the stream and asks on.

#ifndef ASK_REFLECTION_H_
#define ASK_REFLECTION_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace movies {

// Asks `channel`'s server `question`, a
// grpc.reflection.v1alpha.ServerReflectionRequest in protobuf's text format:
// `list_services: ""`. Returns the answer as text on one line:
// `list_services_response { service { name: "movies.v1.MoviesService" } … }`.
//
// INVALID_ARGUMENT if the question does not parse. Otherwise the call's own
// status: UNIMPLEMENTED from a server without reflection. Waits ten seconds at
// most.
absl::StatusOr<std::string> AskReflection(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& question);

}  // namespace movies

#endif  // ASK_REFLECTION_H_
