#include "support/console_log.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_format.h"

namespace support {

void ConsoleLog::Say(absl::string_view line) const {
  // One write, so that lines stay whole.
  const std::string text = absl::StrFormat(
      "%7.3f s  %s\n", absl::ToDoubleSeconds(absl::Now() - start_), line);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace support
