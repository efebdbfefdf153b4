#include "tools/learner/bazel.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "support/files.h"
#include "support/subprocess.h"
#include "tools/learner/build_events.h"
#include "tools/learner/files.h"

namespace workshop {
namespace {

constexpr absl::Duration kSilence = absl::Seconds(1);
constexpr absl::Duration kTick = absl::Milliseconds(250);

// Bazel ran and has something to say about targets. Its other exit codes mean
// that it did not: a bad command line, an interruption, a lost server.
bool IsVerdict(int exit_code) {
  return exit_code == 0      // all green
         || exit_code == 1   // the build failed
         || exit_code == 3   // a test failed
         || exit_code == 4;  // nothing to test
}

// What Bazel said last, if that is that it waits.
absl::string_view WaitsFor(absl::string_view console) {
  console = absl::StripTrailingAsciiWhitespace(console);
  const size_t line = console.rfind('\n') + 1;  // npos + 1 is 0.
  return absl::StartsWith(console.substr(line), "Another command")
             ? "another Bazel command"
             : "";
}

// Bazel failed: keeps what it printed where it can be read, and says where.
absl::Status Failure(const std::string& root, absl::string_view errors,
                     absl::string_view console) {
  const std::string log = ".workshop/bazel.log";
  const absl::Status kept =
      WriteFileAtomically(absl::StrCat(root, "/", log), console);
  return absl::UnavailableError(
      absl::StrCat("Bazel could not run the tests.\n", errors, "\n",
                   kept.ok() ? absl::StrCat("All that it said is in ", log)
                             : std::string(kept.message())));
}

}  // namespace

absl::StatusOr<std::vector<Outcome>> Bazel::Test(
    const std::vector<Selected>& exercises, Cache cache,
    const Progress& progress) const {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make();
  if (!folder.ok()) return folder.status();
  const std::string events_path = folder->path() + "/events.json";
  const std::string console_path = folder->path() + "/console";

  // What the actions are depends on none of these flags.
  std::vector<std::string> argv = {
      program_,
      "test",
      "--keep_going",
      "--build_event_json_file=" + events_path,
      "--color=no",
      "--curses=no",
      "--noshow_progress",
      "--test_output=summary",
  };
  if (cache == Cache::kIgnore) argv.push_back("--cache_test_results=no");
  for (const Selected& exercise : exercises) argv.push_back(exercise.Target());
  support::Subprocess::Options options;
  options.working_directory = root_;
  options.stdout_path = console_path;
  options.stderr_path = console_path;
  absl::StatusOr<support::Subprocess> process =
      support::Subprocess::Start(std::move(argv), options);
  if (!process.ok()) {
    return absl::UnavailableError(process.status().message());
  }

  absl::StatusOr<support::ExitStatus> exit = process->WaitFor(kSilence);
  while (absl::IsDeadlineExceeded(exit.status())) {
    absl::StatusOr<std::string> so_far = support::ReadFile(console_path);
    progress(so_far.ok() ? WaitsFor(*so_far) : "");
    exit = process->WaitFor(kTick);
  }
  if (!exit.ok()) return exit.status();

  absl::StatusOr<std::string> console = support::ReadFile(console_path);
  if (!console.ok()) return console.status();
  const auto failure = [&](absl::string_view errors) {
    return Failure(root_, errors, *console);
  };
  if (!IsVerdict(exit->code)) {
    std::string errors =
        absl::StrCat("It ended with ", support::ToString(*exit), ".");
    for (const std::string& error : BazelErrors(*console, root_)) {
      absl::StrAppend(&errors, "\n", error);
    }
    return failure(errors);
  }
  absl::StatusOr<std::string> events = support::ReadFile(events_path);
  if (!events.ok()) return failure(events.status().message());
  absl::StatusOr<BuildResults> results = ParseBuildEvents(*events);
  if (!results.ok()) return failure(results.status().message());
  if (!results->finished) return failure("It did not say how the build ended.");
  absl::StatusOr<std::vector<Outcome>> outcomes =
      Judge(exercises, *results, *console, root_);
  if (!outcomes.ok()) return failure(outcomes.status().message());
  return outcomes;
}

}  // namespace workshop
