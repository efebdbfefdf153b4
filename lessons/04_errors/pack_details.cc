#include "pack_details.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace movies {

grpc::Status StatusWithDetails(
    grpc::StatusCode code, const std::string& message,
    const std::vector<const google::protobuf::Message*>& details) {
  if (code == grpc::StatusCode::OK) return grpc::Status::OK;
  // TODO(04_errors.pack_details): Pack code, message and every detail into a
  // google::rpc::Status, and give it, serialized, to a grpc::Status with the
  // same code and message. Leave it out if it is too large.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(04_errors.pack_details)");
  // END TODO(04_errors.pack_details)
}

grpc::Status MovieErrorStatus(grpc::StatusCode code, v1::MovieErrorCode reason,
                              const std::string& message, int32_t mid) {
  v1::MovieError error;
  error.set_reason(reason);
  error.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(v1::MovieErrorCode_Name(reason));
  info.set_domain(kErrorDomain);
  (*info.mutable_metadata())["mid"] = absl::StrCat(mid);
  return StatusWithDetails(code, message, {&error, &info});
}

}  // namespace movies
