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

  // TODO(09_reflection.call_method): Let the factory make a message of the
  // method's input type, fill it by FromJson(), send it by CallUnary() to
  // "/package.Service/Method", and turn the answer into a message of the output
  // type and that into JSON. support/byte_buffer.h makes bytes of a message and
  // a message of bytes. Each step can fail.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(09_reflection.call_method)");
  // END TODO(09_reflection.call_method)
}

}  // namespace movies
