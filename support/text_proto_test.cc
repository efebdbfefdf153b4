#include "support/text_proto.h"

#include <google/protobuf/duration.pb.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace support {
namespace {

using ::testing::StartsWith;

TEST(ParseTextProtoTest, FillsTheMessage) {
  google::protobuf::Duration duration;
  absl::Status status = ParseTextProto("seconds: 7", "test", &duration);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(duration.seconds(), 7);
}

TEST(ParseTextProtoTest, ErrorNamesFileLineAndColumn) {
  google::protobuf::Duration duration;
  absl::Status status =
      ParseTextProto("seconds: 7\nminutes: 1\n", "a.textproto", &duration);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("a.textproto:2:"));
}

}  // namespace
}  // namespace support
