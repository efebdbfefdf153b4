// Serves GetMovie until Ctrl-C: the smallest program around a generated
// service. With --next_version, a server that knows one field more than its
// clients.

#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "add_field.h"
#include "movie_service.h"
#include "movies/v1/movies.pb.h"
#include "next_movie.h"
#include "proto/movie_store.h"
#include "report.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051", "where to listen");
ABSL_FLAG(bool, next_version, false,
          "answer as tomorrow's server would, with a field release_year that "
          "today's client does not know");

namespace movies {
namespace {

// Tomorrow's Movie: today's with one more field.
absl::StatusOr<std::unique_ptr<NextMovie>> MakeNextMovie() {
  absl::StatusOr<google::protobuf::DescriptorProto> next =
      AddField(*v1::Movie::descriptor(), "release_year",
               google::protobuf::FieldDescriptorProto::TYPE_INT32);
  if (!next.ok()) return next.status();
  return NextMovie::Make(*next);
}

int Main() {
  // First, so that every thread that gRPC starts leaves the signals to it.
  support::StopSignals stop_signals;

  std::unique_ptr<NextMovie> next;
  if (absl::GetFlag(FLAGS_next_version)) {
    absl::StatusOr<std::unique_ptr<NextMovie>> made = MakeNextMovie();
    if (!made.ok()) {
      std::cerr << "There is no next version yet.\n" << WhyNot(made.status());
      return 1;
    }
    next = *std::move(made);
  }

  const MovieStore store;
  MovieService service(&store, next.get());
  const std::string address = absl::GetFlag(FLAGS_address);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  // Otherwise a second server shares the port, and takes half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "Cannot listen on " << address
              << ". Is another server running there? Try --address.\n";
    return 1;
  }

  std::cout
      << "Serving " << store.size() << " movies on " << address << " (port "
      << port << "). Ctrl-C stops.\n"
      << "Overridden here: GetMovie. The service has, by its descriptor:\n"
      << MethodTable(*v1::Movie::descriptor()->file()->FindServiceByName(
             "MoviesService"));
  if (next != nullptr) {
    std::cout << "Every movie carries release_year, as field "
              << next->release_year_number() << ".\n";
  }
  std::cout << std::flush;

  stop_signals.Wait();
  std::cout << "\nStopping.\n";
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves movies.v1.MoviesService.GetMovie until Ctrl-C.");
  absl::ParseCommandLine(argc, argv);
  return movies::Main();
}
