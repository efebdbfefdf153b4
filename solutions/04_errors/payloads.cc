#include "payloads.h"

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
  google::rpc::Status packed;
  packed.set_code(code);
  packed.set_message(message);
  std::string raw;
  for (const auto& [type_url, value] : payloads) {
    if (type_url == kRawDetails) {
      raw = value;
      continue;
    }
    google::protobuf::Any* any = packed.add_details();
    any->set_type_url(type_url);
    any->set_value(value);
  }
  const std::string bytes =
      packed.details_size() > 0 ? packed.SerializeAsString() : raw;
  return bytes.size() > kMaxDetailsBytes ? "" : bytes;
}

}  // namespace movies
