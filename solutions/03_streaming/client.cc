// Streams movies from a server, uploads some, or rates some, and prints each
// message when it comes.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "add_movies.h"
#include "movie_feed.h"
#include "query_movie_client.h"
#include "rate_movies.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(60),
          "how long the call may take");
ABSL_FLAG(std::string, query, "robot",
          "stream the movies whose description contains this; empty for all");
ABSL_FLAG(int, limit, 0,
          "with --query: cancel after this many; 0 for no limit");
ABSL_FLAG(bool, pull, false,
          "with --query: read by the callback API's MovieFeed");
ABSL_FLAG(absl::Duration, delay, absl::ZeroDuration(),
          "with --query: how long to look at each movie before the next");
ABSL_FLAG(int, window, 0,
          "let the server send this many bytes ahead of the reader, no more; 0 "
          "for gRPC's own window, which grows with the traffic");
ABSL_FLAG(int, add, 0, "upload this many made-up movies instead");
ABSL_FLAG(int, spoil, 0, "with --add: leave the name of this one empty");
ABSL_FLAG(std::vector<std::string>, rate, {},
          "rate movies instead, MID:STARS each: --rate=1:5,1:4,2:3");

namespace movies {
namespace {

// Prints lines with the time since the program began.
class Clock {
 public:
  void Print(const std::string& line) const {
    std::cout << absl::StrFormat("%+7.3f s  ",
                                 absl::ToDoubleSeconds(absl::Now() - start_))
              << line << std::endl;
  }

 private:
  const absl::Time start_ = absl::Now();
};

void PrintMovie(const Clock& clock, int number, const v1::Movie& movie) {
  clock.Print(
      absl::StrFormat("%4d. #%d %s", number, movie.mid(), movie.movie_name()));
  absl::SleepFor(absl::GetFlag(FLAGS_delay));
}

grpc::Status Query(v1::MoviesService::StubInterface& stub, const Clock& clock,
                   absl::Time deadline) {
  const std::string query = absl::GetFlag(FLAGS_query);
  const int limit = absl::GetFlag(FLAGS_limit);
  int count = 0;
  if (!absl::GetFlag(FLAGS_pull)) {
    return QueryMovie(
        stub, query, limit, deadline,
        [&](const v1::Movie& movie) { PrintMovie(clock, ++count, movie); });
  }
  MovieFeed feed(stub, query, deadline);
  while (std::optional<v1::Movie> movie = feed.Next()) {
    PrintMovie(clock, ++count, *movie);
    if (count == limit) {
      feed.Finish();  // CANCELLED, as asked for.
      return grpc::Status::OK;
    }
  }
  grpc::Status status = feed.Finish();
  if (status.error_code() == grpc::StatusCode::CANCELLED) {
    std::cerr << "The feed ended before the stream: is the exercise "
                 "03_streaming.movie_feed solved?\n";
  }
  return status;
}

grpc::Status Add(v1::MoviesService::StubInterface& stub, const Clock& clock,
                 absl::Time deadline) {
  const int count = absl::GetFlag(FLAGS_add);
  int sent = 0;
  v1::AddMoviesSummary summary;
  grpc::Status status = AddMovies(
      stub,
      [&](v1::Movie* movie) {
        if (sent == count) return false;
        ++sent;
        movie->set_mid(1'000'000 + sent);
        movie->set_movie_name(sent == absl::GetFlag(FLAGS_spoil)
                                  ? ""
                                  : absl::StrFormat("Sequel %d (2030)", sent));
        movie->set_movie_description("One more of the same.");
        return true;
      },
      deadline, &summary);
  clock.Print(absl::StrFormat("%d of %d movies sent", sent, count));
  if (status.ok()) {
    clock.Print(absl::StrFormat("The server says: %d added, %d replaced",
                                summary.added(), summary.replaced()));
  }
  return status;
}

// Parses MID:STARS.
std::optional<v1::MovieRating> ParseRating(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  int mid = 0;
  int stars = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &mid) ||
      !absl::SimpleAtoi(parts[1], &stars)) {
    return std::nullopt;
  }
  v1::MovieRating rating;
  rating.set_mid(mid);
  rating.set_stars(stars);
  return rating;
}

grpc::Status Rate(v1::MoviesService::StubInterface& stub, const Clock& clock,
                  absl::Time deadline,
                  const std::vector<v1::MovieRating>& ratings) {
  size_t next = 0;
  return RateMovies(
      stub,
      [&](v1::MovieRating* rating) {
        if (next == ratings.size()) return false;
        *rating = ratings[next++];
        return true;
      },
      deadline,
      [&](const v1::MovieScore& score) {
        clock.Print(absl::StrFormat("#%d: %.2f stars (ratings: %d)",
                                    score.mid(), score.average(),
                                    score.ratings()));
      });
}

int Run() {
  std::vector<v1::MovieRating> ratings;
  for (const std::string& text : absl::GetFlag(FLAGS_rate)) {
    std::optional<v1::MovieRating> rating = ParseRating(text);
    if (!rating.has_value()) {
      std::cerr << "--rate takes MID:STARS, separated by commas, not '" << text
                << "'\n";
      return 1;
    }
    ratings.push_back(*rating);
  }
  if (absl::GetFlag(FLAGS_limit) < 0 || absl::GetFlag(FLAGS_add) < 0 ||
      absl::GetFlag(FLAGS_window) < 0) {
    std::cerr << "--limit, --add and --window are not negative\n";
    return 1;
  }

  const Clock clock;
  const std::string target = absl::GetFlag(FLAGS_target);
  grpc::ChannelArguments args;
  // gRPC would take 127.0.0.1 to the environment's http_proxy too.
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (absl::GetFlag(FLAGS_window) > 0) {
    args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES,
                absl::GetFlag(FLAGS_window));
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  }
  auto stub = v1::MoviesService::NewStub(grpc::CreateCustomChannel(
      target, grpc::InsecureChannelCredentials(), args));
  const absl::Time deadline = absl::Now() + absl::GetFlag(FLAGS_timeout);
  grpc::Status status;
  if (!ratings.empty()) {
    status = Rate(*stub, clock, deadline, ratings);
  } else if (absl::GetFlag(FLAGS_add) > 0) {
    status = Add(*stub, clock, deadline);
  } else {
    status = Query(*stub, clock, deadline);
  }
  if (status.ok()) {
    clock.Print("The stream ended with OK.");
    return 0;
  }
  clock.Print(absl::StrFormat("The stream ended with code %d: %s",
                              static_cast<int>(status.error_code()),
                              status.error_message()));
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    std::cerr << "Is a server running on " << target
              << "? bazel run //lessons/03_streaming:server\n";
  }
  if (absl::StartsWith(status.error_message(), "TODO(")) {
    std::cerr << "That exercise is still to be solved; the solution's server "
                 "and client are in //solutions/03_streaming.\n";
  }
  return 1;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "streams movies, or uploads or rates some\n\n"
      "  bazel run //lessons/03_streaming:client -- --query=robot --limit=3\n"
      "  bazel run //lessons/03_streaming:client -- --add=1000 --spoil=3\n"
      "  bazel run //lessons/03_streaming:client -- --rate=1:5,1:4,2:3");
  absl::ParseCommandLine(argc, argv);
  return movies::Run();
}
