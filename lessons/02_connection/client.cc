// Asks for a movie, and shows what the channel does meanwhile.

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "connectivity.h"
#include "get_movie.h"
#include "keepalive.h"
#include "movies/v1/movies.grpc.pb.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(int32_t, mid, 1, "the movie to ask for");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(5),
          "how long a call may take; with --watch, connecting too");
ABSL_FLAG(bool, wait_for_ready, false,
          "wait for a server that cannot be reached, instead of failing");
ABSL_FLAG(bool, watch, false,
          "connect before the first call, and print the channel's states");
ABSL_FLAG(int, calls, 1, "how many calls to make");
ABSL_FLAG(absl::Duration, pause, absl::Seconds(1),
          "how long to wait between two calls");
ABSL_FLAG(absl::Duration, keepalive, absl::InfiniteDuration(),
          "ping the server after so much silence; inf for never");
ABSL_FLAG(absl::Duration, keepalive_timeout, absl::Seconds(20),
          "how long to wait for the answer to a ping");

namespace movies {
namespace {

// Prints lines with the seconds since it was made.
class Log {
 public:
  void Say(absl::string_view line) const {
    absl::PrintF("%7.3f s  %s\n", absl::ToDoubleSeconds(absl::Now() - start_),
                 line);
    std::fflush(stdout);
  }

 private:
  const absl::Time start_ = absl::Now();
};

int Main() {
  const absl::Duration timeout = absl::GetFlag(FLAGS_timeout);
  KeepaliveOptions keepalive;
  keepalive.interval = absl::GetFlag(FLAGS_keepalive);
  keepalive.timeout = absl::GetFlag(FLAGS_keepalive_timeout);
  grpc::ChannelArguments arguments = KeepaliveArguments(keepalive);
  const Log log;
  if (keepalive.interval < absl::InfiniteDuration() &&
      arguments.c_channel_args().num_args ==
          grpc::ChannelArguments().c_channel_args().num_args) {
    log.Say("no keepalive: is 02_connection.keepalive solved?");
  }
  // The environment's http_proxy is not meant for a server on this machine.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(absl::GetFlag(FLAGS_target),
                                grpc::InsecureChannelCredentials(), arguments);

  if (absl::GetFlag(FLAGS_watch)) {
    const absl::Status ready = WaitUntilReady(
        *channel, absl::Now() + timeout, [&log](grpc_connectivity_state state) {
          log.Say(absl::StrCat("the channel is ", StateName(state)));
        });
    if (!ready.ok()) {
      log.Say(ready.ToString());
      return 1;
    }
  }

  GetMovieOptions options;
  options.timeout = timeout;
  options.wait_for_ready = absl::GetFlag(FLAGS_wait_for_ready);
  int exit_code = 0;
  for (int call = 0; call < absl::GetFlag(FLAGS_calls); ++call) {
    if (call > 0) absl::SleepFor(absl::GetFlag(FLAGS_pause));
    const int32_t mid = absl::GetFlag(FLAGS_mid);
    log.Say(absl::StrCat("GetMovie(mid: ", mid, ")"));
    absl::StatusOr<v1::Movie> movie = GetMovie(channel, mid, options);
    if (movie.ok()) {
      log.Say(absl::StrCat(movie->movie_name(), ", ", movie->movie_style()));
    } else {
      log.Say(movie.status().ToString());
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Asks the server for a movie.\n\n  client [--target=127.0.0.1:50051] "
      "[--mid=1] [--watch] [--wait_for_ready] [--timeout=5s]\n         "
      "[--calls=1] [--pause=1s] [--keepalive=inf] [--keepalive_timeout=20s]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
