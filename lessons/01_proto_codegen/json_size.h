// What a message weighs on the wire, in protobuf's two encodings.

#ifndef JSON_SIZE_H_
#define JSON_SIZE_H_

#include <google/protobuf/message.h>

#include <cstddef>

#include "absl/status/statusor.h"

namespace movies {

// How many bytes each encoding of one message takes.
struct EncodedSizes {
  std::size_t binary = 0;
  std::size_t json = 0;
};

// The sizes of `message` in the binary encoding and in protobuf's JSON mapping:
// compact JSON, as a program would send it, with the fields named as in the
// .proto file. Works for a message of any type.
//
// INVALID_ARGUMENT, naming the message's type and the reason, if the message
// has no JSON form; google.protobuf.Any with a type that this program does not
// know is one.
// Slide: compare_sizes
absl::StatusOr<EncodedSizes> CompareSizes(
    const google::protobuf::Message& message);
// End slide: compare_sizes

}  // namespace movies

#endif  // JSON_SIZE_H_
