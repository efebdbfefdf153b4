// Sets a field of any message from text, as URLs have it.
//
//   SetField("person.born", "1907", &request);

#ifndef SET_FIELD_H_
#define SET_FIELD_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// The fields that lead from a message to one of its leaves, the leaf included:
// `person`, then `born`. At least one.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// Finds the field that "person.born" names in messages of this type. Each step
// is a field's name in the .proto file or in JSON: "movie_name", "movieName".
//
// INVALID_ARGUMENT, naming the path, if there is no such field, or if none of
// its values is a text: a repeated field or a map on the way, a map, or a
// message, unless JSON writes it as a text, number or bool, as it does
// Timestamp, Duration, FieldMask, Value and the wrappers.
absl::StatusOr<FieldPath> FindField(
    absl::string_view path, const google::protobuf::Descriptor& message);

// Sets the field that FindField() finds, and the messages on the way; a
// repeated field gets one more element. What the field held before is replaced.
//
// `text` is read as protobuf's JSON mapping reads a string: enums by name or
// number, bytes in base64, a Timestamp as "2026-11-24T20:30:00Z", a Duration as
// "1.5s", a FieldMask as "movieName,mid". A bool is "true" or "false".
//
// INVALID_ARGUMENT, naming field and text, if it is no value of the field, or
// if another field of the same oneof is set. `message` is then unchanged, but
// for messages on the way. Thread-safe, as far as `message` is.
absl::Status SetField(absl::string_view path, absl::string_view text,
                      google::protobuf::Message* message);

}  // namespace movies

#endif  // SET_FIELD_H_
