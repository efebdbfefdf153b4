// Runs an exercise's test and passes if that test fails as a learner should
// see it fail: built, quickly, with a failed expectation and the exercise's
// name. A pass, a crash, a time-out or a silent failure is an error.
//
// With --wrong_answer the test was built with that patch on the solution; the
// patch's first lines must say what the learner misunderstood and which test
// tells:
//
//   Misunderstanding: Finish() before reading means the server is done.
//   Caught by: QueryMovieTest.ReadsEveryMovie

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "support/files.h"
#include "support/subprocess.h"

ABSL_FLAG(std::string, test, "", "the test to run, from the runfiles root");
ABSL_FLAG(std::string, exercise, "", "NN_concept.NAME");
ABSL_FLAG(std::string, wrong_answer, "", "the patch that the test has, if any");
ABSL_FLAG(absl::Duration, limit, absl::Seconds(15),
          "how long the test may take; a learner waits for it");

namespace checks {
namespace {

// The text after `key` on the line of a patch's preamble that starts with it.
std::string PreambleValue(absl::string_view patch, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(patch, '\n')) {
    if (absl::StartsWith(line, "--- ")) break;
    if (absl::ConsumePrefix(&line, key)) return std::string(line);
  }
  return "";
}

// The names, SUITE.TEST, of the tests that failed.
absl::StatusOr<std::vector<std::string>> FailedTests(const std::string& path) {
  absl::StatusOr<std::string> text = support::ReadFile(path);
  if (!text.ok()) return text.status();
  const nlohmann::json report =
      nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object()) {
    return absl::DataLossError("the test's report is not JSON");
  }
  std::vector<std::string> failed;
  for (const nlohmann::json& suite :
       report.value("testsuites", nlohmann::json::array())) {
    for (const nlohmann::json& test :
         suite.value("testsuite", nlohmann::json::array())) {
      if (test.contains("failures")) {
        failed.push_back(
            absl::StrCat(test.value("classname", suite.value("name", "")), ".",
                         test.value("name", "")));
      }
    }
  }
  return failed;
}

absl::Status Check() {
  const std::string exercise = absl::GetFlag(FLAGS_exercise);
  const std::vector<std::string> parts =
      absl::StrSplit(exercise, absl::MaxSplits('.', 1));
  if (parts.size() != 2 || absl::GetFlag(FLAGS_test).empty()) {
    return absl::InvalidArgumentError("--test and --exercise are needed");
  }
  const char* tmpdir = std::getenv("TEST_TMPDIR");
  const std::string folder = tmpdir == nullptr ? "/tmp" : tmpdir;
  const std::string report = folder + "/report.json";
  const std::string log = folder + "/log";

  support::Subprocess::Options options;
  options.environment = {
      {"GTEST_OUTPUT", "json:" + report},
      {"TEST_TARGET",
       absl::StrCat("//lessons/", parts[0], ":", parts[1], "_test")},
      // Bazel's own, which the test would take for a command to itself.
      {"XML_OUTPUT_FILE", ""},
      {"TEST_PREMATURE_EXIT_FILE", ""},
  };
  options.stdout_path = log;
  options.stderr_path = log;
  absl::StatusOr<support::Subprocess> test =
      support::Subprocess::Start({absl::GetFlag(FLAGS_test)}, options);
  if (!test.ok()) return test.status();
  absl::StatusOr<support::ExitStatus> exit =
      test->WaitFor(absl::GetFlag(FLAGS_limit));

  absl::StatusOr<std::string> output = support::ReadFile(log);
  if (!output.ok()) return output.status();
  std::cout << *output << "\n--- end of the exercise's output\n";
  if (!exit.ok()) return exit.status();
  if (exit->ok()) {
    return absl::FailedPreconditionError("the test passed; it must fail");
  }
  if (exit->code != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("the test ended with ", ToString(*exit),
                     "; it must fail by its expectations, with exit code 1"));
  }
  if (!absl::StrContains(*output, "Exercise " + exercise + " ")) {
    return absl::FailedPreconditionError("the failure does not name " +
                                         exercise);
  }
  absl::StatusOr<std::vector<std::string>> failed = FailedTests(report);
  if (!failed.ok()) return failed.status();
  if (failed->empty()) {
    return absl::FailedPreconditionError("no expectation failed");
  }

  if (absl::GetFlag(FLAGS_wrong_answer).empty()) return absl::OkStatus();
  absl::StatusOr<std::string> patch =
      support::ReadFile(absl::GetFlag(FLAGS_wrong_answer));
  if (!patch.ok()) return patch.status();
  if (PreambleValue(*patch, "Misunderstanding: ").empty()) {
    return absl::FailedPreconditionError(
        "the patch does not begin with a line 'Misunderstanding: …'");
  }
  const std::string caught_by = PreambleValue(*patch, "Caught by: ");
  for (const std::string& name : *failed) {
    if (name == caught_by) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the patch says 'Caught by: ", caught_by,
                   "', but what failed is ", absl::StrJoin(*failed, ", ")));
}

}  // namespace
}  // namespace checks

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("passes if an exercise's test fails well");
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = checks::Check();
  if (!status.ok()) {
    std::cout << absl::GetFlag(FLAGS_exercise) << ": " << status.message()
              << "\n";
    return 1;
  }
  return 0;
}
