// Serves the movie catalogue by three services in a row, and says what each of
// them sees of a call.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chain.h"
#include "support/console_log.h"
#include "support/server_program.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where the front service listens; the other two take free ports");
ABSL_FLAG(int, steps, 5, "how many steps of work GetMovie is");
ABSL_FLAG(absl::Duration, step, absl::Milliseconds(200),
          "how long a step takes; QueryMovie needs one for each movie");
ABSL_FLAG(absl::Duration, reserve, absl::Milliseconds(100),
          "what front and middle keep of their caller's time for themselves");
ABSL_FLAG(absl::Duration, at_most, absl::Seconds(10),
          "the longest that front and middle wait, whatever their caller says");
ABSL_FLAG(absl::Duration, at_least, absl::Milliseconds(200),
          "front and middle refuse a call that leaves the next less than this");
ABSL_FLAG(std::vector<std::string>, allow,
          std::vector<std::string>({"x-request-id", "x-tenant-bin"}),
          "the metadata that front and middle pass on");

namespace movies {
namespace {

int Serve() {
  ChainOptions options;
  options.steps = absl::GetFlag(FLAGS_steps);
  options.step = absl::GetFlag(FLAGS_step);
  options.budget.reserve = absl::GetFlag(FLAGS_reserve);
  options.budget.at_most = absl::GetFlag(FLAGS_at_most);
  options.budget.at_least = absl::GetFlag(FLAGS_at_least);
  for (const std::string& key : absl::GetFlag(FLAGS_allow)) {
    options.allowed.insert(key);
  }
  if (options.steps < 0) {
    std::cerr << "--steps is 0 or more, not " << options.steps << "\n";
    return 1;
  }
  for (absl::Duration duration :
       {options.step, options.budget.reserve, options.budget.at_most,
        options.budget.at_least}) {
    if (duration < absl::ZeroDuration()) {
      std::cerr << "--step, --reserve, --at_most and --at_least are not "
                   "negative\n";
      return 1;
    }
  }

  // First, so that every thread that gRPC starts leaves the signals to it.
  support::StopSignals stop_signals;
  support::ConsoleLog log;
  const absl::StatusOr<std::unique_ptr<Chain>> chain = Chain::Start(
      options, [&log](absl::string_view service, absl::string_view line) {
        log.Say(absl::StrFormat("%-6s  %s", service, line));
      });
  if (!chain.ok()) {
    std::cerr << "Cannot start: " << chain.status().message() << "\n";
    return 1;
  }
  log.Say(absl::StrCat(
      "Front calls middle calls back. Each of the first two "
      "keeps ",
      absl::FormatDuration(options.budget.reserve),
      " for itself and passes on ", absl::StrJoin(options.allowed, ", "), "."));
  return support::ServeUntilStopped(
      absl::GetFlag(FLAGS_address), stop_signals, log,
      [&](grpc::ServerBuilder& builder) {
        builder.RegisterService(&(*chain)->front());
      });
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "serves the movie catalogue by three services in a row, front, middle "
      "and back, and says what each sees of a call\n\n"
      "  bazel run //lessons/05_context:server -- --step=500ms --reserve=1s");
  absl::ParseCommandLine(argc, argv);
  return movies::Serve();
}
