#include "tools/learner/files.h"

#include <errno.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/files.h"
#include "support/subprocess.h"

namespace workshop {

namespace fs = std::filesystem;

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view text) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  std::string temporary = path + ".XXXXXX";
  const int fd = mkstemp(temporary.data());
  if (fd == -1) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  }
  close(fd);
  {
    std::ofstream file(temporary, std::ios::binary);
    file << text;
    file.close();
    if (!file) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) fs::rename(temporary, path, error);
  if (error) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    return absl::UnknownError(
        absl::StrCat("cannot write ", path, ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make() {
  const char* tmpdir = getenv("TMPDIR");
  std::string path =
      absl::StrCat(tmpdir == nullptr || *tmpdir == '\0' ? "/tmp" : tmpdir,
                   "/workshop.XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  // Nobody is left to tell about an error.
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

absl::StatusOr<Captured> Capture(std::vector<std::string> argv,
                                 const std::string& folder) {
  absl::StatusOr<TemporaryFolder> temporary = TemporaryFolder::Make();
  if (!temporary.ok()) return temporary.status();
  support::Subprocess::Options options;
  options.working_directory = folder;
  options.stdout_path = temporary->path() + "/out";
  options.stderr_path = temporary->path() + "/err";
  absl::StatusOr<support::Subprocess> process =
      support::Subprocess::Start(std::move(argv), options);
  if (!process.ok()) return process.status();
  absl::StatusOr<support::ExitStatus> exit = process->Wait();
  if (!exit.ok()) return exit.status();
  absl::StatusOr<std::string> out = support::ReadFile(options.stdout_path);
  if (!out.ok()) return out.status();
  absl::StatusOr<std::string> err = support::ReadFile(options.stderr_path);
  if (!err.ok()) return err.status();
  return Captured{exit->code, *std::move(out), *std::move(err)};
}

}  // namespace workshop
