#include "tools/learner/commands.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "support/subprocess.h"
#include "tools/learner/bazel.h"
#include "tools/learner/files.h"
#include "tools/learner/manifest.h"
#include "tools/learner/originals.h"
#include "tools/learner/outcome.h"
#include "tools/learner/render.h"
#include "tools/learner/selection.h"
#include "tools/learner/state_file.h"

namespace workshop {
namespace {

namespace fs = std::filesystem;

int Complain(const absl::Status& status, int exit_code) {
  std::cout << std::flush;
  std::cerr << "workshop: " << status.message() << "\n";
  return exit_code;
}

// The exit code for a learner's slip or, otherwise, for all else.
int ExitCodeFor(const absl::Status& status, int otherwise) {
  return absl::IsNotFound(status) || absl::IsInvalidArgument(status)
             ? kBadArguments
             : otherwise;
}

// The folders of the lessons that have one of `exercises`, each once.
std::set<std::string> Folders(const std::vector<Selected>& exercises) {
  std::set<std::string> folders;
  for (const Selected& exercise : exercises) folders.insert(exercise.Folder());
  return folders;
}

// "a, b and 3 more".
std::string Some(const std::vector<std::string>& names) {
  constexpr size_t kMost = 3;
  if (names.size() <= kMost) return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), names.begin() + kMost, ", "),
                      " and ", names.size() - kMost, " more");
}

// The line on which `text` is in a file, from 1; 0 if it is not there.
int LineOf(const std::string& path, absl::string_view text) {
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (absl::StrContains(line, text)) return number;
  }
  return 0;
}

std::string Marker(const Selected& exercise) {
  return absl::StrCat("TODO(", exercise.Id(), ")");
}

// Says what we wait for. On a terminal, in a line that goes when its owner
// does.
class ProgressLine {
 public:
  // `warning`, if not empty, is said once, in a line that stays.
  ProgressLine(bool terminal, std::string what, std::string warning)
      : terminal_(terminal),
        what_(std::move(what)),
        warning_(std::move(warning)),
        start_(absl::Now()) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (terminal_ && shown_) std::cout << "\r\x1b[K" << std::flush;
  }

  void Show(absl::string_view waiting_for) {
    if (waiting_for.empty() && !warning_.empty()) {
      if (terminal_) std::cout << "\r\x1b[K" << std::flush;
      std::cerr << warning_ << "\n";
      warning_.clear();
    }
    if (terminal_) {
      const std::string doing =
          waiting_for.empty()
              ? absl::StrCat("building and testing ", what_)
              : absl::StrCat("waiting for ", waiting_for, " to end");
      std::cout << "\r\x1b[K" << doing << " … "
                << absl::ToInt64Seconds(absl::Now() - start_) << " s"
                << std::flush;
    } else if (!waiting_for.empty() && !shown_) {
      std::cerr << "workshop: waiting for " << waiting_for << " to end\n";
    } else {
      return;
    }
    shown_ = true;
  }

 private:
  const bool terminal_;
  const std::string what_;
  std::string warning_;
  const absl::Time start_;
  bool shown_ = false;
};

class Workshop {
 public:
  Workshop(const Environment& environment, std::vector<Lesson> lessons)
      : environment_(environment),
        bazel_(environment.root, environment.bazel),
        style_(environment.colours),
        lessons_(std::move(lessons)) {}

  int Welcome();
  int Next(const Invocation& invocation);
  int Status(bool json);
  int Test(const Invocation& invocation);
  int Hint(const Invocation& invocation);
  int Compare(const Invocation& invocation);
  int Reset(const Invocation& invocation);
  int Slides(const Invocation& invocation);

 private:
  std::string Path(absl::string_view path) const {
    return absl::StrCat(environment_.root, "/", path);
  }

  absl::StatusOr<std::vector<Outcome>> RunTests(
      const std::vector<Selected>& exercises,
      Bazel::Cache cache = Bazel::Cache::kUse);
  absl::Status RetryTimeouts(std::vector<Outcome>* outcomes);
  absl::StatusOr<std::optional<Outcome>> FirstRed(
      absl::Span<const Lesson> lessons);
  std::string Note(const std::vector<Selected>& exercises);
  std::string Where(const Selected& exercise);
  std::string Advice(const Outcome& outcome);
  std::string NextText(const Outcome& outcome);
  absl::Status ShowDifference(const std::string& mine,
                              const std::string& solution);
  absl::StatusOr<std::string> BackUp(const Lesson& lesson,
                                     const std::vector<std::string>& paths);
  bool IsHoleFile(const std::string& path) const;
  absl::StatusOr<std::string> PageOf(const Invocation& invocation) const;
  absl::StatusOr<int> RunHere(std::vector<std::string> argv) const;

  const Environment& environment_;
  const Bazel bazel_;
  const Style style_;
  const std::vector<Lesson> lessons_;
};

// The files under a lesson's folder that git left for the learner to merge,
// with the line: "lessons/…/x.cc:12".
std::vector<std::string> MergeConflicts(const std::string& root,
                                        const std::string& folder) {
  std::vector<std::string> conflicts;
  std::error_code error;
  const std::string path = absl::StrCat(root, "/", folder);
  for (fs::recursive_directory_iterator it(path, error), end;
       !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    std::ifstream file(it->path());
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      if (!absl::StartsWith(line, "<<<<<<< ")) continue;
      conflicts.push_back(absl::StrCat(
          it->path().lexically_relative(root).string(), ":", number));
      break;
    }
  }
  std::sort(conflicts.begin(), conflicts.end());
  return conflicts;
}

std::string ConflictText(const std::vector<std::string>& conflicts) {
  return absl::StrCat(
      "A merge left a conflict in ", absl::StrJoin(conflicts, ", "),
      ".\nKeep the lines that you want, delete the lines that begin with "
      "<<<<<<<, =======\nand >>>>>>>, then test again.");
}

absl::StatusOr<std::vector<Outcome>> Workshop::RunTests(
    const std::vector<Selected>& exercises, Bazel::Cache cache) {
  const std::set<std::string> folders = Folders(exercises);
  const std::string what = folders.size() == 1
                               ? exercises.front().lesson->name()
                               : absl::StrCat(folders.size(), " lessons");
  // Bazel makes a test's manifest even if the code then does not compile.
  const bool built = std::all_of(
      exercises.begin(), exercises.end(), [this](const Selected& exercise) {
        return fs::exists(Path(absl::StrCat(
            "bazel-bin/", fs::path(exercise.File()).parent_path().string(), "/",
            exercise.exercise->name(), "_test.runfiles_manifest")));
      });
  ProgressLine line(
      environment_.terminal, what,
      built
          ? ""
          : absl::StrCat("Building and testing ",
                         exercises.size() == 1 ? exercises.front().Id() : what,
                         "; the first time takes ",
                         exercises.size() == 1 ? "longer." : "a few minutes."));
  absl::StatusOr<std::vector<Outcome>> outcomes = bazel_.Test(
      exercises, cache,
      [&line](absl::string_view waiting_for) { line.Show(waiting_for); });
  if (!outcomes.ok()) return outcomes;
  for (Outcome& outcome : *outcomes) {
    if (outcome.verdict != Verdict::kDoesNotBuild) continue;
    const std::vector<std::string> conflicts =
        MergeConflicts(environment_.root, outcome.exercise.Folder());
    if (conflicts.empty()) continue;
    outcome.explanation = ConflictText(conflicts);
    outcome.place = conflicts.front();
  }
  return outcomes;
}

// Runs again what timed out in an earlier run: that may have been a busy
// machine, which is no more.
absl::Status Workshop::RetryTimeouts(std::vector<Outcome>* outcomes) {
  std::vector<Selected> exercises;
  for (const Outcome& outcome : *outcomes) {
    if (outcome.verdict == Verdict::kTimedOut && outcome.cached) {
      exercises.push_back(outcome.exercise);
    }
  }
  if (exercises.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<Outcome>> again =
      RunTests(exercises, Bazel::Cache::kIgnore);
  if (!again.ok()) return again.status();
  for (Outcome& retried : *again) {
    for (Outcome& outcome : *outcomes) {
      if (outcome.exercise.exercise == retried.exercise.exercise) {
        outcome = retried;
      }
    }
  }
  return absl::OkStatus();
}

bool Workshop::IsHoleFile(const std::string& path) const {
  for (const Selected& exercise : AllExercises(lessons_)) {
    if (exercise.File() == path) return true;
  }
  return false;
}

// A line that names given files of these lessons that are not as they were.
std::string Workshop::Note(const std::vector<Selected>& exercises) {
  // Without git there is nothing to note.
  absl::StatusOr<Originals> originals =
      Originals::Find(environment_.root, /*revision=*/"");
  if (!originals.ok()) return "";
  absl::StatusOr<std::vector<std::string>> changed =
      originals->Changed("lessons");
  if (!changed.ok()) return "";
  const std::set<std::string> folders = Folders(exercises);
  std::vector<std::string> noted;
  for (const std::string& path : *changed) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    if (parts.size() < 3 || IsHoleFile(path)) continue;
    if (folders.count(absl::StrCat(parts[0], "/", parts[1])) > 0) {
      noted.push_back(path);
    }
  }
  if (noted.empty()) return "";
  return absl::StrCat("Note: your ", Some(noted),
                      noted.size() == 1 ? " differs" : " differ",
                      " from the original; the verdict is on your version.\n");
}

// "lessons/03_streaming/query_movie.cc:14", the place of the hole.
std::string Workshop::Where(const Selected& exercise) {
  const int line = LineOf(Path(exercise.File()), Marker(exercise));
  return line == 0 ? exercise.File() : absl::StrCat(exercise.File(), ":", line);
}

// What helps with a red exercise.
std::string Workshop::Advice(const Outcome& outcome) {
  const Selected& exercise = outcome.exercise;
  std::string text = absl::StrCat(
      "\n    ", style_.Dim("edit "),
      outcome.place.empty() ? Where(exercise) : outcome.place, "\n");
  if (outcome.verdict != Verdict::kDoesNotBuild) {
    absl::StrAppend(&text, "    ", style_.Dim("hint "), "tools/workshop hint ",
                    exercise.Id(), "\n");
  }
  if (!outcome.log_path.empty()) {
    // Bazel's link to the same place is shorter.
    const std::string logs = "/testlogs/";
    std::string log = outcome.log_path;
    const size_t at = log.find(logs);
    if (at != std::string::npos) {
      const std::string link = "bazel-testlogs/" + log.substr(at + logs.size());
      if (fs::exists(Path(link))) log = link;
    }
    absl::StrAppend(&text, "    ", style_.Dim("log  "), log, "\n");
  }
  return text;
}

std::string Workshop::NextText(const Outcome& outcome) {
  const Selected& selected = outcome.exercise;
  const Exercise& exercise = *selected.exercise;
  const std::string hole = Where(selected);
  const auto row = [this](absl::string_view name, absl::string_view value) {
    return absl::StrCat("  ", style_.Dim(absl::StrFormat("%-7s", name)), value,
                        "\n");
  };
  std::string text = absl::StrCat(
      style_.Bold(absl::StrCat(selected.Id(), ": ", exercise.title())),
      exercise.minutes() > 0
          ? absl::StrCat("  (about ", exercise.minutes(), " minutes)")
          : "",
      "\n\n", Wrap(exercise.goal(), 2), "\n");
  if (!outcome.place.empty()) {
    absl::StrAppend(&text, row("edit", outcome.place));
  } else {
    absl::StrAppend(&text, row("edit", absl::StrCat(hole,
                                                    hole == selected.File()
                                                        ? "  in "
                                                        : "  the TODO in ",
                                                    exercise.function())));
  }
  const std::string header =
      fs::path(selected.File()).replace_extension(".h").string();
  if (fs::exists(Path(header))) absl::StrAppend(&text, row("header", header));
  const std::string readme = selected.Folder() + "/README.md";
  if (fs::exists(Path(readme))) absl::StrAppend(&text, row("read", readme));
  if (!selected.lesson->slides().empty()) {
    absl::StrAppend(&text, row("slides", selected.lesson->slides()));
  }
  absl::StrAppend(&text, row("test", "tools/workshop test " + selected.Id()),
                  row("", "bazel test " + selected.Target()));
  if (!exercise.hints().empty()) {
    absl::StrAppend(&text, row("hint", "tools/workshop hint " + selected.Id()));
  }
  absl::StrAppend(&text, "\n",
                  outcome.verdict == Verdict::kDoesNotBuild
                      ? "It does not build yet:\n"
                      : "What its test says now:\n",
                  outcome.failures.empty() ? "" : "\n");
  if (outcome.failures.empty()) return text + WhyText(outcome, 1, style_);
  return text + Wrap(WhyShort(outcome), 4);
}

// The first exercise of `lessons` that is not green, or nothing. Runs no more
// lessons than it takes to know.
absl::StatusOr<std::optional<Outcome>> Workshop::FirstRed(
    absl::Span<const Lesson> lessons) {
  const auto has_hole = [this](const Lesson& lesson) {
    for (const Exercise& exercise : lesson.exercises()) {
      const Selected selected = {&lesson, &exercise};
      if (LineOf(Path(selected.File()), Marker(selected)) != 0) return true;
    }
    return false;
  };
  size_t lesson = 0;
  while (lesson < lessons.size()) {
    // As far as the first lesson that surely has a red exercise, since its TODO
    // still stands: a run of Bazel costs more than the lessons before, which
    // are built.
    std::vector<Selected> exercises;
    bool red = false;
    for (; lesson < lessons.size() && !red; ++lesson) {
      for (const Exercise& exercise : lessons[lesson].exercises()) {
        exercises.push_back({&lessons[lesson], &exercise});
      }
      red = has_hole(lessons[lesson]);
    }
    if (exercises.empty()) break;
    absl::StatusOr<std::vector<Outcome>> outcomes = RunTests(exercises);
    if (!outcomes.ok()) return outcomes.status();
    for (const Outcome& outcome : *outcomes) {
      if (outcome.verdict != Verdict::kSolved) return outcome;
    }
  }
  return std::nullopt;
}

int Workshop::Welcome() {
  std::cout
      << style_.Bold("RPC on Steroids, in C++") << "\n"
      << "You learn gRPC here by building one movie service. An exercise "
         "is a hole in real\ncode, marked TODO, and a test that says what "
         "is missing. Fill the hole, save,\nrun the test until it is "
         "green, compare with the solution, go on.\n"
      << "All commands: tools/workshop help\n\n"
      << std::flush;
  return Next({});
}

int Workshop::Next(const Invocation& invocation) {
  absl::Span<const Lesson> lessons = lessons_;
  if (!invocation.arguments.empty()) {
    absl::StatusOr<std::vector<Selected>> selected =
        Select(lessons_, invocation.arguments.front());
    if (!selected.ok()) return Complain(selected.status(), kBadArguments);
    lessons = absl::MakeConstSpan(selected->front().lesson, 1);
  }
  absl::StatusOr<std::optional<Outcome>> red = FirstRed(lessons);
  if (!red.ok()) return Complain(red.status(), kCannotRun);
  const std::vector<Selected> all = AllExercises(lessons_);
  if (!red->has_value() && lessons.size() < lessons_.size()) {
    std::cout << style_.Green(absl::StrCat(
                     "All ", lessons.front().exercises_size(), " exercises of ",
                     lessons.front().name(), " are solved."))
              << " Go on: tools/workshop next\n";
    return kOk;
  }
  if (!red->has_value()) {
    std::cout << style_.Green(
                     absl::StrCat("All ", all.size(), " exercises are solved."))
              << " Well done!\nEach lesson's README ends with \"Go further\"; "
                 "tools/workshop compare LESSON\nshows how the solution does "
                 "it.\n"
              << Note(all);
    return kOk;
  }
  const Outcome& outcome = **red;
  size_t position = 0;
  while (all[position].exercise != outcome.exercise.exercise) ++position;
  std::cout << "Exercise " << position + 1 << " of " << all.size() << "\n\n"
            << NextText(outcome) << Note({outcome.exercise});
  return kOk;
}

int Workshop::Status(bool json) {
  const std::vector<Selected> all = AllExercises(lessons_);
  absl::StatusOr<std::vector<Outcome>> outcomes = RunTests(all);
  if (!outcomes.ok()) return Complain(outcomes.status(), kCannotRun);
  if (json) {
    std::cout << StatusJson(*outcomes);
    std::cerr << Note(all);
  } else {
    std::cout << StatusText(*outcomes, style_) << Note(all);
  }
  return kOk;
}

int Workshop::Test(const Invocation& invocation) {
  std::vector<Selected> exercises = AllExercises(lessons_);
  if (!invocation.arguments.empty()) {
    absl::StatusOr<std::vector<Selected>> named =
        Select(lessons_, invocation.arguments.front());
    if (!named.ok()) return Complain(named.status(), kBadArguments);
    exercises = *std::move(named);
  }
  absl::StatusOr<std::vector<Outcome>> outcomes = RunTests(exercises);
  if (!outcomes.ok()) return Complain(outcomes.status(), kCannotRun);
  const absl::Status retried = RetryTimeouts(&*outcomes);
  if (!retried.ok()) return Complain(retried, kCannotRun);

  // Who works on one exercise can use more than its first failure.
  const size_t most = exercises.size() == 1 ? 4 : 1;
  for (const Outcome& outcome : *outcomes) {
    std::cout << Line(outcome, style_);
    if (outcome.verdict == Verdict::kSolved) continue;
    std::cout << WhyText(outcome, most, style_) << Advice(outcome) << "\n";
  }
  const bool green = CountSolved(*outcomes) == outcomes->size();
  if (exercises.size() > 1) std::cout << "\n" << SolvedOf(*outcomes) << "\n";
  if (green && !invocation.arguments.empty()) {
    std::cout << "\n  compare  tools/workshop compare "
              << (exercises.size() == 1 ? exercises.front().Id()
                                        : exercises.front().lesson->name())
              << "\n  go on    tools/workshop next"
              << (exercises.size() == 1
                      ? absl::StrCat(" ", exercises.front().lesson->name())
                      : "")
              << "\n";
  }
  std::cout << Note(exercises);
  return green ? kOk : kNotGreen;
}

int Workshop::Hint(const Invocation& invocation) {
  absl::StatusOr<Selected> selected =
      SelectExercise(lessons_, invocation.arguments.front());
  if (!selected.ok()) return Complain(selected.status(), kBadArguments);
  const Exercise& exercise = *selected->exercise;
  const std::string id = selected->Id();

  const std::string path = Path(".workshop/state.textproto");
  absl::StatusOr<LoadedState> loaded = LoadState(path);
  if (!loaded.ok()) return Complain(loaded.status(), kCannotRun);
  if (!loaded->note.empty()) std::cerr << "workshop: " << loaded->note << "\n";
  auto& hints_shown = *loaded->state.mutable_hints_shown();

  const int total = exercise.hints_size();
  int shown = 0;
  if (invocation.reset) {
    hints_shown.erase(id);
  } else {
    shown =
        invocation.all ? total : std::clamp(hints_shown[id], 0, total - 1) + 1;
    shown = std::min(shown, total);
    hints_shown[id] = shown;
  }
  const absl::Status saved = SaveState(loaded->state, path);
  if (!saved.ok()) return Complain(saved, kCannotRun);

  if (invocation.reset) {
    std::cout << "The hints for " << id << " begin anew.\n";
    return kOk;
  }
  std::cout << style_.Bold(absl::StrCat(id, ": ", exercise.title())) << "\n";
  for (int i = 0; i < shown; ++i) {
    std::cout << "\n"
              << style_.Dim(absl::StrCat("Hint ", i + 1, " of ", total)) << "\n"
              << Wrap(exercise.hints(i), 2);
  }
  if (shown < total) {
    std::cout << "\n"
              << total - shown << " more: tools/workshop hint " << id << "\n";
  } else {
    std::cout << "\n"
              << (total == 0 ? "It has no hints." : "That was the last hint.")
              << " The solution: tools/workshop compare " << id << " --spoil\n";
  }
  return kOk;
}

absl::Status Workshop::ShowDifference(const std::string& mine,
                                      const std::string& solution) {
  absl::StatusOr<Captured> diff =
      Capture({"git", "diff", "--no-index", "--no-ext-diff", "--no-textconv",
               style_.colours() ? "--color=always" : "--color=never", "--",
               mine, solution},
              environment_.root);
  if (!diff.ok()) return diff.status();
  if (diff->exit_code == 0) {
    std::cout << "\nYours is the same, to the letter.\n";
    return absl::OkStatus();
  }
  if (diff->exit_code != 1) return absl::UnknownError(diff->err);
  // The lines above the first hunk say again which files they are.
  const size_t hunk = diff->out.find("@@ ");
  const size_t line = diff->out.rfind('\n', hunk) + 1;
  std::cout << "\n" << diff->out.substr(hunk == std::string::npos ? 0 : line);
  return absl::OkStatus();
}

int Workshop::Compare(const Invocation& invocation) {
  absl::StatusOr<std::vector<Selected>> exercises =
      Select(lessons_, invocation.arguments.front());
  if (!exercises.ok()) return Complain(exercises.status(), kBadArguments);

  std::set<std::string> spoiled;  // Files that would give an answer away.
  std::vector<std::string> unsolved;
  if (!invocation.spoil) {
    absl::StatusOr<std::vector<Outcome>> outcomes = RunTests(*exercises);
    if (!outcomes.ok()) return Complain(outcomes.status(), kCannotRun);
    for (const Outcome& outcome : *outcomes) {
      if (outcome.verdict == Verdict::kSolved) continue;
      spoiled.insert(outcome.exercise.File());
      unsolved.push_back(outcome.exercise.Id());
    }
  }
  std::set<std::string> shown;
  for (const Selected& exercise : *exercises) {
    const std::string mine = exercise.File();
    if (spoiled.count(mine) > 0 || !shown.insert(mine).second) continue;
    const std::string solution =
        absl::StrCat("solutions/", absl::StripPrefix(mine, "lessons/"));
    std::cout << (shown.size() > 1 ? "\n" : "")
              << style_.Bold(absl::StrCat(exercise.Id(), ": ",
                                          exercise.exercise->title()))
              << "\n"
              << style_.Red(absl::StrCat("- ", mine)) << "\n"
              << style_.Green(absl::StrCat("+ ", solution)) << "\n"
              << std::flush;
    const absl::Status difference = ShowDifference(mine, solution);
    if (!difference.ok()) return Complain(difference, kCannotRun);
  }
  if (unsolved.empty()) return kOk;
  std::cout << (shown.empty() ? "" : "\n")
            << "Not solved yet: " << absl::StrJoin(unsolved, ", ") << ".\n"
            << "This would show the answer. A nudge first? tools/workshop hint "
            << unsolved.front() << "\nOr the answer after all: tools/workshop "
            << "compare " << invocation.arguments.front() << " --spoil\n";
  return kNotGreen;
}

// Copies files into a new folder under .workshop/backups and names it.
absl::StatusOr<std::string> Workshop::BackUp(
    const Lesson& lesson, const std::vector<std::string>& paths) {
  const std::string base = absl::StrCat(
      ".workshop/backups/",
      absl::FormatTime("%Y-%m-%dT%H-%M-%S", absl::Now(), absl::LocalTimeZone()),
      "_", lesson.name());
  std::error_code error;
  fs::create_directories(Path(".workshop/backups"), error);
  // Only who makes the folder may fill it.
  std::string folder = base;
  for (int i = 2; !error && !fs::create_directory(Path(folder), error); ++i) {
    folder = absl::StrCat(base, "-", i);
  }
  for (const std::string& path : paths) {
    if (error || !fs::exists(Path(path))) continue;
    const fs::path copy =
        fs::path(Path(folder)) / fs::path(path).lexically_relative(
                                     absl::StrCat("lessons/", lesson.name()));
    fs::create_directories(copy.parent_path(), error);
    if (!error) fs::copy_file(Path(path), copy, error);
  }
  if (error) {
    return absl::UnknownError(absl::StrCat("cannot keep your version in ",
                                           folder, ": ", error.message(),
                                           "; nothing was reset"));
  }
  return folder;
}

int Workshop::Reset(const Invocation& invocation) {
  absl::StatusOr<std::vector<Selected>> exercises =
      Select(lessons_, invocation.arguments.front());
  if (!exercises.ok()) return Complain(exercises.status(), kBadArguments);
  const Lesson& lesson = *exercises->front().lesson;
  const std::string folder = exercises->front().Folder();

  absl::StatusOr<Originals> originals =
      Originals::Find(environment_.root, invocation.from);
  if (!originals.ok()) {
    std::string message(originals.status().message());
    if (invocation.from.empty()) {
      absl::StrAppend(&message,
                      "\nName the git revision that has the original: "
                      "tools/workshop reset ",
                      invocation.arguments.front(), " --from REVISION");
    }
    return Complain(absl::Status(originals.status().code(), message),
                    ExitCodeFor(originals.status(), kCannotRun));
  }
  std::set<std::string> holes;
  for (const Selected& exercise : *exercises) {
    absl::StatusOr<std::string> text = originals->Text(exercise.File());
    // A fork's main may hold the learner's own answer.
    if (!text.ok() || !absl::StrContains(*text, Marker(exercise))) {
      return Complain(
          absl::FailedPreconditionError(absl::StrCat(
              "The original of ", exercise.File(), " is not in ",
              originals->name(), ", where it has no ", Marker(exercise),
              ".\nName the git revision that has it: --from REVISION")),
          kCannotRun);
    }
    holes.insert(exercise.File());
  }
  absl::StatusOr<std::vector<std::string>> changed = originals->Changed(folder);
  if (!changed.ok()) return Complain(changed.status(), kCannotRun);
  absl::StatusOr<std::vector<std::string>> added = originals->Added(folder);
  if (!added.ok()) return Complain(added.status(), kCannotRun);

  std::vector<std::string> wanted;
  std::vector<std::string> others;
  for (const std::string& path : *changed) {
    if (holes.count(path) > 0) {
      wanted.push_back(path);
    } else if (!IsHoleFile(path)) {
      (invocation.all_files ? wanted : others).push_back(path);
    }
  }
  if (wanted.empty()) {
    std::cout << "Nothing to reset: " << Some({holes.begin(), holes.end()})
              << (holes.size() == 1 ? " is" : " are") << " as in "
              << originals->name() << ".\n";
  } else {
    absl::StatusOr<std::string> backup = BackUp(lesson, wanted);
    if (!backup.ok()) return Complain(backup.status(), kCannotRun);
    const absl::Status restored = originals->Restore(wanted);
    if (!restored.ok()) return Complain(restored, kCannotRun);
    std::cout << "Reset to " << originals->name() << ":\n";
    for (const std::string& path : wanted) std::cout << "  " << path << "\n";
    std::cout << "Your version is kept in " << *backup
              << "/\nTo get it back: cp -r " << *backup << "/. " << folder
              << "/\n";
  }
  if (!others.empty()) {
    std::cout << "Still not as given: " << Some(others)
              << ". To reset that too: --all-files\n";
  }
  if (!added->empty()) {
    std::cout << "Left alone, since you added it: " << Some(*added) << "\n";
  }
  return kOk;
}

// The page that shows the deck that was asked for, or all of them.
absl::StatusOr<std::string> Workshop::PageOf(
    const Invocation& invocation) const {
  if (invocation.arguments.empty()) return "index.html";
  const std::string& name = invocation.arguments.front();
  // Not every deck has a lesson.
  if (!absl::StrContains(name, '/') &&
      fs::exists(Path(absl::StrCat("slides/", name, ".md")))) {
    return name + ".html";
  }
  absl::StatusOr<std::vector<Selected>> exercises = Select(lessons_, name);
  if (!exercises.ok()) return exercises.status();
  const fs::path deck = exercises->front().lesson->slides();
  if (deck.empty()) {
    return absl::NotFoundError(absl::StrCat(name, " has no slides"));
  }
  return deck.stem().string() + ".html";
}

// Runs a program to its end, on the learner's terminal; its exit code.
absl::StatusOr<int> Workshop::RunHere(std::vector<std::string> argv) const {
  support::Subprocess::Options options;
  options.working_directory = environment_.root;
  absl::StatusOr<support::Subprocess> process =
      support::Subprocess::Start(std::move(argv), options);
  if (!process.ok()) return process.status();
  absl::StatusOr<support::ExitStatus> exit = process->Wait();
  if (!exit.ok()) return exit.status();
  return exit->code;
}

int Workshop::Slides(const Invocation& invocation) {
  absl::StatusOr<std::string> page = PageOf(invocation);
  if (!page.ok()) return Complain(page.status(), kBadArguments);
  if (!fs::exists(Path("tools/npm/node_modules"))) {
    return Complain(absl::FailedPreconditionError(
                        "the slides need Node.js and some of its packages, "
                        "which no lesson does. Run:\n  tools/setup --tests"),
                    kCannotRun);
  }
  absl::StatusOr<int> built =
      RunHere({environment_.bazel, "build", "--ui_event_filters=-info,-stdout",
               "--noshow_progress", "--show_result=0", "//slides"});
  if (!built.ok()) return Complain(built.status(), kCannotRun);
  if (*built != 0) return kCannotRun;  // Bazel has said why.
  absl::StatusOr<int> served =
      RunHere({Path("tools/npm/node.sh"), "tools/slides/serve.mjs",
               "bazel-bin/slides", *page, absl::StrCat(invocation.port)});
  if (!served.ok()) return Complain(served.status(), kCannotRun);
  return *served == 0 ? kOk : kCannotRun;
}

}  // namespace

int Run(const Invocation& invocation, const Environment& environment) {
  if (invocation.command == "help") {
    if (invocation.arguments.empty()) {
      std::cout << Usage();
      return kOk;
    }
    absl::StatusOr<std::string> usage = UsageOf(invocation.arguments.front());
    if (!usage.ok()) return Complain(usage.status(), kBadArguments);
    std::cout << *usage;
    return kOk;
  }
  absl::StatusOr<std::vector<Lesson>> lessons = ReadLessons(environment.root);
  if (!lessons.ok()) {
    const std::vector<std::string> conflicts =
        MergeConflicts(environment.root, "lessons");
    return Complain(conflicts.empty()
                        ? lessons.status()
                        : absl::UnavailableError(ConflictText(conflicts)),
                    kCannotRun);
  }
  Workshop workshop(environment, *std::move(lessons));
  if (invocation.command.empty()) return workshop.Welcome();
  if (invocation.command == "next") return workshop.Next(invocation);
  if (invocation.command == "status") return workshop.Status(invocation.json);
  if (invocation.command == "test") return workshop.Test(invocation);
  if (invocation.command == "hint") return workshop.Hint(invocation);
  if (invocation.command == "compare") return workshop.Compare(invocation);
  if (invocation.command == "slides") return workshop.Slides(invocation);
  return workshop.Reset(invocation);
}

}  // namespace workshop
