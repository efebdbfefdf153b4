#include "add_files.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mend_files.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::Message;
using Files = std::map<std::string, FileDescriptorProto>;

// How deep files may import each other: more than people write, and less than
// would end the stack.
constexpr std::size_t kMaxDepth = 200;

// Keeps what a pool says of a file that it does not accept.
class Errors : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string& element, const Message*,
                ErrorLocation, const std::string& message) override {
    errors_.push_back(absl::StrCat(element, ": ", message));
  }
  std::string Text() const { return absl::StrJoin(errors_, "; "); }

 private:
  std::vector<std::string> errors_;
};

// Adds `name` after what it imports. `path` is the files that are being added,
// each imported by the one before.
absl::Status Add(const Files& files, const std::string& name,
                 std::vector<std::string>* path, DescriptorPool* pool) {
  if (pool->FindFileByName(name) != nullptr) return absl::OkStatus();
  const auto file = files.find(name);
  if (file == files.end()) {
    return MissingImport({path->empty() ? "" : path->back(), name});
  }
  const auto begin = std::find(path->begin(), path->end(), name);
  if (begin != path->end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The server's files import each other in a circle: ",
        absl::StrJoin(begin, path->end(), " imports "), " imports ", name));
  }
  if (path->size() == kMaxDepth) {
    return absl::InvalidArgumentError(absl::StrCat(
        "The server's files import each other more than ", kMaxDepth,
        " deep: ", path->front(), " imports ", (*path)[1], " imports …"));
  }
  path->push_back(name);
  for (const std::string& import : file->second.dependency()) {
    absl::Status added = Add(files, import, path, pool);
    if (!added.ok()) return added;
  }
  path->pop_back();
  Errors errors;
  if (pool->BuildFileCollectingErrors(file->second, &errors) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("The server's file ", name, " is wrong: ", errors.Text()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MissingImport(const Import& import, const absl::Status& reason) {
  if (reason.ok()) {
    return absl::NotFoundError(
        absl::StrCat(import.importer, " imports ", import.file,
                     ", which the server does not send"));
  }
  return absl::Status(
      reason.code(),
      absl::StrCat(import.importer, " imports ", import.file,
                   ", which the server does not send: ", reason.message()));
}

absl::Status AddFiles(const Files& files, DescriptorPool* pool) {
  const Files complete = MendFiles(files);
  for (const auto& [name, file] : complete) {
    std::vector<std::string> path;
    absl::Status added = Add(complete, name, &path, pool);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace movies
