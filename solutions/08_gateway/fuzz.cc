// Throws random requests at the gateway, and says whether it survived.

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway.h"
#include "http_client.h"
#include "movies/v1/movies.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/http_server.h"
#include "throw_requests.h"

ABSL_FLAG(std::uint64_t, count, 1'000'000, "how many requests to throw");
ABSL_FLAG(std::uint64_t, first, 0, "the number of the first one of the series");
ABSL_FLAG(std::uint64_t, seed, 1, "the series");
ABSL_FLAG(int, connections, 32, "how many at a time; 1 to 1000");

namespace movies {
namespace {

absl::Status Fuzz() {
  ThrowOptions options;
  options.count = absl::GetFlag(FLAGS_count);
  options.first = absl::GetFlag(FLAGS_first);
  options.seed = absl::GetFlag(FLAGS_seed);
  options.connections = absl::GetFlag(FLAGS_connections);
  if (options.connections < 1 || options.connections > 1000) {
    return absl::InvalidArgumentError("--connections is from 1 to 1000");
  }
  options.progress = [&](std::uint64_t done) {
    absl::FPrintF(stderr, "\r%d of %d", done, options.count);
  };

  MovieStore store;
  CatalogueService service(&store);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr) {
    return absl::UnavailableError("the gRPC server does not start");
  }
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Make(
      {v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")},
      grpc_server->InProcessChannel({}));
  if (!gateway.ok()) return gateway.status();
  support::HttpServer::Options http;
  http.error = Gateway::Error;
  http.read_timeout = absl::Seconds(5);
  absl::StatusOr<std::unique_ptr<support::HttpServer>> server =
      support::HttpServer::Start(
          http, [&](std::shared_ptr<support::HttpExchange> exchange) {
            (*gateway)->Handle(std::move(exchange));
          });
  if (!server.ok()) return server.status();

  const absl::Time start = absl::Now();
  const absl::StatusOr<ThrowReport> report =
      ThrowRequests((*server)->port(), options);
  absl::FPrintF(stderr, "\n");
  if (!report.ok()) return report.status();
  absl::PrintF(
      "%d requests in %s\n", options.count,
      absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Seconds(1))));
  for (const auto& [status, count] : report->answers) {
    absl::PrintF("%9d  %s\n", count,
                 status == 0 ? std::string("not whole: no answer")
                             : absl::StrCat(status));
  }

  HttpClient client(absl::StrCat("127.0.0.1:", (*server)->port()));
  const absl::StatusOr<support::HttpResponse> response =
      client.Send({"GET", "/v1/movies/1", {}, ""});
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return absl::InternalError(
        absl::StrCat("a good request now gets ", response->status));
  }
  absl::PrintF("and a good request is answered: %s\n", response->body);
  return absl::OkStatus();
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Throws random requests, good and bad, at the gateway in front of the "
      "movie service, all in this process, and counts the answers.\n\n"
      "  fuzz [--count=1000000] [--seed=1] [--first=0] [--connections=32]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  const absl::Status status = movies::Fuzz();
  if (absl::IsInvalidArgument(status)) {
    std::fprintf(stderr, "%s; see --help.\n",
                 std::string(status.message()).c_str());
    return 2;
  }
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
