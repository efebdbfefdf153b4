#include "tools/learner/outcome.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/files.h"
#include "tools/learner/files.h"

namespace workshop {
namespace {

namespace fs = std::filesystem;
using Status = TargetResult::Status;

// An exercise whose hole is in a BUILD file has its test beside that file; the
// target of the lesson is another name for it, which Bazel resolves.
std::string RealTarget(const Selected& exercise) {
  const fs::path folder = fs::path(exercise.File()).parent_path();
  return absl::StrCat("//", folder.string(), ":", exercise.exercise->name(),
                      "_test");
}

const TargetResult* Find(const Selected& exercise,
                         const BuildResults& results) {
  for (const std::string& label : {RealTarget(exercise), exercise.Target()}) {
    const auto it = results.targets.find(label);
    if (it != results.targets.end()) return &it->second;
  }
  return nullptr;
}

// Fills in what the log of a red test says.
void ReadLog(Outcome* outcome) {
  absl::StatusOr<std::string> log = support::ReadFile(outcome->log_path);
  if (!log.ok()) {
    outcome->explanation = std::string(log.status().message());
    return;
  }
  TestLog parsed = ParseTestLog(*log);
  outcome->failures = std::move(parsed.failures);
  const bool timed_out = outcome->verdict == Verdict::kTimedOut;
  const std::string test =
      parsed.unfinished.empty() ? "The test" : parsed.unfinished;
  if (timed_out) {
    outcome->explanation = absl::StrCat(
        test,
        " still ran when its time was up: something waits for what never "
        "comes.");
  } else if (!parsed.unfinished.empty()) {
    outcome->explanation = absl::StrCat(
        test, " ended the program: it crashed or called exit(). ",
        parsed.last_error.empty()
            ? "Often something was used after its end, or an optional or a "
              "StatusOr was read that holds nothing."
            : absl::StrCat("gRPC's last word: ", parsed.last_error),
        "\nThe Pitfalls in the lesson's README may name the cause.");
  }
  if (outcome->failures.empty() && !parsed.tail.empty()) {
    absl::StrAppend(&outcome->explanation,
                    outcome->explanation.empty() ? "" : "\n", parsed.tail);
  }
}

// Fills in what the compiler says of an exercise that does not build. Several
// actions may have failed: the one that names the learner's file counts. Keeps
// all that they said, since Bazel's files are gone with its next build.
void ReadErrors(const std::vector<std::string>& paths, const std::string& root,
                Outcome* outcome) {
  const std::string learners = outcome->exercise.File() + ":";
  std::string all;
  bool own = false;
  for (const std::string& path : paths) {
    absl::StatusOr<std::string> output = support::ReadFile(path);
    if (!output.ok()) continue;
    CompilerError error = FirstCompilerError(*output);
    const bool is_own = absl::StartsWith(error.place, learners);
    if (all.empty() || (is_own && !own)) {
      outcome->explanation = std::move(error.text);
      outcome->place = std::move(error.place);
    }
    own |= is_own;
    absl::StrAppend(&all, *output, absl::EndsWith(*output, "\n") ? "" : "\n");
  }
  if (!all.empty()) {
    const std::string log =
        absl::StrCat(".workshop/logs/", outcome->exercise.Id(), ".log");
    // Without a log there is still the first error.
    if (WriteFileAtomically(absl::StrCat(root, "/", log), all).ok()) {
      outcome->log_path = log;
    }
  }
  // A test that does not fit the code is not what is to be mended.
  if (absl::StrContains(outcome->place, "_test.cc:")) outcome->place.clear();
}

// The error of Bazel's that explains why an exercise could not be loaded or
// analyzed: one in its own BUILD file or its lesson's, or one that names them.
std::optional<std::string> ErrorAbout(const Selected& exercise,
                                      const std::vector<std::string>& errors) {
  const std::string own = fs::path(exercise.File()).parent_path().string();
  for (const std::string& folder : {own, exercise.Folder()}) {
    for (const std::string& error : errors) {
      if (absl::StartsWith(error, folder + "/BUILD")) return error;
    }
  }
  for (const std::string& folder : {own, exercise.Folder()}) {
    for (const std::string& error : errors) {
      if (absl::StrContains(error, absl::StrCat("//", folder, ":")) ||
          absl::StrContains(error, absl::StrCat("'", folder, "'"))) {
        return error;
      }
    }
  }
  return std::nullopt;
}

Outcome JudgeOne(const Selected& exercise, const TargetResult& result,
                 const std::string& root) {
  Outcome outcome;
  outcome.exercise = exercise;
  outcome.cached = result.cached;
  outcome.log_path = result.log_path;
  switch (result.status) {
    case Status::kPassed:
      outcome.verdict = Verdict::kSolved;
      break;
    case Status::kFailed:
      outcome.verdict = Verdict::kNotSolved;
      ReadLog(&outcome);
      break;
    case Status::kTimedOut:
      outcome.verdict = Verdict::kTimedOut;
      ReadLog(&outcome);
      break;
    case Status::kFailedToBuild:
      outcome.verdict = Verdict::kDoesNotBuild;
      ReadErrors(result.error_paths, root, &outcome);
      break;
    case Status::kAborted:
      outcome.verdict = Verdict::kDoesNotBuild;
      outcome.explanation = result.description;
      break;
    case Status::kNone:
      break;
  }
  return outcome;
}

}  // namespace

absl::StatusOr<std::vector<Outcome>> Judge(
    const std::vector<Selected>& exercises, const BuildResults& results,
    absl::string_view console, const std::string& root) {
  const std::vector<std::string> errors = BazelErrors(console, root);
  std::vector<Outcome> outcomes;
  bool any_result = false;
  for (const Selected& exercise : exercises) {
    const TargetResult* result = Find(exercise, results);
    Outcome outcome =
        JudgeOne(exercise, result == nullptr ? TargetResult() : *result, root);
    const bool to_blame =
        result == nullptr || result->status == Status::kAborted;
    if (to_blame) {
      if (std::optional<std::string> error = ErrorAbout(exercise, errors)) {
        outcome.verdict = Verdict::kDoesNotBuild;
        outcome.explanation = *std::move(error);
        outcome.place = FirstCompilerError(outcome.explanation).place;
        any_result = true;
      }
    } else {
      any_result |= outcome.verdict != Verdict::kNoResult;
    }
    outcomes.push_back(std::move(outcome));
  }
  if (!any_result) {
    return absl::UnavailableError(errors.empty()
                                      ? "Bazel ran no test and said no error"
                                      : absl::StrJoin(errors, "\n"));
  }
  return outcomes;
}

}  // namespace workshop
