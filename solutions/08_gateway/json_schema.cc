#include "json_schema.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using Json = ::nlohmann::ordered_json;

// 64-bit integers are texts in JSON, since JavaScript's numbers have 53 bits.
Json OfCppType(FieldDescriptor::CppType type) {
  switch (type) {
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}};
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "string"}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "uint64"}};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}, {"format", "float"}};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return {{"type", "string"}};
}

// The schema of a scalar field's value.
Json OfScalar(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    return {{"type", "string"}, {"format", "byte"}};
  }
  return OfCppType(field.cpp_type());
}

// The schema of a well-known type that has a form of its own in JSON.
absl::optional<Json> OfWellKnownType(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return Json{{"type", "object"}, {"additionalProperties", Json::object()}};
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return Json{{"type", "array"}, {"items", Json::object()}};
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return Json{{"description", "Any JSON value."}};
    case Descriptor::WELLKNOWNTYPE_ANY:
      return Json{
          {"type", "object"},
          {"description", "A message of the type that @type names."},
          {"properties",
           {{"@type",
             {{"type", "string"},
              {"example", "type.googleapis.com/google.rpc.RetryInfo"}}}}},
          {"required", {"@type"}},
          {"additionalProperties", Json::object()}};
    default:
      return SchemaOfScalarType(message);
  }
}

void AddComment(const std::string& comment, Json* schema) {
  if (!comment.empty()) (*schema)["description"] = comment;
}

}  // namespace

absl::optional<Json> SchemaOfScalarType(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return Json{{"type", "string"}, {"format", "date-time"}};
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return Json{{"type", "string"},
                  {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"},
                  {"example", "1.5s"}};
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return Json{{"type", "string"},
                  {"description", "Paths of fields, separated by commas."}};
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE: {
      Json schema = OfScalar(*message.FindFieldByName("value"));
      schema["nullable"] = true;
      return schema;
    }
    default:
      return absl::nullopt;
  }
}

Json JsonSchemas::OfMessage(const Descriptor& message) {
  if (absl::optional<Json> known = OfWellKnownType(message)) return *known;
  if (named_.count(message.full_name()) == 0) {
    // There before its fields are looked at: they may be of the same type.
    named_[message.full_name()];
    named_[message.full_name()] = OfObject(message, {});
  }
  return {{"$ref", absl::StrCat("#/components/schemas/", message.full_name())}};
}

Json JsonSchemas::OfObject(const Descriptor& message,
                           const std::set<std::string>& without) {
  Json schema = {{"type", "object"}};
  AddComment(CommentOf(message), &schema);
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (without.count(field.name()) > 0) continue;
    schema["properties"][field.json_name()] = OfField(field);
    if (field.is_required()) schema["required"].push_back(field.json_name());
  }
  return schema;
}

Json JsonSchemas::OfField(const FieldDescriptor& field) {
  Json schema;
  if (field.is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties",
               OfOneValue(*field.message_type()->map_value())}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", OfOneValue(field)}};
  } else {
    schema = OfOneValue(field);
  }
  const std::string comment = CommentOf(field);
  if (comment.empty()) return schema;
  // Beside $ref, everything else is ignored.
  if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
  AddComment(comment, &schema);
  return schema;
}

Json JsonSchemas::OfOneValue(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return OfMessage(*field.message_type());
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return OfScalar(field);
  const EnumDescriptor& type = *field.enum_type();
  // NullValue's only value is JSON's null.
  if (type.full_name() == "google.protobuf.NullValue") {
    return {{"nullable", true}, {"description", "null."}};
  }
  Json& schema = named_[type.full_name()];
  if (schema.is_null()) {
    schema = {{"type", "string"}, {"enum", Json::array()}};
    AddComment(CommentOf(type), &schema);
    for (int i = 0; i < type.value_count(); ++i) {
      schema["enum"].push_back(type.value(i)->name());
    }
  }
  return {{"$ref", absl::StrCat("#/components/schemas/", type.full_name())}};
}

Json JsonSchemas::Named() const {
  Json named = Json::object();
  for (const auto& [name, schema] : named_) named[name] = schema;
  return named;
}

}  // namespace movies
