#include "report.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;

// How much of a payload is shown.
constexpr std::size_t kShownBytes = 8;
constexpr std::size_t kShownText = 36;

// How many bytes the varint at the front of `bytes` takes.
std::size_t VarintSize(absl::string_view bytes) {
  std::size_t size = 0;
  while (size < bytes.size() && (bytes[size] & 0x80) != 0) ++size;
  return size + 1;
}

// "4d 65 74"; ends in "…" if `bytes` are more than kShownBytes.
std::string Hex(absl::string_view bytes) {
  std::string hex;
  for (const char byte : bytes.substr(0, kShownBytes)) {
    absl::StrAppendFormat(&hex, "%s%02x", hex.empty() ? "" : " ",
                          static_cast<unsigned char>(byte));
  }
  if (bytes.size() > kShownBytes) hex += " …";
  return hex;
}

// Fills up with spaces to `width` characters; "…" is one of three bytes.
std::string Pad(std::string text, std::size_t width) {
  std::size_t characters = 0;
  for (const char byte : text) characters += (byte & 0xc0) != 0x80;
  if (characters < width) text.append(width - characters, ' ');
  return text;
}

// The text in quotes; ends in "…" if it is long, never inside a character.
std::string Quoted(absl::string_view text) {
  std::size_t size = text.size();
  if (size > kShownText) {
    size = kShownText;
    while (size > 0 && (text[size] & 0xc0) == 0x80) --size;
  }
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text.substr(0, size)),
                      size < text.size() ? "…\"" : "\"");
}

// What the payload stands for, as far as the type of its field tells.
std::string Value(const WireField& field, const pb::FieldDescriptor* known) {
  if (field.type == WireType::kLengthDelimited) {
    return known != nullptr && known->type() == pb::FieldDescriptor::TYPE_STRING
               ? Quoted(field.bytes)
               : absl::StrCat(field.bytes.size(), " bytes");
  }
  if (known != nullptr && known->type() == pb::FieldDescriptor::TYPE_INT32) {
    return absl::StrCat(static_cast<int32_t>(field.value));
  }
  return absl::StrCat(field.value);
}

// "stream Movie".
std::string Messages(bool streaming, const pb::Descriptor& type) {
  return absl::StrCat(streaming ? "stream " : "", type.name());
}

}  // namespace

std::string FieldTable(const pb::Descriptor& type,
                       const std::vector<WireField>& fields) {
  std::string table =
      "    at  tag    length  payload                    field\n";
  std::size_t at = 0;
  for (const WireField& field : fields) {
    const std::size_t tag_size = VarintSize(field.encoded);
    const absl::string_view tag = field.encoded.substr(0, tag_size);
    absl::string_view payload = field.encoded.substr(tag_size);
    absl::string_view length;
    if (field.type == WireType::kLengthDelimited) {
      length = payload.substr(0, VarintSize(payload));
      payload = field.bytes;
    }
    const pb::FieldDescriptor* known = type.FindFieldByNumber(field.number);
    absl::StrAppend(&table, absl::StrFormat("%6d  ", at), Pad(Hex(tag), 5),
                    "  ", Pad(Hex(length), 6), "  ", Pad(Hex(payload), 25),
                    "  ", field.number, " ",
                    known != nullptr ? known->name() : "(unknown)", " = ",
                    Value(field, known), "\n");
    at += field.encoded.size();
  }
  return table;
}

std::string MethodTable(const pb::ServiceDescriptor& service) {
  std::string table;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    absl::StrAppend(
        &table, "  ",
        Pad(absl::StrCat("/", service.full_name(), "/", method.name()), 38),
        Messages(method.client_streaming(), *method.input_type()), " -> ",
        Messages(method.server_streaming(), *method.output_type()), "\n");
  }
  return table;
}

std::string WhyNot(const absl::Status& status) {
  absl::string_view exercise = status.message();
  if (status.code() == absl::StatusCode::kUnimplemented &&
      absl::ConsumePrefix(&exercise, "TODO(")) {
    return absl::StrCat("  This waits for exercise ",
                        exercise.substr(0, exercise.find(')')), ".\n");
  }
  return absl::StrCat("  ", status.ToString(), "\n");
}

}  // namespace movies
