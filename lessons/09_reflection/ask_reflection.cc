#include "ask_reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

namespace movies {
namespace {

// A new message of the type, which libgrpc++_reflection brings along without a
// header for it. Null if that library was not linked.
std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& name) {
  const google::protobuf::Descriptor* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          absl::StrCat("grpc.reflection.v1alpha.", name));
  if (type == nullptr) return nullptr;
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type)
          ->New());
}

}  // namespace

absl::StatusOr<std::string> AskReflection(
    const std::shared_ptr<grpc::Channel>& channel,
    const std::string& question) {
  const auto request = NewMessage("ServerReflectionRequest");
  const auto response = NewMessage("ServerReflectionResponse");
  if (request == nullptr || response == nullptr) {
    return absl::InternalError("libgrpc++_reflection is not linked");
  }
  if (!google::protobuf::TextFormat::ParseFromString(question, request.get())) {
    return absl::InvalidArgumentError(absl::StrCat("no question: ", question));
  }

  grpc::ByteBuffer request_bytes;
  bool own_buffer = false;
  grpc::Status status =
      grpc::SerializationTraits<google::protobuf::Message>::Serialize(
          *request, &request_bytes, &own_buffer);
  if (!status.ok()) return absl::InternalError(status.error_message());
  // The method is a stream both ways. With one message each way that is on the
  // wire what a unary call is.
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(10));
  grpc::ByteBuffer response_bytes;
  absl::Notification done;
  stub.UnaryCall(
      &context,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::StubOptions(), &request_bytes, &response_bytes,
      [&](grpc::Status result) {
        status = std::move(result);
        done.Notify();
      });
  done.WaitForNotification();
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }
  status = grpc::SerializationTraits<google::protobuf::Message>::Deserialize(
      &response_bytes, response.get());
  if (!status.ok()) return absl::DataLossError(status.error_message());
  return response->ShortDebugString();
}

}  // namespace movies
