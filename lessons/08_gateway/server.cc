// The movie service, and a gateway in front of it: gRPC on one port, HTTP/JSON
// and a page on another.

#include <google/protobuf/descriptor.h>
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway.h"
#include "movies/v1/movies.pb.h"
#include "openapi.h"
#include "page.h"
#include "slow_catalogue.h"
#include "support/console_log.h"
#include "support/http_server.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:8080",
          "where to listen for HTTP; port 0 picks a free one");
ABSL_FLAG(std::string, grpc_address, "127.0.0.1:0",
          "where to listen for gRPC; port 0 picks a free one");
ABSL_FLAG(absl::Duration, delay, absl::Milliseconds(300),
          "pause between two movies of a search, so that one sees them come");

namespace movies {
namespace {

int Main() {
  if (absl::GetFlag(FLAGS_delay) < absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_delay) > absl::Minutes(1)) {
    std::fprintf(stderr, "--delay is 0 to 1m, not %s.\n",
                 absl::FormatDuration(absl::GetFlag(FLAGS_delay)).c_str());
    return 2;
  }
  support::StopSignals stop_signals;  // Before anything starts a thread.
  const support::ConsoleLog log;

  SlowCatalogue service(absl::GetFlag(FLAGS_delay), log);
  int grpc_port = 0;
  grpc::ServerBuilder builder;
  // Or a second server on the same port would take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::GetFlag(FLAGS_grpc_address),
                           grpc::InsecureServerCredentials(), &grpc_port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr) {
    std::fprintf(stderr,
                 "Cannot listen on %s. Is another server running there? Try "
                 "--grpc_address.\n",
                 absl::GetFlag(FLAGS_grpc_address).c_str());
    return 1;
  }

  // Through the network, as if the service were on another machine.
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::vector<const google::protobuf::ServiceDescriptor*> services = {
      v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")};
  absl::StatusOr<std::string> description = OpenApi(services, {"Movies", "1"});
  if (!description.ok()) {
    std::fprintf(stderr, "%s\n", description.status().ToString().c_str());
    return 1;
  }
  Gateway::Options options;
  options.resources = PageResources();
  options.resources["/openapi.json"] = {
      200, {{"Content-Type", "application/json"}}, *std::move(description)};
  // Slide: make_gateway
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Make(
      services,
      grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", grpc_port),
                                grpc::InsecureChannelCredentials(), args),
      std::move(options));
  // End slide: make_gateway
  if (!gateway.ok()) {
    std::fprintf(stderr, "%s\n", gateway.status().ToString().c_str());
    return 1;
  }

  support::HttpServer::Options http;
  http.address = absl::GetFlag(FLAGS_address);
  http.error = Gateway::Error;
  absl::StatusOr<std::unique_ptr<support::HttpServer>> http_server =
      support::HttpServer::Start(
          http, [&](std::shared_ptr<support::HttpExchange> exchange) {
            log.Say(absl::StrCat(exchange->request().method, " ",
                                 absl::CHexEscape(exchange->request().target)));
            (*gateway)->Handle(std::move(exchange));
          });
  if (!http_server.ok()) {
    std::fprintf(stderr,
                 "Cannot serve HTTP. Is another server running there? Try "
                 "--address.\n%s\n",
                 http_server.status().ToString().c_str());
    return 1;
  }
  log.Say(absl::StrCat("HTTP: Serving on port ", (*http_server)->port(),
                       ". Ctrl-C stops."));
  log.Say(
      absl::StrCat("A page: http://127.0.0.1:", (*http_server)->port(), "/"));
  log.Say(absl::StrCat("gRPC: 127.0.0.1:", grpc_port));
  stop_signals.Wait();

  // From the outside to the inside: nobody is left who would call the next.
  log.Say("Stopping.");
  http_server->reset();
  gateway->reset();
  grpc_server->Shutdown(
      absl::ToChronoTime(absl::Now() + absl::Milliseconds(500)));
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves the movie catalogue by HTTP/JSON, with a page, and by gRPC.\n\n"
      "  server [--address=127.0.0.1:8080] [--grpc_address=127.0.0.1:0] "
      "[--delay=300ms]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
