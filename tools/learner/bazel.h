// Runs exercises' tests with Bazel, with the actions of a plain `bazel test`,
// so that either finds in the cache what the other did.

#ifndef TOOLS_LEARNER_BAZEL_H_
#define TOOLS_LEARNER_BAZEL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learner/outcome.h"
#include "tools/learner/selection.h"

namespace workshop {

class Bazel {
 public:
  // Called a second after the start and then every while, with what Bazel is
  // waiting for: empty, or "another Bazel command".
  using Progress = std::function<void(absl::string_view waiting_for)>;

  // `root` is the repository, `program` Bazel itself.
  Bazel(std::string root, std::string program)
      : root_(std::move(root)), program_(std::move(program)) {}

  enum class Cache {
    kUse,     // A test whose inputs did not change need not run again.
    kIgnore,  // All run.
  };

  // Builds and runs the tests of all of `exercises`, whatever the first of them
  // does. Results are in the order of `exercises`. UNAVAILABLE if Bazel itself
  // failed: its errors, and the file where all of its output was kept.
  absl::StatusOr<std::vector<Outcome>> Test(
      const std::vector<Selected>& exercises, Cache cache,
      const Progress& progress) const;

 private:
  std::string root_;
  std::string program_;
};

}  // namespace workshop

#endif  // TOOLS_LEARNER_BAZEL_H_
