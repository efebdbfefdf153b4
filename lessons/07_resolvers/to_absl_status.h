// From gRPC's kind of status to abseil's.

#ifndef TO_ABSL_STATUS_H_
#define TO_ABSL_STATUS_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"

namespace movies {

// Returns the same code, which the two number alike, and the same message.
// Details, of which etcd sends none, get lost; lesson 04 keeps them.
inline absl::Status ToAbslStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

}  // namespace movies

#endif  // TO_ABSL_STATUS_H_
