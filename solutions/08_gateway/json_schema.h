// What the JSON of messages looks like, as schemas of OpenAPI 3.0: protobuf's
// JSON mapping, said in another language.

#ifndef JSON_SCHEMA_H_
#define JSON_SCHEMA_H_

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>

#include "absl/types/optional.h"
#include "nlohmann/json.hpp"

namespace movies {

// Makes schemas. Messages and enums become named ones, which others refer to.
class JsonSchemas {
 public:
  // Returns the schema of a whole message: a reference to the named one, or for
  // a well-known type the schema of what stands for it in JSON.
  nlohmann::ordered_json OfMessage(const google::protobuf::Descriptor& message);

  // Returns the schema of a field's value: an array for a repeated one.
  nlohmann::ordered_json OfField(
      const google::protobuf::FieldDescriptor& field);

  // Returns the schema of an object with the fields of `message` but for those
  // that `without` names.
  nlohmann::ordered_json OfObject(const google::protobuf::Descriptor& message,
                                  const std::set<std::string>& without);

  // Returns the schemas that the returned ones refer to, by name: what belongs
  // into the document's components.schemas.
  nlohmann::ordered_json Named() const;

 private:
  nlohmann::ordered_json OfOneValue(
      const google::protobuf::FieldDescriptor& field);

  std::map<std::string, nlohmann::ordered_json> named_;
};

// Returns the schema of a well-known type that is a text, a number or a bool in
// JSON, and so can be in a URL: a wrapper, Timestamp, Duration, FieldMask.
// Nothing for other messages.
absl::optional<nlohmann::ordered_json> SchemaOfScalarType(
    const google::protobuf::Descriptor& message);

// Returns what stands above a declaration in the .proto file, without the
// slashes. Empty if there is nothing, or if the pool does not know it:
// generated code carries no comments.
template <typename Declaration>
std::string CommentOf(const Declaration& declaration) {
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return "";
  std::string comment;
  for (const char c : location.leading_comments) {
    // A comment's lines begin with the space after the slashes.
    if (c == ' ' && (comment.empty() || comment.back() == '\n')) continue;
    comment += c;
  }
  while (!comment.empty() && comment.back() == '\n') comment.pop_back();
  return comment;
}

}  // namespace movies

#endif  // JSON_SCHEMA_H_
