// What a grpc::Status carries as details, one by one: bytes by the URL of their
// type, as absl::Status has them.

#ifndef PAYLOADS_H_
#define PAYLOADS_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>
#include <vector>

namespace movies {

// Type URLs, each with the serialized message.
using Payloads = std::vector<std::pair<std::string, std::string>>;

// The key of details that cannot be taken apart without a loss: bytes that are
// no google.rpc.Status, or one with another code or message than the status,
// with two details of a type, or with fields that this program does not know.
// They are kept under this key as they are.
inline constexpr char kRawDetails[] = "grpc-status-details-bin";

// Returns the details of `status`, or all of them as one under kRawDetails.
// Thread-safe.
Payloads ReadDetails(const grpc::Status& status);

// The opposite: returns what a grpc::Status with this code and message is to
// carry. Empty without payloads. Thread-safe.
std::string WriteDetails(int code, const std::string& message,
                         const Payloads& payloads);

}  // namespace movies

#endif  // PAYLOADS_H_
