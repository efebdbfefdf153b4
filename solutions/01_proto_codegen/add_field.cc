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
  if (message.FindFieldByName(name) != nullptr ||
      message.IsReservedName(name)) {
    return absl::AlreadyExistsError(
        absl::StrCat(message.full_name(), " has, or had, a field ", name));
  }
  // Fields are listed as they are declared, which need not be by number.
  for (int i = 0; i < message.field_count(); ++i) {
    number = std::max(number, message.field(i)->number() + 1);
  }
  // Behind one reserved range may be the next, in any order.
  while (true) {
    if (const auto* range = message.FindReservedRangeContainingNumber(number)) {
      number = range->end;  // The first number after it.
    } else if (number >= pb::FieldDescriptor::kFirstReservedNumber &&
               number <= pb::FieldDescriptor::kLastReservedNumber) {
      number = pb::FieldDescriptor::kLastReservedNumber + 1;
    } else {
      break;
    }
  }
  if (number > pb::FieldDescriptor::kMaxNumber) {
    return absl::ResourceExhaustedError("no field number is left");
  }

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
