#include "support/files.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace support {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  // Peeking tells a folder, which opens and does not read, from an empty file.
  const bool empty = file && file.peek() == EOF && !file.bad();
  if (!file.is_open() || (!empty && !(text << file.rdbuf()))) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return text.str();
}

}  // namespace support
