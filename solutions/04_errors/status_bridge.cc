#include "status_bridge.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "codes.h"
#include "payloads.h"

namespace movies {

absl::Status ToAbslStatus(const grpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
  for (const auto& [type_url, value] : ReadDetails(status)) {
    result.SetPayload(type_url, absl::Cord(value));
  }
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  // Where code() says kUnknown for a number that absl does not know.
  const grpc::StatusCode code = CodeOf(status.raw_code());
  const std::string message(status.message());
  Payloads payloads;
  status.ForEachPayload(
      [&payloads](absl::string_view type_url, const absl::Cord& value) {
        payloads.emplace_back(std::string(type_url), std::string(value));
      });
  return grpc::Status(code, message, WriteDetails(code, message, payloads));
}

}  // namespace movies
