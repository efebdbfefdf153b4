// What the checks have in common.

#ifndef TOOLS_CHECKS_FILES_H_
#define TOOLS_CHECKS_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace checks {

// The whole file. NOT_FOUND, naming it, if it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace checks

#endif  // TOOLS_CHECKS_FILES_H_
