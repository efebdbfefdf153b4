#include "payloads.h"

#include <cstddef>
#include <set>

#include "google/rpc/status.pb.h"

namespace movies {

Payloads ReadDetails(const grpc::Status& status) {
  const std::string bytes = status.error_details();
  if (bytes.empty()) return {};
  google::rpc::Status packed;
  if (!packed.ParseFromString(bytes) || packed.code() != status.error_code() ||
      packed.message() != status.error_message()) {
    return {{kRawDetails, bytes}};
  }
  const size_t size = packed.ByteSizeLong();
  packed.DiscardUnknownFields();  // Some of tomorrow's Status, that is.
  if (packed.ByteSizeLong() != size) return {{kRawDetails, bytes}};
  Payloads payloads;
  std::set<std::string> types;
  for (const google::protobuf::Any& any : packed.details()) {
    if (!types.insert(any.type_url()).second) return {{kRawDetails, bytes}};
    payloads.emplace_back(any.type_url(), any.value());
  }
  return payloads;
}

std::string WriteDetails(int code, const std::string& message,
                         const Payloads& payloads) {
  if (payloads.empty()) return "";
  google::rpc::Status packed;
  packed.set_code(code);
  packed.set_message(message);
  for (const auto& [type_url, value] : payloads) {
    if (type_url == kRawDetails) return value;
    google::protobuf::Any* any = packed.add_details();
    any->set_type_url(type_url);
    any->set_value(value);
  }
  return packed.SerializeAsString();
}

}  // namespace movies
