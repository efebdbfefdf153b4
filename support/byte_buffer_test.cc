#include "support/byte_buffer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <string>

namespace support {
namespace {

grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

TEST(ByteBufferTest, MessageComesBackAsItWas) {
  google::protobuf::Timestamp sent;
  sent.set_seconds(1927);
  google::protobuf::Timestamp received;
  ASSERT_TRUE(FromByteBuffer(ToByteBuffer(sent), &received).ok());
  EXPECT_EQ(received.seconds(), 1927);
}

TEST(ByteBufferTest, EmptyMessageIsNoBytes) {
  EXPECT_EQ(ToByteBuffer(google::protobuf::Timestamp()).Length(), 0u);
  google::protobuf::Timestamp received;
  EXPECT_TRUE(FromByteBuffer(Bytes(""), &received).ok());
}

TEST(ByteBufferTest, BytesCanBeReadTwice) {
  google::protobuf::Timestamp sent;
  sent.set_seconds(1927);
  const grpc::ByteBuffer bytes = ToByteBuffer(sent);
  google::protobuf::Timestamp received;
  ASSERT_TRUE(FromByteBuffer(bytes, &received).ok());
  received.Clear();
  ASSERT_TRUE(FromByteBuffer(bytes, &received).ok());
  EXPECT_EQ(received.seconds(), 1927);
}

TEST(ByteBufferTest, BytesOfNoMessageAreRefusedByName) {
  google::protobuf::Any received;
  const grpc::Status status = FromByteBuffer(Bytes("\x0a\x7f"), &received);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "what came is not a google.protobuf.Any");
}

}  // namespace
}  // namespace support
