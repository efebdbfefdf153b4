// The .proto file of an exercise whose hole is in one, for its test.
//
// The test is compiled once and linked with what protoc made of the stub, of
// the solution or of a wrong answer: not with generated code, which would not
// compile against all of them, but with the file's description.

#ifndef SUPPORT_EXERCISE_PROTO_H_
#define SUPPORT_EXERCISE_PROTO_H_

#include "absl/strings/string_view.h"

namespace support {

// Returns a serialized google.protobuf.FileDescriptorSet with the exercise's
// file alone; what it imports is in the program's generated pool if its C++
// code is linked. Defined by the library that lesson() and solution() make of
// the .proto file.
absl::string_view ExerciseProto();

}  // namespace support

#endif  // SUPPORT_EXERCISE_PROTO_H_
