// Measures what the gateway costs: one call by gRPC, the same call as HTTP/JSON
// through the gateway, and the same HTTP answer from a server that does nothing
// else, side by side. One run, with clients and servers in this one process, on
// two cores:
//
//                         connections  requests/s      p50      p99
//   gRPC                            1        6112   156 us   252 us
//   gateway, then gRPC              1        2825   350 us   448 us
//   HTTP server alone               1       12060    89 us   134 us
//   gRPC                           32       15526  2025 us  3085 us
//   gateway, then gRPC             32       11696  2585 us  5457 us
//   HTTP server alone              32       47901   661 us  1325 us
//
// A connection is a channel of its own for gRPC; the gateway has one channel
// for all.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway.h"
#include "http_client.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/http_server.h"
#include "support/steady_clock.h"

ABSL_FLAG(int, rounds, 5, "how often to measure each thing; 1 or more");
ABSL_FLAG(absl::Duration, time, absl::Seconds(2),
          "how long to measure a thing each time");
ABSL_FLAG(std::vector<std::string>, connections,
          std::vector<std::string>({"1", "32"}),
          "numbers of connections, each with one request at a time");

namespace movies {
namespace {

constexpr absl::Duration kWarmUp = absl::Milliseconds(200);

// Makes one request and waits for its answer.
using Request = std::function<absl::Status()>;
// Makes what makes requests on a connection of its own.
using Connect = std::function<Request()>;

struct Way {
  std::string name;
  Connect connect;
};

// What came out of one measurement.
struct Result {
  double per_second = 0;
  absl::Duration p50;
  absl::Duration p99;
};

absl::Duration Percentile(std::vector<absl::Duration>& sorted, int percent) {
  return sorted[(sorted.size() - 1) * static_cast<std::size_t>(percent) / 100];
}

// Requests on so many connections at a time, each as soon as the one before is
// answered.
absl::StatusOr<Result> Load(const Connect& connect, int connections) {
  struct Worker {
    std::vector<absl::Duration> latencies;
    absl::Status failed;
    std::thread thread;
  };
  std::vector<Worker> workers(static_cast<std::size_t>(connections));
  const absl::Time start = support::SteadyNow() + kWarmUp;
  const absl::Time end = start + absl::GetFlag(FLAGS_time);
  for (Worker& worker : workers) {
    worker.thread = std::thread([&worker, &connect, start, end] {
      const Request request = connect();
      for (absl::Time begun = support::SteadyNow(); begun < end;) {
        worker.failed = request();
        if (!worker.failed.ok()) return;
        const absl::Time answered = support::SteadyNow();
        if (begun >= start && answered <= end) {
          worker.latencies.push_back(answered - begun);
        }
        begun = answered;
      }
    });
  }
  std::vector<absl::Duration> all;
  absl::Status failed;
  for (Worker& worker : workers) {
    worker.thread.join();
    failed.Update(worker.failed);
    all.insert(all.end(), worker.latencies.begin(), worker.latencies.end());
  }
  if (!failed.ok()) return failed;
  if (all.empty()) return absl::DeadlineExceededError("--time is too short");
  std::sort(all.begin(), all.end());
  return Result{static_cast<double>(all.size()) /
                    absl::ToDoubleSeconds(absl::GetFlag(FLAGS_time)),
                Percentile(all, 50), Percentile(all, 99)};
}

// The median of what `member`, a pointer to one, is of each.
template <typename Member>
auto Median(const std::vector<Result>& results, Member member) {
  std::vector<std::decay_t<decltype(results[0].*member)>> values;
  for (const Result& result : results) values.push_back(result.*member);
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A channel that shares no connection with others.
Request ConnectGrpc(const std::string& address) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::shared_ptr<v1::MoviesService::Stub> stub =
      v1::MoviesService::NewStub(grpc::CreateCustomChannel(
          address, grpc::InsecureChannelCredentials(), args));
  return [stub] {
    grpc::ClientContext context;
    v1::MovieID id;
    id.set_mid(1);
    v1::Movie movie;
    const grpc::Status status = stub->GetMovie(&context, id, &movie);
    return status.ok() ? absl::OkStatus()
                       : absl::UnavailableError(status.error_message());
  };
}

Request ConnectHttp(const std::string& address) {
  auto client = std::make_shared<HttpClient>(address);
  return [client] {
    const absl::StatusOr<support::HttpResponse> response =
        client->Send({"GET", "/v1/movies/1", {}, ""});
    if (!response.ok()) return response.status();
    if (response->status != 200) {
      return absl::InternalError(
          absl::StrCat("HTTP ", response->status, ": ", response->body));
    }
    return absl::OkStatus();
  };
}

absl::Status MeasureAll(const std::vector<Way>& ways,
                        const std::vector<int>& connection_counts) {
  absl::PrintF("%-24s %11s %12s %10s %10s\n", "", "connections", "requests/s",
               "p50", "p99");
  for (const int connections : connection_counts) {
    std::vector<std::vector<Result>> results(ways.size());
    for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
      for (std::size_t turn = 0; turn < ways.size(); ++turn) {
        // Whatever else the machine does hits each of them alike.
        const std::size_t way =
            (turn + static_cast<std::size_t>(round)) % ways.size();
        const absl::StatusOr<Result> result =
            Load(ways[way].connect, connections);
        if (!result.ok()) {
          return absl::Status(
              result.status().code(),
              absl::StrCat(ways[way].name, ": ", result.status().message()));
        }
        results[way].push_back(*result);
      }
    }
    for (std::size_t way = 0; way < ways.size(); ++way) {
      absl::PrintF(
          "%-24s %11d %12.0f %7.0f us %7.0f us\n", ways[way].name, connections,
          Median(results[way], &Result::per_second),
          absl::ToDoubleMicroseconds(Median(results[way], &Result::p50)),
          absl::ToDoubleMicroseconds(Median(results[way], &Result::p99)));
    }
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::Status Measure() {
  if (absl::GetFlag(FLAGS_rounds) < 1) {
    return absl::InvalidArgumentError("--rounds is 1 or more");
  }
  if (absl::GetFlag(FLAGS_time) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--time is more than 0");
  }
  std::vector<int> connection_counts;
  for (const std::string& text : absl::GetFlag(FLAGS_connections)) {
    int connections = 0;
    if (!absl::SimpleAtoi(text, &connections) || connections < 1 ||
        connections > 1000) {
      return absl::InvalidArgumentError(
          "--connections are numbers from 1 to 1000");
    }
    connection_counts.push_back(connections);
  }

  MovieStore store;
  CatalogueService service(&store);
  grpc::ServerBuilder builder;
  int grpc_port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &grpc_port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr) {
    return absl::UnavailableError("the gRPC server does not start");
  }
  const std::string grpc_address = absl::StrCat("127.0.0.1:", grpc_port);

  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Make(
      {v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")},
      grpc::CreateCustomChannel(grpc_address,
                                grpc::InsecureChannelCredentials(), args));
  if (!gateway.ok()) return gateway.status();
  absl::StatusOr<std::unique_ptr<support::HttpServer>> front =
      support::HttpServer::Start(
          support::HttpServer::Options(),
          [&](std::shared_ptr<support::HttpExchange> exchange) {
            (*gateway)->Handle(std::move(exchange));
          });
  if (!front.ok()) return front.status();
  const std::string front_address =
      absl::StrCat("127.0.0.1:", (*front)->port());

  // What the gateway answers, for the server that knows no other answer.
  absl::StatusOr<support::HttpResponse> answer =
      HttpClient(front_address).Send({"GET", "/v1/movies/1", {}, ""});
  if (!answer.ok()) return answer.status();
  absl::StatusOr<std::unique_ptr<support::HttpServer>> bare =
      support::HttpServer::Start(
          support::HttpServer::Options(),
          [&](std::shared_ptr<support::HttpExchange> exchange) {
            exchange->Respond(*answer);
          });
  if (!bare.ok()) return bare.status();
  const std::string bare_address = absl::StrCat("127.0.0.1:", (*bare)->port());

  v1::MovieID first;
  first.set_mid(1);
  v1::Movie movie;
  grpc::ServerContext unused;
  service.GetMovie(&unused, &first, &movie);
  absl::PrintF(
      "One movie: %d bytes as protobuf, %d as JSON. Medians of %d rounds of "
      "%s.\n\n",
      movie.ByteSizeLong(), answer->body.size(), absl::GetFlag(FLAGS_rounds),
      absl::FormatDuration(absl::GetFlag(FLAGS_time)));
  return MeasureAll(
      {{"gRPC", [&] { return ConnectGrpc(grpc_address); }},
       {"gateway, then gRPC", [&] { return ConnectHttp(front_address); }},
       {"HTTP server alone", [&] { return ConnectHttp(bare_address); }}},
      connection_counts);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures one call by gRPC, the same through the gateway, and the same "
      "answer from an HTTP server alone: requests a second, and what half and "
      "99 of 100 took at most. Clients and servers share this process. Build "
      "it with -c opt. Takes a good minute.\n\n"
      "  measure [--rounds=5] [--time=2s] [--connections=1,32]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  const absl::Status status = movies::Measure();
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
