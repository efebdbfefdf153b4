#include "message_version.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;

// Collects what is wrong with a file, a line each.
class Complaints : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& /*file*/, const std::string& element,
                const pb::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "\n", element, ": ", message);
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Adds the files that `file` imports, and those that they import, to `pool`.
// They come from a pool, so they are known to be right.
void AddImports(const pb::FileDescriptor& file, pb::DescriptorPool* pool) {
  for (int i = 0; i < file.dependency_count(); ++i) {
    const pb::FileDescriptor& import = *file.dependency(i);
    if (pool->FindFileByName(import.name()) != nullptr) continue;
    AddImports(import, pool);
    pb::FileDescriptorProto proto;
    import.CopyTo(&proto);
    pool->BuildFile(proto);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<MessageVersion>> MessageVersion::Make(
    const pb::Descriptor& current, const pb::DescriptorProto& changed) {
  if (current.containing_type() != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(current.full_name(), " is inside another message"));
  }
  pb::FileDescriptorProto file;
  current.file()->CopyTo(&file);
  *file.mutable_message_type(current.index()) = changed;

  auto version = std::unique_ptr<MessageVersion>(new MessageVersion());
  AddImports(*current.file(), &version->pool_);
  Complaints complaints;
  const pb::FileDescriptor* built =
      version->pool_.BuildFileCollectingErrors(file, &complaints);
  if (built == nullptr) return absl::InvalidArgumentError(complaints.text());
  version->descriptor_ = built->message_type(current.index());
  version->prototype_ = version->factory_.GetPrototype(version->descriptor_);
  return version;
}

std::unique_ptr<pb::Message> MessageVersion::New() const {
  return std::unique_ptr<pb::Message>(prototype_->New());
}

}  // namespace movies
