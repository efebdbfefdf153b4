#include "support/files.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace support {
namespace {

using ::testing::HasSubstr;

TEST(ReadFileTest, ReturnsEveryByte) {
  const std::string path = testing::TempDir() + "/bytes";
  const std::string bytes("a\0b\r\n", 5);
  std::ofstream(path, std::ios::binary) << bytes;
  absl::StatusOr<std::string> text = ReadFile(path);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, bytes);
}

TEST(ReadFileTest, AnEmptyFileIsNoError) {
  const std::string path = testing::TempDir() + "/empty";
  std::ofstream(path, std::ios::binary).flush();
  absl::StatusOr<std::string> text = ReadFile(path);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "");
}

TEST(ReadFileTest, AMissingFileIsNamed) {
  absl::StatusOr<std::string> text = ReadFile("/no/such/file");
  EXPECT_EQ(text.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("/no/such/file"));
}

TEST(ReadFileTest, AFolderIsNoFile) {
  EXPECT_EQ(ReadFile("/").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace support
