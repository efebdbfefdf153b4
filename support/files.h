// Reading files, with statuses.

#ifndef SUPPORT_FILES_H_
#define SUPPORT_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace support {

// The whole file. NOT_FOUND, naming it, if it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace support

#endif  // SUPPORT_FILES_H_
