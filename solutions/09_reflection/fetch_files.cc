#include "fetch_files.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "add_files.h"

namespace movies {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;

absl::Status FetchFiles(Reflection& reflection, absl::string_view symbol,
                        DescriptorPool* pool) {
  absl::StatusOr<std::vector<FileDescriptorProto>> sent =
      FilesContainingSymbol(reflection, symbol);
  if (!sent.ok()) return sent.status();
  std::map<std::string, FileDescriptorProto> files;  // By name.

  std::vector<Import> wanted;
  const auto keep = [&](const std::vector<FileDescriptorProto>& arrived) {
    for (const FileDescriptorProto& file : arrived) {
      if (!files.emplace(file.name(), file).second) continue;
      for (const std::string& import : file.dependency()) {
        wanted.push_back({file.name(), import});
      }
    }
  };
  keep(*sent);
  while (!wanted.empty()) {
    const Import import = std::move(wanted.back());
    wanted.pop_back();
    if (files.count(import.file) > 0 ||
        pool->FindFileByName(import.file) != nullptr) {
      continue;
    }
    sent = FilesByName(reflection, import.file);
    if (!sent.ok()) return MissingImport(import, sent.status());
    keep(*sent);
    if (files.count(import.file) == 0) return MissingImport(import);
  }

  return AddFiles(files, pool);
}

}  // namespace movies
