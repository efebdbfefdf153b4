// Serves the catalogue until Ctrl-C, and then drains.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "graceful_shutdown.h"
#include "movies/v1/movies.grpc.pb.h"
#include "movies_service.h"
#include "proto/movie_store.h"
#include "start_server.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where to listen; port 0 picks a free one");
ABSL_FLAG(absl::Duration, delay, absl::ZeroDuration(),
          "how long a call takes, so that there is time to watch it");
ABSL_FLAG(absl::Duration, grace, absl::Seconds(10),
          "how long calls in flight may go on after Ctrl-C");

namespace movies {
namespace {

// One write per line, so that lines of several threads do not mix.
void Say(absl::string_view line) {
  const std::string text = absl::StrCat(line, "\n");
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Answers like MoviesService, after a delay, and tells what it does.
class TalkingService final : public v1::MoviesService::Service {
 public:
  // `service` is not owned and must outlive this object.
  TalkingService(v1::MoviesService::Service* service, absl::Duration delay)
      : service_(*service), delay_(delay) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    // The peer's port names the connection: many calls may come over one.
    const std::string call = absl::StrCat("GetMovie(mid: ", request->mid(),
                                          ") from ", context->peer());
    Say(absl::StrCat(call, " begins"));
    if (!WorkFor(delay_, *context)) {
      Say(absl::StrCat(call, " was cancelled"));
      return grpc::Status(grpc::StatusCode::CANCELLED, "cancelled");
    }
    const grpc::Status status = service_.GetMovie(context, request, response);
    Say(absl::StrCat(
        call, " ends: ",
        status.ok() ? response->movie_name() : status.error_message()));
    return status;
  }

 private:
  // Pretends to work; returns false as soon as nobody wants the result.
  static bool WorkFor(absl::Duration duration,
                      const grpc::ServerContext& context) {
    const absl::Time end = absl::Now() + duration;
    while (absl::Now() < end) {
      // A synchronous handler is not told of its cancellation. It has to look.
      if (context.IsCancelled()) return false;
      absl::SleepFor(std::min(end - absl::Now(), absl::Milliseconds(20)));
    }
    return true;
  }

  v1::MoviesService::Service& service_;
  const absl::Duration delay_;
};

int Main() {
  // First, so that every thread that gRPC starts leaves the signals to it.
  support::StopSignals stop_signals;

  MovieStore store;
  MoviesService movies_service(&store);
  TalkingService service(&movies_service, absl::GetFlag(FLAGS_delay));
  const std::string address = absl::GetFlag(FLAGS_address);
  absl::StatusOr<RunningServer> running = StartServer(address, &service);
  if (!running.ok()) {
    std::fprintf(stderr, "The server did not start: %s\n",
                 running.status().ToString().c_str());
    return 1;
  }
  Say(absl::StrCat("Serving ", store.size(), " movies on port ", running->port,
                   ". Ctrl-C stops."));

  stop_signals.Wait();

  const absl::Duration grace = absl::GetFlag(FLAGS_grace);
  Say(absl::StrCat("Taking no new calls; those in flight have ",
                   absl::FormatDuration(grace), "."));
  const absl::Time start = absl::Now();
  const bool drained = DrainServer(*running->server, grace);
  const absl::Duration took = absl::Now() - start;
  if (!drained && took < grace) {
    Say("DrainServer gave up early. Is 02_connection.graceful_shutdown "
        "solved?");
    return 1;
  }
  Say(absl::StrFormat(
      "%s; stopped after %.3f s.",
      drained ? "All calls finished" : "Some calls were cancelled",
      absl::ToDoubleSeconds(took)));
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves the movie catalogue until Ctrl-C, and then lets the calls in "
      "flight finish.\n\n  server [--address=127.0.0.1:50051] [--delay=5s] "
      "[--grace=10s]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
