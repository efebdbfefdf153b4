#include "tools/learner/originals.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/learner/files.h"

namespace workshop {
namespace {

// Where a clone of the workshop, or of a fork of it, came from.
constexpr absl::string_view kUpstreams[] = {"upstream/HEAD", "upstream/main",
                                            "origin/HEAD", "@{upstream}",
                                            "origin/main"};

// What git prints. FAILED_PRECONDITION with git's words if it fails.
absl::StatusOr<std::string> Git(const std::string& root,
                                std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"git", "--literal-pathspecs"};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(argv));
  absl::StatusOr<Captured> git = Capture(std::move(argv), root);
  if (!git.ok()) return git.status();
  if (git->exit_code != 0) {
    return absl::FailedPreconditionError(
        absl::StripTrailingAsciiWhitespace(git->err));
  }
  return std::move(git->out);
}

// Runs a git command that prints paths, each with a zero after it.
absl::StatusOr<std::vector<std::string>> GitPaths(
    const std::string& root, std::vector<std::string> arguments) {
  absl::StatusOr<std::string> out = Git(root, std::move(arguments));
  if (!out.ok()) return out.status();
  return std::vector<std::string>(
      absl::StrSplit(*out, '\0', absl::SkipEmpty()));
}

}  // namespace

absl::StatusOr<Originals> Originals::Find(const std::string& root,
                                          const std::string& revision) {
  const auto found = [&root](absl::string_view commit, absl::string_view name) {
    commit = absl::StripAsciiWhitespace(commit);
    return Originals(root, std::string(commit),
                     absl::StrCat(name, " (", commit.substr(0, 7), ")"));
  };
  if (absl::StatusOr<std::string> git = Git(root, {"rev-parse", "--git-dir"});
      !git.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("The original files come from git, and git says: ",
                     git.status().message()));
  }
  if (!revision.empty()) {
    absl::StatusOr<std::string> commit =
        Git(root, {"rev-parse", "--verify", "--quiet", "--end-of-options",
                   revision + "^{commit}"});
    if (commit.ok()) return found(*commit, revision);
    return absl::InvalidArgumentError(
        absl::StrCat("git knows no revision \"", revision, "\""));
  }
  for (const absl::string_view upstream : kUpstreams) {
    absl::StatusOr<std::string> commit =
        Git(root, {"merge-base", "HEAD", std::string(upstream)});
    if (commit.ok()) return found(*commit, upstream);
  }
  return absl::FailedPreconditionError(
      "This checkout has no upstream branch to take the original from (no "
      "origin/HEAD, no origin/main).");
}

absl::StatusOr<std::vector<std::string>> Originals::Changed(
    const std::string& folder) const {
  return GitPaths(root_,
                  {"diff", "--name-only", "-z", "--relative", "--no-renames",
                   "--diff-filter=a", commit_, "--", folder});
}

absl::StatusOr<std::vector<std::string>> Originals::Added(
    const std::string& folder) const {
  absl::StatusOr<std::vector<std::string>> added = GitPaths(
      root_, {"diff", "--name-only", "-z", "--relative", "--no-renames",
              "--diff-filter=A", commit_, "--", folder});
  if (!added.ok()) return added;
  absl::StatusOr<std::vector<std::string>> untracked = GitPaths(
      root_,
      {"ls-files", "--others", "--exclude-standard", "-z", "--", folder});
  if (!untracked.ok()) return untracked;
  added->insert(added->end(), untracked->begin(), untracked->end());
  std::sort(added->begin(), added->end());
  return added;
}

absl::StatusOr<std::string> Originals::Text(const std::string& path) const {
  absl::StatusOr<std::string> text =
      Git(root_, {"cat-file", "blob", absl::StrCat(commit_, ":./", path)});
  if (text.ok()) return text;
  return absl::NotFoundError(absl::StrCat(path, " is not in ", name_));
}

absl::Status Originals::Restore(const std::vector<std::string>& paths) const {
  std::vector<std::string> arguments = {"restore", "--source=" + commit_,
                                        "--worktree", "--ignore-unmerged",
                                        "--"};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  return Git(root_, std::move(arguments)).status();
}

}  // namespace workshop
