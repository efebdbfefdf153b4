// Messages as the bytes that travel, for code that learns their types only when
// it runs: a call with a generic stub takes and gives grpc::ByteBuffer.
//
//   grpc::ByteBuffer request = support::ToByteBuffer(*message);
//   grpc::Status parsed = support::FromByteBuffer(bytes, response.get());

#ifndef SUPPORT_BYTE_BUFFER_H_
#define SUPPORT_BYTE_BUFFER_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

namespace support {

// Returns the message serialized. A proto2 message without a required field is
// serialized as it is.
grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message);

// Sets `message` to what `bytes` hold. INTERNAL, naming the message's type, if
// they are not such a message; `message` is then unspecified.
grpc::Status FromByteBuffer(const grpc::ByteBuffer& bytes,
                            google::protobuf::Message* message);

}  // namespace support

#endif  // SUPPORT_BYTE_BUFFER_H_
