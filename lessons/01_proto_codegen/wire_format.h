// Protobuf's binary format, read by hand, once, to see what is in it. At work
// the generated classes and protobuf's UnknownFieldSet do this.
//
// A message is its fields, one after the other, and nothing else: no header, no
// names, no length, no end mark. A field is a tag and a payload:
//
//   tag      a varint: the field's number times 8, plus the payload's wire type
//   payload  a varint, 8 bytes, a length (a varint), then that many bytes,
//            or 4 bytes, as the wire type says
//
// A varint is a number of up to 64 bits, 7 bits to the byte, the lowest first.
// The top bit of a byte says whether another byte follows.
//
// The format is specified at https://protobuf.dev/programming-guides/encoding/.

#ifndef WIRE_FORMAT_H_
#define WIRE_FORMAT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// How a field's payload is written; the low three bits of a tag.
enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  // 3 and 4 begin and end a group, which proto3 does not have.
  kFixed32 = 5,
};

// One field as it stands in a message's bytes.
struct WireField {
  int32_t number = 0;
  WireType type = WireType::kVarint;
  // The payload of a kVarint, kFixed64 or kFixed32; otherwise 0.
  uint64_t value = 0;
  // The payload of a kLengthDelimited, without its length; otherwise empty.
  absl::string_view bytes;
  // The whole field: tag, length if any, and payload.
  absl::string_view encoded;
};

// The largest number that a field can have: a tag has 32 bits, its type
// takes 3.
inline constexpr int32_t kMaxFieldNumber = (1 << 29) - 1;

// A varint of 64 bits takes this many bytes; a longer one is an error.
inline constexpr int kMaxVarintBytes = 10;

// Splits a message's bytes into its fields, in the order in which they stand.
// The result's views point into `bytes`. Knows no message type: that field 2 is
// a string, or a message with fields of its own, is for the caller to know.
//
// INVALID_ARGUMENT if `bytes` end inside a field, a varint is too long, a field
// number is 0 or above kMaxFieldNumber, or a wire type is none of the above.
// Safe on any bytes whatever. Protobuf's own C++ parser differs in long tags:
// it refuses one of more than 5 bytes, and drops bits above the 32nd; this one
// takes any varint, and refuses a number that does not fit.
absl::StatusOr<std::vector<WireField>> ReadFields(absl::string_view bytes);

}  // namespace movies

#endif  // WIRE_FORMAT_H_
