// Lines for whoever watches a program: the time since it started, and what
// happened.
//
//   support::ConsoleLog log;
//   log.Say("GetMovie(7)");   // "  0.013 s  GetMovie(7)"

#ifndef SUPPORT_CONSOLE_LOG_H_
#define SUPPORT_CONSOLE_LOG_H_

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace support {

// Thread-safe: lines of several threads do not mix.
class ConsoleLog {
 public:
  ConsoleLog() = default;

  ConsoleLog(const ConsoleLog&) = delete;
  ConsoleLog& operator=(const ConsoleLog&) = delete;

  // Writes one line to standard output, at once.
  void Say(absl::string_view line) const;

 private:
  const absl::Time start_ = absl::Now();
};

}  // namespace support

#endif  // SUPPORT_CONSOLE_LOG_H_
