#include "add_files.h"

#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::Message;
using Files = std::map<std::string, FileDescriptorProto>;

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

// Which file declares each message and enum, by their full names.
using Owners = absl::flat_hash_map<std::string, std::string>;

void NoteTypes(const std::string& scope, const DescriptorProto& message,
               const std::string& file, Owners* owners) {
  const std::string name = absl::StrCat(scope, ".", message.name());
  owners->emplace(name, file);
  for (const auto& enum_type : message.enum_type()) {
    owners->emplace(absl::StrCat(name, ".", enum_type.name()), file);
  }
  for (const DescriptorProto& nested : message.nested_type()) {
    NoteTypes(name, nested, file, owners);
  }
}

Owners OwnersOf(const Files& files) {
  Owners owners;
  for (const auto& [name, file] : files) {
    const std::string scope =
        file.package().empty() ? "" : absl::StrCat(".", file.package());
    for (const auto& enum_type : file.enum_type()) {
      owners.emplace(absl::StrCat(scope, ".", enum_type.name()), name);
    }
    for (const DescriptorProto& message : file.message_type()) {
      NoteTypes(scope, message, name, &owners);
    }
  }
  return owners;
}

// Adds the types of the message's fields to `types`, as the file spells them.
void UsedTypes(const DescriptorProto& message,
               std::vector<std::string>* types) {
  for (const auto& field : message.field()) types->push_back(field.type_name());
  for (const auto& field : message.extension()) {
    types->push_back(field.extendee());
    types->push_back(field.type_name());
  }
  for (const DescriptorProto& nested : message.nested_type()) {
    UsedTypes(nested, types);
  }
}

// Adds to the file's imports those that it needs and does not have. Only types
// spelt in full, with a leading dot, are looked for; protoc spells all so.
void DeclareImports(const Owners& owners, FileDescriptorProto* file) {
  std::vector<std::string> types;
  for (const DescriptorProto& message : file->message_type()) {
    UsedTypes(message, &types);
  }
  for (const auto& field : file->extension()) {
    types.push_back(field.extendee());
    types.push_back(field.type_name());
  }
  for (const auto& service : file->service()) {
    for (const auto& method : service.method()) {
      types.push_back(method.input_type());
      types.push_back(method.output_type());
    }
  }
  for (const std::string& type : types) {
    const auto owner = owners.find(type);
    if (owner == owners.end() || owner->second == file->name()) continue;
    const auto& imports = file->dependency();
    if (std::find(imports.begin(), imports.end(), owner->second) ==
        imports.end()) {
      file->add_dependency(owner->second);
    }
  }
}

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
  Files complete = files;
  const Owners owners = OwnersOf(files);
  for (auto& [name, file] : complete) DeclareImports(owners, &file);
  for (const auto& [name, file] : complete) {
    std::vector<std::string> path;
    absl::Status added = Add(complete, name, &path, pool);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace movies
