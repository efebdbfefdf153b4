// absl::Status and grpc::Status side by side: code below the handlers speaks
// absl::Status, as libraries without gRPC do, and gRPC speaks its own.
//
//   grpc::Status GetMovie(…) override {
//     absl::StatusOr<v1::Movie> movie = LookUp(request->mid());
//     if (!movie.ok()) return ToGrpcStatus(movie.status());
//
// The two have the same codes with the same numbers. What grpc::Status calls
// details, absl::Status calls payloads: bytes by the URL of their type.

#ifndef STATUS_BRIDGE_H_
#define STATUS_BRIDGE_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"

namespace movies {

// Each returns the other library's status with the same code, also one that
// neither library knows, the same message, and each detail as a payload or the
// other way round. OK has neither message nor details. Thread-safe.
//
// There and back again, nothing is lost but the order of the details:
// absl::Status keeps none. Details that cannot be taken apart become one
// payload, by the key kRawDetails of payloads.h.
//
// The way to gRPC has its limits. A raw_code() that no grpc::StatusCode can
// hold becomes UNKNOWN (codes.h). Payloads that take more than kMaxDetailsBytes
// together are left out, so that the status arrives (payloads.h). A message
// that goes along with payloads has to be UTF-8, or no client can read them.
// Slide: status_bridge
absl::Status ToAbslStatus(const grpc::Status& status);
grpc::Status ToGrpcStatus(const absl::Status& status);
// End slide: status_bridge

}  // namespace movies

#endif  // STATUS_BRIDGE_H_
