#include "call_method.h"

#include <google/protobuf/dynamic_message.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "generic_call.h"
#include "json_message.h"
#include "support/byte_buffer.h"

namespace movies {

using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::Message;
using ::google::protobuf::MethodDescriptor;

grpc::Status CallMethod(grpc::GenericStub& stub, const MethodDescriptor& method,
                        absl::string_view json, grpc::ClientContext* context,
                        std::string* response_json) {
  DynamicMessageFactory factory;  // Outlives the messages that it makes.

  std::unique_ptr<Message> request(
      factory.GetPrototype(method.input_type())->New());
  grpc::Status status = FromJson(json, request.get());
  if (!status.ok()) return status;

  grpc::ByteBuffer bytes;
  status = CallUnary(
      stub,
      absl::StrCat("/", method.service()->full_name(), "/", method.name()),
      support::ToByteBuffer(*request), context, &bytes);
  if (!status.ok()) return status;

  std::unique_ptr<Message> response(
      factory.GetPrototype(method.output_type())->New());
  status = support::FromByteBuffer(bytes, response.get());
  if (!status.ok()) return status;
  return ToJson(*response, response_json);
}

}  // namespace movies
