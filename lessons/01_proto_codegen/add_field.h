// The one change to a message that old programs do not notice: a new field,
// with a number and a name that nothing ever had.

#ifndef ADD_FIELD_H_
#define ADD_FIELD_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>

#include "absl/status/statusor.h"

namespace movies {

// The description of `message`, a message of a proto3 file, with one more
// field: `name`, a singular scalar of type `type`. Nothing else changes.
//
// The new field's number is the lowest that is above the numbers of all fields,
// neither reserved by the message nor one of those that protobuf keeps to
// itself. A gap between two fields is not filled: whoever left it may have had
// a field there and forgotten to reserve its number.
//
// Whether `name` is a name at all, and whether it is its own in JSON too, is
// for the compiler to say: see MessageVersion.
//
// INVALID_ARGUMENT if `type` is no scalar type. ALREADY_EXISTS if the message
// has a field of that name, or reserves the name. RESOURCE_EXHAUSTED if no
// number is left.
// Slide: add_field
absl::StatusOr<google::protobuf::DescriptorProto> AddField(
    const google::protobuf::Descriptor& message, const std::string& name,
    google::protobuf::FieldDescriptorProto::Type type);
// End slide: add_field

}  // namespace movies

#endif  // ADD_FIELD_H_
