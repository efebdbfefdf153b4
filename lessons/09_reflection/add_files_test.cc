#include "add_files.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Files = std::map<std::string, FileDescriptorProto>;

FileDescriptorProto& Add(const std::string& name,
                         const std::vector<std::string>& imports,
                         Files* files) {
  FileDescriptorProto& file = (*files)[name];
  file.set_name(name);
  file.set_syntax("proto3");
  for (const std::string& import : imports) file.add_dependency(import);
  return file;
}

TEST(AddFilesTest, ImportsComeFirstWhateverTheNames) {
  Files files;
  Add("a", {"z", "m"}, &files);
  Add("m", {"z"}, &files);
  Add("z", {}, &files);
  DescriptorPool pool;
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_NE(pool.FindFileByName("a"), nullptr);
}

TEST(AddFilesTest, MayBeCalledAgainWithMore) {
  Files files;
  Add("z", {}, &files);
  DescriptorPool pool;
  ASSERT_TRUE(AddFiles(files, &pool).ok());
  Add("a", {"z"}, &files);
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(AddFilesTest, RefusesAChainThatWouldEndTheStack) {
  Files files;
  constexpr int kFiles = 50000;
  for (int i = 0; i < kFiles; ++i) {
    Add(std::to_string(i), {std::to_string(i + 1)}, &files);
  }
  Add(std::to_string(kFiles), {}, &files);
  DescriptorPool pool;
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0 imports 1"));
}

TEST(AddFilesTest, NamesTheCircle) {
  Files files;
  Add("top", {"a"}, &files);
  Add("a", {"b"}, &files);
  Add("b", {"a"}, &files);
  DescriptorPool pool;
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("a imports b imports a"));
}

TEST(AddFilesTest, NamesWhatIsMissing) {
  Files files;
  Add("a", {"b"}, &files);
  DescriptorPool pool;
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a imports b"));
}

TEST(AddFilesTest, SaysWhatIsWrongWithAFile) {
  Files files;
  FileDescriptorProto& file = Add("a", {}, &files);
  auto* field = file.add_message_type()->add_field();
  file.mutable_message_type(0)->set_name("M");
  field->set_name("f");
  field->set_number(1);
  field->set_type_name(".no.Such");
  DescriptorPool pool;
  const absl::Status status = AddFiles(files, &pool);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("file a"), HasSubstr("no.Such")));
}

}  // namespace
}  // namespace movies
