#include "mend_files.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "add_files.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;

FileDescriptorProto Parse(const std::string& text) {
  FileDescriptorProto file;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file));
  return file;
}

class LeftOutTest : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Spelt, LeftOutTest,
                         ::testing::Values(".two.B.Kind", "two.B.Kind"));

TEST_P(LeftOutTest, AnImportIsFoundByTheTypesThatAreUsed) {
  std::string user = R"pb(
    name: "a"
    package: "one"
    message_type {
      name: "Outer"
      nested_type {
        name: "Inner"
        field { name: "f" number: 1 label: LABEL_OPTIONAL type_name: "TYPE" }
      }
    })pb";
  user = absl::StrReplaceAll(user, {{"TYPE", GetParam()}});
  const FileDescriptorProto owner = Parse(R"pb(
    name: "z"
    package: "two"
    message_type {
      name: "B"
      enum_type {
        name: "Kind"
        value { name: "NONE" number: 0 }
      }
    })pb");
  DescriptorPool pool;
  const absl::Status status =
      AddFiles({{"a", Parse(user)}, {"z", owner}}, &pool);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_NE(pool.FindMessageTypeByName("one.Outer.Inner"), nullptr);
}

// Where a file may use a message of another one, besides a field.
class UseTest : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    Of, UseTest,
    ::testing::Values(
        R"pb(
          service {
            name: "S"
            method { name: "In" input_type: ".two.B" output_type: ".one.Own" }
          })pb",
        R"pb(
          service {
            name: "S"
            method { name: "Out" input_type: ".one.Own" output_type: ".two.B" }
          })pb",
        R"pb(
          extension {
            name: "outside"
            number: 100
            label: LABEL_OPTIONAL
            type: TYPE_INT32
            extendee: ".two.B"
          })pb",
        R"pb(
          message_type {
            name: "Scope"
            extension {
              name: "inside"
              number: 100
              label: LABEL_OPTIONAL
              type: TYPE_INT32
              extendee: ".two.B"
            }
          })pb"));

TEST_P(UseTest, NeedsTheImport) {
  FileDescriptorProto user = Parse(R"pb(
    name: "a"
    package: "one"
    message_type { name: "Own" }
  )pb");
  user.MergeFrom(Parse(GetParam()));
  const FileDescriptorProto owner = Parse(R"pb(
    name: "z"
    package: "two"
    message_type {
      name: "B"
      extension_range { start: 100 end: 200 }
    })pb");
  DescriptorPool pool;
  const absl::Status status = AddFiles({{"a", user}, {"z", owner}}, &pool);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(MendFilesTest, AMapIsOne) {
  const FileDescriptorProto file = Parse(R"pb(
    name: "a"
    package: "one"
    syntax: "proto3"
    message_type {
      name: "Table"
      field {
        name: "top_scores"
        number: 1
        label: LABEL_REPEATED
        type: TYPE_MESSAGE
        type_name: "Top_scores"
      }
      nested_type {
        name: "Top_scores"
        field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
        field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
        options { map_entry: true }
      }
    })pb");
  DescriptorPool pool;
  const absl::Status status = AddFiles({{"a", file}}, &pool);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(pool.FindMessageTypeByName("one.Table")->field(0)->is_map());
}

TEST(MendFilesTest, WhatLacksNothingStaysAsItIs) {
  FileDescriptorProto file;
  DescriptorPool::generated_pool()
      ->FindFileByName("google/protobuf/descriptor.proto")
      ->CopyTo(&file);
  EXPECT_EQ(MendFiles({{file.name(), file}}).begin()->second.DebugString(),
            file.DebugString());
}

}  // namespace
}  // namespace movies
