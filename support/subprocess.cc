#include "support/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

extern char** environ;  // NOLINT: POSIX asks programs to declare it themselves.

namespace support {
namespace {

absl::Status ErrnoStatus(int error, absl::string_view what) {
  return absl::ErrnoToStatus(error, what);
}

ExitStatus FromWaitStatus(int status) {
  ExitStatus exit;
  if (WIFEXITED(status)) {
    exit.code = WEXITSTATUS(status);
  } else {
    exit.signal = WTERMSIG(status);
  }
  return exit;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> MergedEnvironment(
    std::map<std::string, std::string> merged) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    merged.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::vector<std::string> result;
  for (const auto& [name, value] : merged) {
    result.push_back(absl::StrCat(name, "=", value));
  }
  return result;
}

}  // namespace

std::string ToString(const ExitStatus& status) {
  if (status.signal == 0) return absl::StrCat("exit code ", status.code);
  return absl::StrCat("signal ", status.signal, " (", strsignal(status.signal),
                      ")");
}

absl::StatusOr<Subprocess> Subprocess::Start(std::vector<std::string> arguments,
                                             const Options& options) {
  if (arguments.empty()) {
    return absl::InvalidArgumentError("no program to start");
  }
  std::vector<std::string> environment_text =
      MergedEnvironment(options.environment);
  std::vector<char*> argv = Pointers(arguments);
  std::vector<char*> environment = Pointers(environment_text);

  posix_spawn_file_actions_t actions;
  if (int error = posix_spawn_file_actions_init(&actions); error != 0) {
    return ErrnoStatus(error, "posix_spawn_file_actions_init");
  }
  absl::Cleanup destroy_actions = [&actions] {
    posix_spawn_file_actions_destroy(&actions);
  };
  int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                               "/dev/null", O_RDONLY, 0);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  if (error == 0 && !options.stdout_path.empty()) {
    error = posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, options.stdout_path.c_str(), kWrite, 0644);
  }
  if (error == 0 && !options.stderr_path.empty()) {
    error = options.stderr_path == options.stdout_path
                ? posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO,
                                                   STDERR_FILENO)
                : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
                                                   options.stderr_path.c_str(),
                                                   kWrite, 0644);
  }
  if (error == 0 && !options.working_directory.empty()) {
    error = posix_spawn_file_actions_addchdir_np(
        &actions, options.working_directory.c_str());
  }
  if (error != 0) return ErrnoStatus(error, "preparing to start a process");

  pid_t pid = -1;
  error = posix_spawnp(&pid, argv[0], &actions, /*attrp=*/nullptr, argv.data(),
                       environment.data());
  if (error != 0) {
    return ErrnoStatus(error, absl::StrCat("cannot start ", arguments[0]));
  }
  return Subprocess(pid);
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_(other.exit_) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  if (this != &other) {
    KillAndReap();
    pid_ = std::exchange(other.pid_, -1);
    exit_ = other.exit_;
  }
  return *this;
}

Subprocess::~Subprocess() { KillAndReap(); }

void Subprocess::KillAndReap() {
  if (pid_ == -1) return;
  kill(pid_, SIGKILL);
  // Nobody is left to tell about an error, and a killed child ends.
  (void)Wait();
}

absl::StatusOr<ExitStatus> Subprocess::Wait() {
  if (pid_ == -1) return exit_;
  int status = 0;
  while (waitpid(pid_, &status, 0) == -1) {
    if (errno != EINTR) return ErrnoStatus(errno, "waitpid");
  }
  pid_ = -1;
  exit_ = FromWaitStatus(status);
  return exit_;
}

absl::StatusOr<ExitStatus> Subprocess::WaitFor(absl::Duration timeout) {
  if (pid_ == -1) return exit_;
  // A file descriptor that becomes readable when the process ends: waiting
  // with a limit, without polling and without signal handlers.
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (fd == -1) return ErrnoStatus(errno, "pidfd_open");
  absl::Cleanup close_fd = [fd] { close(fd); };

  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    pollfd ended = {fd, POLLIN, 0};
    const absl::Duration left =
        std::max(absl::ZeroDuration(), deadline - absl::Now());
    const int ready =
        poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return Wait();
    if (ready == -1 && errno != EINTR) return ErrnoStatus(errno, "poll");
    if (ready == 0 && absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("process ", pid_, " still runs after ",
                       absl::FormatDuration(timeout)));
    }
  }
}

absl::StatusOr<ExitStatus> Subprocess::Terminate(absl::Duration grace) {
  if (pid_ == -1) return exit_;
  kill(pid_, SIGTERM);
  absl::StatusOr<ExitStatus> exit = WaitFor(grace);
  if (exit.ok()) return exit;
  kill(pid_, SIGKILL);
  return Wait();
}

}  // namespace support
