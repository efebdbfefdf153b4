// Links the descriptor of grpc.health.v1.Health into the program.
//
// gRPC's built-in health service has none: it reads and writes its two small
// messages by other means. A server that also has reflection then lists a
// service which it cannot describe, and a tool that wants to describe all that
// is listed fails.

#include <google/protobuf/message.h>

#include "grpc/health/v1/health.pb.h"

namespace support {
namespace {

// From an archive the linker takes only what is referred to. This refers to it.
[[maybe_unused]] const bool kLinked = [] {
  google::protobuf::LinkMessageReflection<
      grpc::health::v1::HealthCheckRequest>();
  return true;
}();

}  // namespace
}  // namespace support
