#include "fetch_files.h"

#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reflection_client.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A server that has files, and counts what it is asked for. Of each file it
// says only its name and imports: "top.proto" declares top.Thing.
class FakeReflection : public Reflection {
 public:
  // Gives the server `name`.proto, that imports these files.
  void Add(const std::string& name, const std::vector<std::string>& imports) {
    FileDescriptorProto file;
    file.set_syntax("proto3");
    file.set_name(absl::StrCat(name, ".proto"));
    file.set_package(absl::StrReplaceAll(name, {{"/", "."}}));
    file.add_message_type()->set_name("Thing");
    for (const std::string& import : imports) {
      file.add_dependency(absl::StrCat(import, ".proto"));
    }
    answers_[absl::StrCat(name, ".Thing")] = {file};
    answers_[file.name()] = {file};
  }

  // Makes the server answer a question for `asked` with these files instead, in
  // this order.
  void Answer(const std::string& asked, const std::vector<std::string>& files) {
    std::vector<FileDescriptorProto> answer;
    for (const std::string& file : files) answer.push_back(answers_[file][0]);
    answers_[asked] = answer;
  }

  // Makes the server gone when it is asked for `asked`.
  void GoneAt(const std::string& asked) { gone_at_ = asked; }

  absl::StatusOr<ServerReflectionResponse> Ask(
      const ServerReflectionRequest& question) override {
    const std::string asked = question.has_file_by_filename()
                                  ? question.file_by_filename()
                                  : question.file_containing_symbol();
    asked_.push_back(asked);
    // Ends those who would ask forever.
    if (asked_.size() > 30) return absl::ResourceExhaustedError("too often");
    if (asked == gone_at_) return absl::UnavailableError("connection reset");
    ServerReflectionResponse answer;
    const auto files = answers_.find(asked);
    if (files == answers_.end()) {
      answer.mutable_error_response()->set_error_code(5);
      answer.mutable_error_response()->set_error_message("no such file");
      return answer;
    }
    answer.mutable_file_descriptor_response();
    for (const FileDescriptorProto& file : files->second) {
      answer.mutable_file_descriptor_response()->add_file_descriptor_proto(
          file.SerializeAsString());
    }
    return answer;
  }

  // What it was asked for: symbols, files.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  std::map<std::string, std::vector<FileDescriptorProto>> answers_;
  std::string gone_at_;
  std::vector<std::string> asked_;
};

class FetchFilesTest : public ::testing::Test {
 protected:
  bool Has(const std::string& file) const {
    return pool_.FindFileByName(file) != nullptr;
  }

  FakeReflection server_;
  DescriptorPool pool_;
};

TEST_F(FetchFilesTest, ImportsOfImportsComeToo) {
  server_.Add("top", {"middle"});
  server_.Add("middle", {"bottom"});
  server_.Add("bottom", {});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok())
      << "top.proto imports middle.proto, and that bottom.proto; the server "
         "has all three. FetchFiles returned "
      << status;
  EXPECT_THAT(server_.asked(),
              ElementsAre("top.Thing", "middle.proto", "bottom.proto"))
      << "A file says in dependency() what it imports. What arrives imports "
         "more: keep a list of what is still wanted, until it is empty.";
  EXPECT_TRUE(Has("top.proto") && Has("middle.proto") && Has("bottom.proto"))
      << "A pool takes a file only with all that it imports.";
}

TEST_F(FetchFilesTest, AFileThatTwoImportIsAskedForOnce) {
  server_.Add("top", {"left", "right"});
  server_.Add("left", {"bottom"});
  server_.Add("right", {"bottom"});
  server_.Add("bottom", {});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(server_.asked(),
              UnorderedElementsAre("top.Thing", "left.proto", "right.proto",
                                   "bottom.proto"))
      << "left.proto and right.proto both import bottom.proto: a diamond. It "
         "is in `files` when the second of them wants it, whatever was in "
         "there when the wish was noted.";
}

TEST_F(FetchFilesTest, WhatArrivesBeforeItsTurnIsNotAskedFor) {
  server_.Add("top", {"first", "middle", "last"});
  server_.Add("middle", {"first", "last"});
  server_.Add("first", {});
  server_.Add("last", {});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(server_.asked(),
              UnorderedElementsAre("top.Thing", "first.proto", "middle.proto",
                                   "last.proto"))
      << "top.proto imports first.proto, middle.proto and last.proto, and "
         "middle.proto imports the other two. Wherever you begin, one of them "
         "is noted twice before it comes: what was missing when it was noted "
         "may be there when its turn comes.";
}

TEST_F(FetchFilesTest, WellKnownFilesAreAskedForToo) {
  server_.Add("top", {"google/protobuf/timestamp"});
  server_.Add("google/protobuf/timestamp", {});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(server_.asked(),
              ElementsAre("top.Thing", "google/protobuf/timestamp.proto"))
      << "top.proto imports google/protobuf/timestamp.proto. That this program "
         "is linked with that file helps nobody: a pool has what was put into "
         "it, and `pool` is not DescriptorPool::generated_pool().";
}

TEST_F(FetchFilesTest, ACircleEnds) {
  server_.Add("top", {"a"});
  server_.Add("a", {"b"});
  server_.Add("b", {"a"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_THAT(server_.asked(), ElementsAre("top.Thing", "a.proto", "b.proto"))
      << "a.proto and b.proto import each other. protoc refuses that, but "
         "this comes from a server, and whoever follows imports blindly never "
         "comes back.";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << "Fetching is well then; AddFiles() finds the circle and names it. "
         "What came: "
      << status;
}

TEST_F(FetchFilesTest, AllThatTheServerSendsIsKept) {
  server_.Add("top", {"middle"});
  server_.Add("middle", {"bottom"});
  server_.Add("bottom", {});
  server_.Answer("top.Thing", {"top.proto", "bottom.proto", "middle.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(server_.asked(), ElementsAre("top.Thing"))
      << "The server sent top.proto and with it all that it imports, as many "
         "servers do. There is nothing left to ask for.";
}

TEST_F(FetchFilesTest, AllThatComesWithAnImportIsKept) {
  server_.Add("top", {"middle"});
  server_.Add("middle", {"bottom"});
  server_.Add("bottom", {});
  server_.Answer("middle.proto", {"bottom.proto", "middle.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok())
      << "Asked for middle.proto, the server sent bottom.proto and then "
         "middle.proto. FetchFiles returned "
      << status;
  EXPECT_THAT(server_.asked(), ElementsAre("top.Thing", "middle.proto"))
      << "bottom.proto came with middle.proto, which imports it: an answer for "
         "an import may hold several files as well, in any order.";
}

TEST_F(FetchFilesTest, TheOrderOfWhatIsSentDoesNotMatter) {
  server_.Add("top", {"bottom"});
  server_.Add("bottom", {});
  server_.Answer("top.Thing", {"bottom.proto", "top.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Has("top.proto"))
      << "The server sent bottom.proto first, and top.proto, which declares "
         "top.Thing, after it: the first one is not the one you asked for.";
}

TEST_F(FetchFilesTest, WhatThePoolHasIsNotAskedFor) {
  server_.Add("top", {"bottom"});
  server_.Add("other", {"bottom"});
  server_.Add("bottom", {});
  ASSERT_TRUE(FetchFiles(server_, "other.Thing", &pool_).ok())
      << "The server has other.proto and what it imports.";
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(server_.asked(),
              ElementsAre("other.Thing", "bottom.proto", "top.Thing"))
      << "bottom.proto is in the pool since other.Thing was fetched. See "
         "DescriptorPool::FindFileByName().";
}

TEST_F(FetchFilesTest, AMissingFileIsNamedAndWhoImportsIt) {
  server_.Add("top", {"middle"});
  server_.Add("middle", {"bottom"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound)
      << "The server does not have bottom.proto. FetchFiles returned "
      << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("middle.proto imports bottom.proto"))
      << "The server only says \"no such file\". Whoever is to mend that needs "
         "to know which, and who wants it: see MissingImport().";
  EXPECT_THAT(std::string(status.message()), HasSubstr("no such file"))
      << "What the server says goes with it: MissingImport() takes the status.";
  EXPECT_FALSE(Has("middle.proto")) << "Half of the files are of no use.";
}

TEST_F(FetchFilesTest, AMissingFileLeavesThePoolUnchanged) {
  // Whoever asks in whatever order has some of them before "missing" is asked.
  server_.Add("top", {"left", "missing", "right"});
  server_.Add("left", {});
  server_.Add("right", {});
  server_.Add("more", {});
  server_.Answer("top.Thing", {"top.proto", "more.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_FALSE(Has("more.proto") || Has("left.proto") || Has("right.proto"))
      << "missing.proto did not come, and yet some of the others are in the "
         "pool. Fetch all of them first, then add them.";
}

TEST_F(FetchFilesTest, AnotherFileThanTheOneAskedForIsMissing) {
  server_.Add("top", {"bottom"});
  server_.Add("bottom", {});
  server_.Answer("bottom.proto", {"top.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound)
      << "Asked for bottom.proto, the server sent top.proto. It answers, "
         "but what was asked for did not come, and will not come by asking "
         "again. FetchFiles returned "
      << status << " after " << server_.asked().size() << " questions.";
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("top.proto imports bottom.proto"));
}

TEST_F(FetchFilesTest, AnotherFileInItsPlaceStaysOutOfThePool) {
  server_.Add("top", {"bottom"});
  server_.Add("bottom", {});
  server_.Add("another", {});
  server_.Answer("bottom.proto", {"another.proto"});
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(server_.asked(), ElementsAre("top.Thing", "bottom.proto"))
      << "bottom.proto did not come: there is nothing to ask for after that.";
  EXPECT_FALSE(Has("another.proto"))
      << "Asked for bottom.proto, the server sent another.proto, and that is "
         "in the pool now. AddFiles() notices as well that bottom.proto is "
         "missing, but not before it has added others: look at each answer "
         "whether what you asked for has come.";
}

TEST_F(FetchFilesTest, AServerThatIsGoneIsAnError) {
  server_.Add("top", {"bottom"});
  server_.Add("bottom", {});
  server_.GoneAt("bottom.proto");
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable)
      << "The connection broke while bottom.proto was asked for. That the file "
         "does not exist is not known: keep the code. FetchFiles returned "
      << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("top.proto imports bottom.proto"))
      << "Which file was asked for, and who imports it, is of use whatever the "
         "error: MissingImport() keeps its code.";
  EXPECT_THAT(std::string(status.message()), HasSubstr("connection reset"))
      << "Why it did not come is in the status of FilesByName().";
}

TEST_F(FetchFilesTest, AnUnknownNameIsAnError) {
  const absl::Status status = FetchFiles(server_, "no.Such", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no.Such"));
  EXPECT_THAT(server_.asked(), ElementsAre("no.Such"));
}

// Last: whoever reads the first file of none ends the program, and the tests.
TEST_F(FetchFilesTest, AnAnswerWithoutAFileIsAMissingFile) {
  server_.Add("top", {"bottom"});
  server_.Answer("bottom.proto", {});
  std::cout << "Asked for bottom.proto, the server answers with no file at "
               "all. If the program ends here, it took the first of none.\n"
            << std::flush;
  const absl::Status status = FetchFiles(server_, "top.Thing", &pool_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound)
      << "Asked for bottom.proto, the server answered with no file at all. "
         "FetchFiles returned "
      << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("top.proto imports bottom.proto"));
}

}  // namespace
}  // namespace movies
