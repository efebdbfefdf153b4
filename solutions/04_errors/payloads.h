// What a grpc::Status carries as details, one by one: bytes by the URL of their
// type, as absl::Status has them.

#ifndef PAYLOADS_H_
#define PAYLOADS_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace movies {

// The most that the details of a status may take, in bytes: the
// google.rpc.Status, serialized.
//
// A gRPC 1.51 client takes 8 kB of metadata, all keys together. A call whose
// trailing metadata is larger fails with RESOURCE_EXHAUSTED, and the code and
// message that the server gave are lost with the details. Half of the limit
// leaves room for the message and for other metadata.
inline constexpr size_t kMaxDetailsBytes = 4096;

// Type URLs, each with the serialized message.
using Payloads = std::vector<std::pair<std::string, std::string>>;

// The key of details that cannot be taken apart without a loss: bytes that are
// no google.rpc.Status, or one with another code or message than the status, or
// with two details of a type. They are kept under this key as they are.
inline constexpr char kRawDetails[] = "grpc-status-details-bin";

// Returns the details of `status`, or all of them as one under kRawDetails.
// Thread-safe.
Payloads ReadDetails(const grpc::Status& status);

// The opposite: returns what a grpc::Status with this code and message is to
// carry. Empty without payloads, and if it would take more than
// kMaxDetailsBytes: the status matters more.
//
// What is under kRawDetails is returned as it is if it is all there is. Beside
// other payloads it is left out, as it cannot be put together with them.
// Thread-safe.
std::string WriteDetails(int code, const std::string& message,
                         const Payloads& payloads);

}  // namespace movies

#endif  // PAYLOADS_H_
