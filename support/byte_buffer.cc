#include "support/byte_buffer.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <string>

namespace support {

grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializePartialAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status FromByteBuffer(const grpc::ByteBuffer& bytes,
                            google::protobuf::Message* message) {
  grpc::ByteBuffer copy(bytes);  // Shares the bytes; the reader wants its own.
  grpc::ProtoBufferReader reader(&copy);
  if (!reader.status().ok() ||
      !message->ParsePartialFromZeroCopyStream(&reader)) {
    return grpc::Status(grpc::StatusCode::INTERNAL,
                        "what came is not a " + message->GetTypeName());
  }
  return grpc::Status::OK;
}

}  // namespace support
