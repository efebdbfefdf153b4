#include "wire_format.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

// What a field begins with.
struct Tag {
  int32_t number;
  WireType type;
};

// Both functions read from the front of `*bytes` and remove what they read.
absl::StatusOr<uint64_t> ReadVarint(absl::string_view* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (bytes->empty()) return absl::InvalidArgumentError("cut off varint");
    // A char may be signed: 0xff must not become -1.
    const uint8_t byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  return absl::InvalidArgumentError("a varint of more than 10 bytes");
}

absl::StatusOr<Tag> ReadTag(absl::string_view* bytes) {
  absl::StatusOr<uint64_t> tag = ReadVarint(bytes);
  if (!tag.ok()) return tag.status();
  const uint64_t number = *tag >> 3;
  if (number == 0 || number > kMaxFieldNumber) {
    return absl::InvalidArgumentError(absl::StrCat("field number ", number));
  }
  return Tag{static_cast<int32_t>(number), static_cast<WireType>(*tag & 7)};
}

// Takes the next `size` bytes.
absl::StatusOr<absl::string_view> ReadBytes(uint64_t size,
                                            absl::string_view* bytes) {
  // Compare with what is left; a sum with an attacker's length could wrap.
  if (size > bytes->size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cut off: ", size, " bytes announced, ", bytes->size(), " left"));
  }
  const absl::string_view result =
      bytes->substr(0, static_cast<std::size_t>(size));
  bytes->remove_prefix(result.size());
  return result;
}

// Takes the next `size` bytes as a number, lowest byte first.
absl::StatusOr<uint64_t> ReadFixed(int size, absl::string_view* bytes) {
  absl::StatusOr<absl::string_view> encoded = ReadBytes(size, bytes);
  if (!encoded.ok()) return encoded.status();
  uint64_t value = 0;
  for (int i = 0; i < size; ++i) {
    value |= uint64_t{static_cast<uint8_t>((*encoded)[i])} << (8 * i);
  }
  return value;
}

// Takes the payload of the type that `field` has, and puts it there.
absl::Status ReadPayload(absl::string_view* bytes, WireField* field) {
  absl::StatusOr<uint64_t> value;
  switch (field->type) {
    case WireType::kVarint:
      value = ReadVarint(bytes);
      break;
    case WireType::kFixed64:
      value = ReadFixed(8, bytes);
      break;
    case WireType::kFixed32:
      value = ReadFixed(4, bytes);
      break;
    case WireType::kLengthDelimited: {
      absl::StatusOr<uint64_t> length = ReadVarint(bytes);
      if (!length.ok()) return length.status();
      absl::StatusOr<absl::string_view> payload = ReadBytes(*length, bytes);
      if (!payload.ok()) return payload.status();
      field->bytes = *payload;
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("wire type ", static_cast<int>(field->type)));
  }
  if (!value.ok()) return value.status();
  field->value = *value;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<WireField>> ReadFields(absl::string_view bytes) {
  std::vector<WireField> fields;
  while (!bytes.empty()) {
    const absl::string_view before = bytes;
    absl::StatusOr<Tag> tag = ReadTag(&bytes);
    if (!tag.ok()) return tag.status();
    WireField field;
    field.number = tag->number;
    field.type = tag->type;
    absl::Status status = ReadPayload(&bytes, &field);
    if (!status.ok()) return status;
    field.encoded = before.substr(0, before.size() - bytes.size());
    fields.push_back(field);
  }
  return fields;
}

}  // namespace movies
