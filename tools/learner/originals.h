// A lesson's files as they were given, from git.

#ifndef TOOLS_LEARNER_ORIGINALS_H_
#define TOOLS_LEARNER_ORIGINALS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace workshop {

// All paths are from the repository's root.
class Originals {
 public:
  // The state of the files that the learner began with: where HEAD left the
  // branch that it came from, so that neither local commits nor news from
  // there count; or `revision`, if it is not empty. FAILED_PRECONDITION if
  // `root` is no git checkout or has no such branch, INVALID_ARGUMENT if there
  // is no such revision.
  static absl::StatusOr<Originals> Find(const std::string& root,
                                        const std::string& revision);

  // For people: "origin/HEAD (1a2b3c4)".
  const std::string& name() const { return name_; }

  // The given files under `folder` that are not as they were, deleted ones
  // included, in order.
  absl::StatusOr<std::vector<std::string>> Changed(
      const std::string& folder) const;

  // The files under `folder` that the learner added, committed or not, without
  // those that git ignores, in order.
  absl::StatusOr<std::vector<std::string>> Added(
      const std::string& folder) const;

  // The given text of a file. NOT_FOUND if it was not given.
  absl::StatusOr<std::string> Text(const std::string& path) const;

  // Gives the files back in the working tree; the index and history stay.
  absl::Status Restore(const std::vector<std::string>& paths) const;

 private:
  Originals(std::string root, std::string commit, std::string name)
      : root_(std::move(root)),
        commit_(std::move(commit)),
        name_(std::move(name)) {}

  std::string root_;
  std::string commit_;
  std::string name_;
};

}  // namespace workshop

#endif  // TOOLS_LEARNER_ORIGINALS_H_
