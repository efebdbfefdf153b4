// Files and child processes, with statuses.

#ifndef TOOLS_LEARNER_FILES_H_
#define TOOLS_LEARNER_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace workshop {

// Replaces the file by `text` in one step: whoever reads it sees the old text
// or the new. Makes missing folders. UNKNOWN, naming the file, if it cannot.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view text);

// A folder of our own that goes, with all that is in it, when its owner does.
class TemporaryFolder {
 public:
  // Makes one under $TMPDIR or /tmp. The system's error if it cannot.
  static absl::StatusOr<TemporaryFolder> Make();

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;  // Empty once moved from.
};

// What a program printed, and how it ended.
struct Captured {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs a program in `folder` to its end. NOT_FOUND if there is no such program;
// its own failure is no error but an exit code.
absl::StatusOr<Captured> Capture(std::vector<std::string> argv,
                                 const std::string& folder);

}  // namespace workshop

#endif  // TOOLS_LEARNER_FILES_H_
