// A child process that never outlives its owner.
//
//   absl::StatusOr<support::Subprocess> bazel =
//       support::Subprocess::Start({"/usr/bin/bazel", "info", "release"});
//   if (!bazel.ok()) return bazel.status();
//   absl::StatusOr<support::ExitStatus> exit = bazel->Wait();

#ifndef SUPPORT_SUBPROCESS_H_
#define SUPPORT_SUBPROCESS_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace support {

// How a process ended.
struct ExitStatus {
  // Its exit code, or -1 if a signal ended it.
  int code = -1;
  // The signal that ended it, or 0.
  int signal = 0;

  bool ok() const { return code == 0; }
};

// For people: "exit code 3", "signal 6 (Aborted)".
std::string ToString(const ExitStatus& status);

// Not thread-safe: one thread at a time may use an object.
class Subprocess {
 public:
  struct Options {
    // Added to this process's environment, or replacing what it has.
    std::map<std::string, std::string> environment;
    // Where it runs; empty means here.
    std::string working_directory;
    // Files that take its output, truncated first; empty means this process's
    // own. The same path twice interleaves both.
    std::string stdout_path;
    std::string stderr_path;
  };

  // Starts `argv[0]` with these arguments and standard input from /dev/null. A
  // program without a slash is looked for on PATH. No shell is involved.
  // NOT_FOUND if there is no such program, otherwise the system's own error.
  static absl::StatusOr<Subprocess> Start(std::vector<std::string> argv,
                                          const Options& options);
  static absl::StatusOr<Subprocess> Start(std::vector<std::string> argv) {
    return Start(std::move(argv), Options());
  }

  // Movable, not copyable.
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;

  // Kills the process if it still runs, and reaps it.
  ~Subprocess();

  pid_t pid() const { return pid_; }

  // Waits until it ends.
  absl::StatusOr<ExitStatus> Wait();

  // As Wait(), but DEADLINE_EXCEEDED after `timeout`; it runs on.
  absl::StatusOr<ExitStatus> WaitFor(absl::Duration timeout);

  // Asks it to end (SIGTERM), kills it after `grace`, and reaps it.
  absl::StatusOr<ExitStatus> Terminate(absl::Duration grace);

 private:
  explicit Subprocess(pid_t pid) : pid_(pid) {}

  void KillAndReap();

  pid_t pid_ = -1;  // -1 once reaped or moved from.
  ExitStatus exit_;
};

}  // namespace support

#endif  // SUPPORT_SUBPROCESS_H_
