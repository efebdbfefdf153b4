#include "add_field.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

namespace pb = ::google::protobuf;

absl::StatusOr<pb::DescriptorProto> AddField(
    const pb::Descriptor& message, const std::string& name,
    pb::FieldDescriptorProto::Type type) {
  if (type == pb::FieldDescriptorProto::TYPE_MESSAGE ||
      type == pb::FieldDescriptorProto::TYPE_ENUM ||
      type == pb::FieldDescriptorProto::TYPE_GROUP) {
    return absl::InvalidArgumentError("the type of a new field must be scalar");
  }
  int number = 1;
  // TODO(01_proto_codegen.add_field): Refuse a name that a field has or that is
  // reserved. Set `number` to the lowest above all fields' numbers that is not
  // reserved by the message and not from
  // pb::FieldDescriptor::kFirstReservedNumber to kLastReservedNumber; jump over
  // a range, which may be huge, in one step. Refuse if `number` is then above
  // pb::FieldDescriptor::kMaxNumber.
  return absl::UnimplementedError("TODO(01_proto_codegen.add_field)");
  // END TODO(01_proto_codegen.add_field)

  pb::DescriptorProto next;
  message.CopyTo(&next);
  pb::FieldDescriptorProto* field = next.add_field();
  field->set_name(name);
  field->set_number(number);
  field->set_type(type);
  field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  return next;
}

}  // namespace movies
