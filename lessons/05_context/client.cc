// Makes five calls, and says what came of each: one that is given time enough,
// one that is not, one that is hopeless, one that is cancelled, and a stream
// that is stopped.

#include <grpcpp/grpcpp.h>

#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "call_metadata.h"
#include "program_support.h"
#include "support/console_log.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(int, mid, 7, "the movie to ask for");
ABSL_FLAG(std::string, query, "robot", "what to search for");
ABSL_FLAG(absl::Duration, patience, absl::Seconds(3),
          "the deadline of the first call, from now");
ABSL_FLAG(absl::Duration, impatience, absl::Milliseconds(800),
          "the deadline of the second call, from now");
ABSL_FLAG(absl::Duration, cancel_after, absl::Milliseconds(500),
          "when to cancel the fourth call");
ABSL_FLAG(int, limit, 2, "after how many movies to stop the stream");
ABSL_FLAG(std::vector<std::string>, metadata,
          std::vector<std::string>({"x-request-id:42",
                                    "x-secret:for you only"}),
          "what to send along with the first call, KEY:VALUE each");

namespace movies {
namespace {

// The calls, and what came of them.
class Story {
 public:
  Story(v1::MoviesService::Stub* stub, Metadata metadata)
      : stub_(*stub), metadata_(std::move(metadata)) {
    request_.set_mid(absl::GetFlag(FLAGS_mid));
  }

  // Tells all of it. Whether every call ended as it should.
  bool Tell() {
    const absl::Duration patience = absl::GetFlag(FLAGS_patience);
    const absl::Duration impatience = absl::GetFlag(FLAGS_impatience);
    log_.Say(absl::StrCat("1. GetMovie with ", absl::FormatDuration(patience),
                          " and metadata"));
    GetMovie(patience, metadata_, grpc::StatusCode::OK);
    log_.Say(absl::StrCat("2. GetMovie with ", absl::FormatDuration(impatience),
                          ", too short for the work"));
    GetMovie(impatience, {}, grpc::StatusCode::DEADLINE_EXCEEDED);
    log_.Say("3. GetMovie with 50ms, too short to begin");
    GetMovie(absl::Milliseconds(50), {}, grpc::StatusCode::DEADLINE_EXCEEDED);
    log_.Say(
        absl::StrCat("4. GetMovie, cancelled after ",
                     absl::FormatDuration(absl::GetFlag(FLAGS_cancel_after))));
    CancelGetMovie();
    log_.Say(absl::StrCat("5. QueryMovie, stopped after ",
                          absl::GetFlag(FLAGS_limit), " movies"));
    StopQueryMovie();
    return as_expected_;
  }

 private:
  void GetMovie(absl::Duration timeout, const Metadata& metadata,
                grpc::StatusCode expected) {
    const MovieReply reply =
        GetMovieWithMetadata(stub_, request_, metadata, absl::Now() + timeout);
    if (reply.status.ok()) log_.Say("   " + reply.movie.movie_name());
    Print("initial", reply.initial);
    Print("trailing", reply.trailing);
    End(reply.status, expected);
  }

  void CancelGetMovie() {
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + absl::GetFlag(FLAGS_patience)));
    absl::Notification over;
    // TryCancel() may be called from any thread, while the call runs on
    // another.
    std::future<void> canceller = std::async(std::launch::async, [&] {
      over.WaitForNotificationWithTimeout(absl::GetFlag(FLAGS_cancel_after));
      context.TryCancel();
    });
    v1::Movie movie;
    const grpc::Status status = stub_.GetMovie(&context, request_, &movie);
    over.Notify();
    canceller.get();
    End(status, grpc::StatusCode::CANCELLED);
  }

  void StopQueryMovie() {
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + absl::GetFlag(FLAGS_patience)));
    v1::MovieQueryParams request;
    request.set_query(absl::GetFlag(FLAGS_query));
    std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
        stub_.QueryMovie(&context, request);
    v1::Movie movie;
    int read = 0;
    while (reader->Read(&movie)) {
      if (read == absl::GetFlag(FLAGS_limit)) continue;  // Was on its way.
      log_.Say("   " + movie.movie_name());
      if (++read == absl::GetFlag(FLAGS_limit)) context.TryCancel();
    }
    End(reader->Finish(), grpc::StatusCode::CANCELLED);
  }

  void Print(const char* kind, const Metadata& metadata) const {
    for (const auto& [key, value] : metadata) {
      log_.Say(absl::StrCat("   ", kind, " metadata ", absl::CHexEscape(key),
                            ": ", absl::CHexEscape(value)));
    }
  }

  void End(const grpc::Status& status, grpc::StatusCode expected) {
    log_.Say("   " + Outcome(status));
    // So that the server's lines about this call come before those of the next.
    absl::SleepFor(absl::Milliseconds(100));
    if (status.error_code() == expected) return;
    const bool first = std::exchange(as_expected_, false);
    if (absl::StartsWith(status.error_message(), "TODO(")) {
      if (!first) return;
      std::cerr << "That exercise is still to be solved; the solution's server "
                   "and client are in //solutions/05_context.\n";
    } else if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      if (!first) return;
      std::cerr << "Is a server running on " << absl::GetFlag(FLAGS_target)
                << "? bazel run //lessons/05_context:server\n";
    } else {
      std::cerr << "Code " << expected << " was expected here.\n";
    }
  }

  v1::MoviesService::Stub& stub_;
  const Metadata metadata_;
  v1::MovieID request_;
  const support::ConsoleLog log_;
  bool as_expected_ = true;
};

int Run() {
  Metadata metadata;
  for (const std::string& text : absl::GetFlag(FLAGS_metadata)) {
    const std::vector<std::string> parts =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    if (parts.size() != 2) {
      std::cerr << "--metadata takes KEY:VALUE, separated by commas, not '"
                << text << "'\n";
      return 1;
    }
    metadata.emplace(parts[0], parts[1]);
  }
  if (absl::GetFlag(FLAGS_limit) < 1) {
    std::cerr << "--limit is 1 or more\n";
    return 1;
  }
  // Any bytes at all: they are decoded at the other end.
  metadata.emplace("x-tenant-bin", std::string("\x00\xc3\xbc", 3));

  auto stub =
      v1::MoviesService::NewStub(DirectChannel(absl::GetFlag(FLAGS_target)));
  return Story(stub.get(), std::move(metadata)).Tell() ? 0 : 1;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "makes five calls and says what came of each: with time enough, with too "
      "little, with next to none, cancelled, and a stream that is stopped\n\n"
      "  bazel run //lessons/05_context:client -- --impatience=1500ms");
  absl::ParseCommandLine(argc, argv);
  return movies::Run();
}
