// Status codes as numbers: of all that may come, also those that this program
// has no name for.

#ifndef CODES_H_
#define CODES_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

// Returns "NOT_FOUND" for 5, or "code 30" for a code that this program does not
// know. Thread-safe.
inline std::string CodeName(int code) {
  // The two libraries number the codes alike.
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("code ", code) : name;
}

// Returns the grpc::StatusCode with this number, or UNKNOWN for a number that
// the type cannot hold. absl::StatusCode holds every int; grpc::StatusCode is
// an enum with no type of its own for its values, so that C++ defines the
// conversion only for numbers of as many bits as the largest code has: 0 to 31.
// Thread-safe.
inline grpc::StatusCode CodeOf(int number) {
  constexpr int kLargest = 31;
  return number >= 0 && number <= kLargest
             ? static_cast<grpc::StatusCode>(number)
             : grpc::StatusCode::UNKNOWN;
}

}  // namespace movies

#endif  // CODES_H_
