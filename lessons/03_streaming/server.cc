// Serves the movie catalogue on a port and says what becomes of each stream.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "movies_services.h"
#include "proto/movie_store.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051", "where to listen");
ABSL_FLAG(std::string, api, "sync",
          "how QueryMovie is served: sync (a thread per call) or callback (a "
          "reactor per call)");
ABSL_FLAG(absl::Duration, delay, absl::ZeroDuration(),
          "pause between two movies of a QueryMovie; with --api=sync only, "
          "because a reactor must not block");
ABSL_FLAG(int, copies, 1,
          "how many copies of the catalogue to serve; with 500, QueryMovie "
          "streams more than the window holds");

namespace movies {
namespace {

// The catalogue, `copies` times over, with IDs that go on.
v1::Catalogue Copies(int copies) {
  const std::vector<v1::Movie> movies = MovieStore().Query("");
  v1::Catalogue catalogue;
  for (int copy = 0; copy < copies; ++copy) {
    for (const v1::Movie& movie : movies) {
      *catalogue.add_movies() = movie;
      catalogue.mutable_movies()->rbegin()->set_mid(catalogue.movies_size());
    }
  }
  return catalogue;
}

int Serve() {
  const std::string api = absl::GetFlag(FLAGS_api);
  const absl::Duration delay = absl::GetFlag(FLAGS_delay);
  const int copies = absl::GetFlag(FLAGS_copies);
  if (api != "sync" && api != "callback") {
    std::cerr << "--api is sync or callback, not '" << api << "'\n";
    return 1;
  }
  if (api == "callback" && delay > absl::ZeroDuration()) {
    std::cerr << "--delay blocks a thread, which a reactor must not do: use it "
                 "with --api=sync\n";
    return 1;
  }
  if (copies < 1 || copies > 10'000) {
    std::cerr << "--copies is 1 to 10000, not " << copies << "\n";
    return 1;
  }

  // First, so that every thread that gRPC starts leaves the signals to it.
  support::StopSignals stop_signals;

  absl::Mutex mutex;
  const Log log = [&mutex](const std::string& line) {
    absl::MutexLock lock(&mutex);
    std::cout << absl::FormatTime("%H:%M:%E3S ", absl::Now(),
                                  absl::LocalTimeZone())
              << line << std::endl;
  };
  MovieStore store(Copies(copies));
  std::unique_ptr<grpc::Service> service;
  if (api == "sync") {
    service = std::make_unique<SyncMoviesService>(&store, delay, log);
  } else {
    service = std::make_unique<MixedMoviesService>(&store, log);
  }

  const std::string address = absl::GetFlag(FLAGS_address);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  // Or a second server on the same port would take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(service.get());
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "cannot listen on " << address
              << ": is another server running there? Try --address\n";
    return 1;
  }
  log(absl::StrCat("Serving ", store.size(), " movies on port ", port,
                   ", QueryMovie by the ", api, " API. Ctrl-C stops."));

  stop_signals.Wait();
  log("Stopping: no new calls, and half a second for those in flight.");
  server->Shutdown(absl::ToChronoTime(absl::Now() + absl::Milliseconds(500)));
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "serves the movie catalogue and says what becomes of each stream\n\n"
      "  bazel run //lessons/03_streaming:server -- --delay=500ms");
  absl::ParseCommandLine(argc, argv);
  return movies::Serve();
}
