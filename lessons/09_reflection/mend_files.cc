#include "mend_files.h"

#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::RepeatedPtrField;
using Files = std::map<std::string, FileDescriptorProto>;

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

std::string ScopeOf(const FileDescriptorProto& file) {
  return file.package().empty() ? "" : absl::StrCat(".", file.package());
}

Owners OwnersOf(const Files& files) {
  Owners owners;
  for (const auto& [name, file] : files) {
    const std::string scope = ScopeOf(file);
    for (const auto& enum_type : file.enum_type()) {
      owners.emplace(absl::StrCat(scope, ".", enum_type.name()), name);
    }
    for (const DescriptorProto& message : file.message_type()) {
      NoteTypes(scope, message, name, &owners);
    }
  }
  return owners;
}

// A type as a file spells it, and where.
struct Use {
  std::string
      scope;  // Full name of the package or message, with a leading dot.
  std::string type;
};

void NoteUses(const std::string& scope,
              const RepeatedPtrField<FieldDescriptorProto>& fields,
              std::vector<Use>* uses) {
  for (const FieldDescriptorProto& field : fields) {
    uses->push_back({scope, field.type_name()});
    uses->push_back({scope, field.extendee()});
  }
}

void NoteUses(const std::string& scope, const DescriptorProto& message,
              std::vector<Use>* uses) {
  const std::string name = absl::StrCat(scope, ".", message.name());
  NoteUses(name, message.field(), uses);
  NoteUses(name, message.extension(), uses);
  for (const DescriptorProto& nested : message.nested_type()) {
    NoteUses(name, nested, uses);
  }
}

// Returns the file that declares the type: in the scope or around it, as
// protobuf looks for names that do not begin with a dot. "" if none does.
std::string OwnerOf(const Owners& owners, const Use& use) {
  absl::string_view type = use.type;
  if (type.empty()) return "";
  std::string scope = absl::ConsumePrefix(&type, ".") ? "" : use.scope;
  while (true) {
    const auto owner = owners.find(absl::StrCat(scope, ".", type));
    if (owner != owners.end()) return owner->second;
    if (scope.empty()) return "";
    scope.resize(scope.rfind('.'));
  }
}

// Adds to the file's imports those that it needs and does not have.
void DeclareImports(const Owners& owners, FileDescriptorProto* file) {
  const std::string scope = ScopeOf(*file);
  std::vector<Use> uses;
  for (const DescriptorProto& message : file->message_type()) {
    NoteUses(scope, message, &uses);
  }
  NoteUses(scope, file->extension(), &uses);
  for (const auto& service : file->service()) {
    for (const auto& method : service.method()) {
      uses.push_back({scope, method.input_type()});
      uses.push_back({scope, method.output_type()});
    }
  }
  for (const Use& use : uses) {
    const std::string owner = OwnerOf(owners, use);
    const auto& imports = file->dependency();
    if (!owner.empty() && owner != file->name() &&
        std::find(imports.begin(), imports.end(), owner) == imports.end()) {
      file->add_dependency(owner);
    }
  }
}

// Returns the name of the type of a map's entries: "top_scores" has
// "TopScoresEntry".
std::string EntryName(absl::string_view field) {
  std::string name;
  bool upper = true;
  for (char c : field) {
    if (c == '_') {
      upper = true;
      continue;
    }
    name += upper ? absl::ascii_toupper(c) : c;
    upper = false;
  }
  return absl::StrCat(name, "Entry");
}

void NameMapEntries(DescriptorProto* message) {
  for (DescriptorProto& nested : *message->mutable_nested_type()) {
    NameMapEntries(&nested);
    if (!nested.options().map_entry()) continue;
    for (FieldDescriptorProto& field : *message->mutable_field()) {
      const std::string& type = field.type_name();
      if (type.substr(type.rfind('.') + 1) == nested.name() &&
          nested.name() != EntryName(field.name())) {
        nested.set_name(EntryName(field.name()));
        field.set_type_name(nested.name());
        break;
      }
    }
  }
}

}  // namespace

Files MendFiles(Files files) {
  for (auto& [name, file] : files) {
    for (DescriptorProto& message : *file.mutable_message_type()) {
      NameMapEntries(&message);
    }
  }
  const Owners owners = OwnersOf(files);
  for (auto& [name, file] : files) DeclareImports(owners, &file);
  return files;
}

}  // namespace movies
