#include "set_field.h"

#include <google/protobuf/util/json_util.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "nlohmann/json.hpp"

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::OneofDescriptor;

// As deep as protobuf reads messages in messages.
constexpr std::size_t kMaxSteps = 100;

// What came, for a message to people: it may be any bytes, and any number.
std::string Quote(absl::string_view text) {
  constexpr std::size_t kMaxBytes = 100;
  const bool whole = text.size() <= kMaxBytes;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, kMaxBytes)),
                      whole ? "\"" : "…\"");
}

absl::Status Wrong(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(Quote(path), " ", why));
}

// Returns whether JSON writes such a message as one text, number or bool.
bool IsOneValue(const Descriptor& message) {
  switch (message.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return false;
    default:
      return true;
  }
}

bool IsBool(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_BOOL ||
         (field.message_type() != nullptr &&
          field.message_type()->well_known_type() ==
              Descriptor::WELLKNOWNTYPE_BOOLVALUE);
}

const FieldDescriptor* FieldNamed(absl::string_view name,
                                  const Descriptor& message) {
  const FieldDescriptor* field = message.FindFieldByName(std::string(name));
  for (int i = 0; field == nullptr && i < message.field_count(); ++i) {
    if (message.field(i)->json_name() == name) field = message.field(i);
  }
  return field;
}

std::string KindOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

// Returns `text` as a string of JSON, or nothing if it is no UTF-8.
absl::optional<std::string> JsonString(absl::string_view text) {
  using ErrorHandler = nlohmann::json::error_handler_t;
  const nlohmann::json json = std::string(text);
  std::string quoted = json.dump(-1, ' ', false, ErrorHandler::ignore);
  // Of bytes that are no UTF-8, the one drops what the other replaces.
  if (quoted != json.dump(-1, ' ', false, ErrorHandler::replace)) {
    return absl::nullopt;
  }
  return quoted;
}

}  // namespace

absl::StatusOr<FieldPath> FindField(absl::string_view path,
                                    const Descriptor& message) {
  FieldPath fields;
  const Descriptor* within = &message;
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    if (!fields.empty() && fields.back()->is_repeated()) {
      return Wrong(path, absl::StrCat("leads into ", fields.back()->full_name(),
                                      ", of which there may be several"));
    }
    if (within != nullptr && IsOneValue(*within)) {
      return Wrong(path, absl::StrCat("leads into ", within->full_name(),
                                      ", which is one value in JSON"));
    }
    if (within == nullptr) {
      return Wrong(path, absl::StrCat("leads into ", fields.back()->full_name(),
                                      ", which has no fields"));
    }
    const FieldDescriptor* field = FieldNamed(step, *within);
    if (field == nullptr) {
      return Wrong(path, absl::StrCat("names no field: ", within->full_name(),
                                      " has no ", Quote(step)));
    }
    if (fields.size() == kMaxSteps) return Wrong(path, "is too deep");
    fields.push_back(field);
    within = field->message_type();
  }
  if (within != nullptr && (fields.back()->is_map() || !IsOneValue(*within))) {
    return Wrong(path, fields.back()->is_repeated()
                           ? "is repeated, and no value that a text can be"
                           : "is a message; name one of its fields");
  }
  return fields;
}

absl::Status SetField(absl::string_view path, absl::string_view text,
                      Message* message) {
  const absl::StatusOr<FieldPath> fields =
      FindField(path, *message->GetDescriptor());
  if (!fields.ok()) return fields.status();
  const FieldDescriptor* leaf = fields->back();
  const absl::Status no_value = Wrong(
      path,
      absl::StrCat("cannot be ", Quote(text), ", which is no ", KindOf(*leaf)));

  Message* parent = message;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const FieldDescriptor* field = (*fields)[i];
    if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
      const FieldDescriptor* other =
          parent->GetReflection()->GetOneofFieldDescriptor(*parent, oneof);
      if (other != nullptr && other != field) {
        return Wrong(path, absl::StrCat("and \"", other->name(),
                                        "\" are of the oneof \"", oneof->name(),
                                        "\", which holds one"));
      }
    }
    if (i + 1 < fields->size()) {
      parent = parent->GetReflection()->MutableMessage(parent, field);
    }
  }

  // Protobuf's JSON knows every kind of field. It takes more texts for a bool
  // than JSON has bools.
  if (IsBool(*leaf) && text != "true" && text != "false") {
    return no_value;
  }
  absl::optional<std::string> json = JsonString(text);
  if (!json.has_value()) return no_value;
  if (leaf->is_repeated()) json = absl::StrCat("[", *json, "]");
  const std::unique_ptr<Message> value(parent->New());
  if (!google::protobuf::util::JsonStringToMessage(
           absl::StrCat("{\"", leaf->name(), "\":", *json, "}"), value.get())
           .ok()) {
    return no_value;
  }
  // A zero leaves no trace in `value`; merging it alone would change nothing.
  if (!leaf->is_repeated()) parent->GetReflection()->ClearField(parent, leaf);
  parent->MergeFrom(*value);
  return absl::OkStatus();
}

}  // namespace movies
