// Makes a few calls, most of which go wrong, and says of each what came back
// and what a client does then.

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "codes.h"
#include "handle_status.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/idempotency.h"
#include "read_details.h"
#include "status_report.h"
#include "support/console_log.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(int32_t, mid, 0,
          "ask for this movie only, instead of the whole story; 0 for the "
          "story");

namespace movies {
namespace {

// A call is to be over by then; the one that has to be late has less.
constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr absl::Duration kTooShort = absl::Milliseconds(100);
// What the client waits if the server does not say, and at most.
constexpr absl::Duration kPause = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr int kAttempts = 3;

class Story {
 public:
  explicit Story(const std::string& target)
      : stub_(v1::MoviesService::NewStub(grpc::CreateCustomChannel(
            target, grpc::InsecureChannelCredentials(), Arguments()))) {}

  void Get(int32_t mid) {
    log_.Say(absl::StrCat("GetMovie(mid: ", mid, ")"));
    v1::MovieID request;
    request.set_mid(mid);
    v1::Movie movie;
    grpc::ClientContext context;
    SetTimeout(kTimeout, context);
    const grpc::Status status = stub_->GetMovie(&context, request, &movie);
    Explain("GetMovie", status);
    if (status.ok()) log_.Say(absl::StrCat("   ", movie.movie_name()));
    const std::optional<v1::MovieError> error = ReadMovieError(status);
    if (error.has_value() && error->reason() == v1::MOVIE_NOT_FOUND) {
      log_.Say("   The MovieError tells: it is the movie that is missing.");
    }
  }

  // Returns whether the server took the movie.
  bool Add(const v1::Movie& movie) {
    log_.Say(absl::StrCat("AddMovies(", movie.ShortDebugString(), ")"));
    v1::AddMoviesSummary summary;
    grpc::ClientContext context;
    SetTimeout(kTimeout, context);
    auto writer = stub_->AddMovies(&context, &summary);
    writer->Write(movie);  // Whether it could, Finish() tells.
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    Explain("AddMovies", status);
    return status.ok();
  }

  // Sends the call again for as long as that is the thing to do. Returns
  // whether it succeeded in the end.
  bool Query(const std::string& text) {
    v1::MovieQueryParams request;
    request.set_query(text);
    for (int attempt = 1; attempt <= kAttempts; ++attempt) {
      log_.Say(
          absl::StrCat("QueryMovie(query: \"", text, "\"), attempt ", attempt));
      grpc::ClientContext context;
      SetTimeout(kTimeout, context);
      auto reader = stub_->QueryMovie(&context, request);
      int count = 0;
      v1::Movie movie;
      while (reader->Read(&movie)) ++count;
      const grpc::Status status = reader->Finish();
      const NextStep step = Explain("QueryMovie", status);
      if (status.ok()) log_.Say(absl::StrCat("   movies found: ", count));
      // A server that says when asks for the call whatever the code, and this
      // one may be sent twice: it only reads.
      const std::optional<absl::Duration> asked =
          ReadRetryDelay(status, kLongestPause);
      if (step != NextStep::kRetry && !asked.has_value()) return status.ok();
      if (attempt == kAttempts) break;
      const absl::Duration pause = asked.value_or(kPause);
      log_.Say(absl::StrCat("   waiting for ", absl::FormatDuration(pause)));
      absl::SleepFor(pause);
    }
    log_.Say("   That was the last attempt.");
    return false;
  }

  // Does not wait long enough for the answer.
  void Rate(int32_t mid, int32_t stars) {
    log_.Say(absl::StrCat("RateMovie(mid: ", mid, ", stars: ", stars,
                          "), for at most ", absl::FormatDuration(kTooShort)));
    v1::MovieRating rating;
    rating.set_mid(mid);
    rating.set_stars(stars);
    v1::MovieScore score;
    grpc::ClientContext context;
    SetTimeout(kTooShort, context);
    Explain("RateMovie", stub_->RateMovie(&context, rating, &score));
  }

  // Nobody answers at the target.
  bool unreachable() const { return unreachable_; }
  // An exercise is missing, as far as the calls so far have told.
  bool unsolved() const { return unsolved_; }

  void Say(absl::string_view line) const { log_.Say(line); }

 private:
  static grpc::ChannelArguments Arguments() {
    grpc::ChannelArguments arguments;
    // The environment's http_proxy is not meant for a server on this machine.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return arguments;
  }

  static void SetTimeout(absl::Duration timeout, grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  }

  // Prints a status, its details and the decision, which it returns.
  NextStep Explain(const std::string& method, const grpc::Status& status) {
    log_.Say(absl::StrCat("   ", CodeName(status.error_code()),
                          status.error_message().empty() ? "" : ": ",
                          absl::Utf8SafeCHexEscape(status.error_message())));
    for (const std::string& line : DetailLines(status)) {
      log_.Say(absl::StrCat("   + ", line));
    }
    const NextStep step = DecideNextStep(
        status.error_code(),
        IdempotencyOf(absl::StrCat("/movies.v1.MoviesService/", method)));
    log_.Say(absl::StrCat("   → ", Describe(step)));
    if (status.ok() && step != NextStep::kUseResponse) {
      log_.Say("   It was OK! Is 04_errors.handle_status solved?");
      unsolved_ = true;
    }
    unsolved_ |= absl::StartsWith(status.error_message(), "TODO(");
    unreachable_ |= status.error_code() == grpc::StatusCode::UNAVAILABLE &&
                    status.error_details().empty();
    return step;
  }

  const support::ConsoleLog log_;
  const std::unique_ptr<v1::MoviesService::Stub> stub_;
  bool unreachable_ = false;
  bool unsolved_ = false;
};

int Main() {
  Story story(absl::GetFlag(FLAGS_target));
  const bool whole_story = absl::GetFlag(FLAGS_mid) == 0;
  bool ended_well = true;
  story.Get(whole_story ? 1 : absl::GetFlag(FLAGS_mid));
  if (story.unreachable()) {
    std::fprintf(stderr,
                 "Is a server running on %s? bazel run "
                 "//lessons/04_errors:server\n",
                 absl::GetFlag(FLAGS_target).c_str());
    return 1;
  }
  if (whole_story) {
    story.Get(-3);
    story.Get(999);
    v1::Movie movie;
    movie.set_movie_style("Comedy");
    if (story.Add(movie)) {
      story.Say(
          "   It took a movie without an ID and a name. Is "
          "04_errors.bad_request solved?");
    }
    movie.set_mid(65);
    movie.set_movie_name("Playtime (1967)");
    movie.set_movie_description("A man is lost in a city of glass.");
    movie.set_movie_style("comedy");
    ended_well = story.Add(movie) && story.Query("glass");
    story.Rate(65, 5);
  }
  if (story.unsolved()) {
    std::fprintf(stderr,
                 "Some exercises are still to be solved; the solution's "
                 "programs are in //solutions/04_errors.\n");
    return 1;
  }
  return ended_well ? 0 : 1;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Makes calls that go wrong, and says what a client does then.\n\n  "
      "client [--target=127.0.0.1:50051] [--mid=999]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
