#include "pack_details.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace movies {

grpc::Status StatusWithDetails(
    grpc::StatusCode code, const std::string& message,
    const std::vector<const google::protobuf::Message*>& details) {
  if (code == grpc::StatusCode::OK) return grpc::Status::OK;
  google::rpc::Status packed;
  packed.set_code(code);
  packed.set_message(message);
  for (const google::protobuf::Message* detail : details) {
    packed.add_details()->PackFrom(*detail);
  }
  if (packed.ByteSizeLong() > kMaxDetailsBytes) {
    return grpc::Status(code, message);
  }
  return grpc::Status(code, message, packed.SerializeAsString());
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
