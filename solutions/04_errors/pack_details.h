// Strongly typed errors, the server's end: messages that ride with a status.
//
//   v1::MovieError error;
//   error.set_reason(v1::MOVIE_NOT_FOUND);
//   return StatusWithDetails(grpc::StatusCode::NOT_FOUND, "no movie 999",
//                            {&error});
//
// Every gRPC library packs them alike: a google.rpc.Status, serialized, in the
// trailing metadata `grpc-status-details-bin`. Its fields repeat the code and
// the message, and hold each detail as a google.protobuf.Any: a type's name and
// the serialized message.

#ifndef PACK_DETAILS_H_
#define PACK_DETAILS_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "movies/v1/movies.pb.h"
#include "payloads.h"

namespace movies {

// Returns a status with this code and message, and with `details`, in their
// order. None is null.
//
// If the google.rpc.Status, serialized, takes more than kMaxDetailsBytes
// (payloads.h), the status has no details: the code and the message matter
// more. OK has neither message nor details. `message` is UTF-8 and a sentence:
// above 1 kB it endangers the status too.
// Slide: status_with_details
grpc::Status StatusWithDetails(
    grpc::StatusCode code, const std::string& message,
    const std::vector<const google::protobuf::Message*>& details);
// End slide: status_with_details

// The `domain` of this service's ErrorInfo: within it, a reason is unique.
inline constexpr char kErrorDomain[] = "movies.example.com";

// Returns a status that says in three ways what is wrong with movie `mid`: the
// code, for every client; MovieError, for those that have our proto;
// google.rpc.ErrorInfo, for gateways, dashboards and others that do not.
// ErrorInfo's reason is the name of `reason`, its metadata has the `mid`.
grpc::Status MovieErrorStatus(grpc::StatusCode code, v1::MovieErrorCode reason,
                              const std::string& message, int32_t mid);

}  // namespace movies

#endif  // PACK_DETAILS_H_
