// Calls follow the addresses, and none is lost: under fifty random changes, and
// while backends die, come back and join. Each draws its picture; to see them,
//
//   bazel test --test_output=all //lessons/07_resolvers:moving_backends_test
//
// and the second as SVG, in the test's outputs.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "call_chart.h"
#include "gtest/gtest.h"
#include "load_generator.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/resolver.h"
#include "support/steady_clock.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;

// Spread over all backends; a call whose backend dies is made again.
constexpr char kServiceConfig[] = R"json({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{"service": "movies.v1.MoviesService", "method": "GetMovie"}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.005s",
      "maxBackoff": "0.05s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
})json";

// Passes what the test says on to its channel.
class TestBuilder : public support::ResolverBuilder {
 public:
  std::string Scheme() const override { return "test"; }

  absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
      const support::ResolverTarget& /*target*/,
      std::shared_ptr<support::ClientConnection> connection) override {
    absl::MutexLock lock(&mutex_);
    const absl::Status status = connection->UpdateState(state_);
    if (!status.ok()) return status;
    connection_ = std::move(connection);
    return std::make_unique<support::Resolver>();
  }

  void SetAddresses(std::vector<std::string> addresses) {
    absl::MutexLock lock(&mutex_);
    state_ = {std::move(addresses), kServiceConfig};
    if (connection_ == nullptr) return;
    const absl::Status status = connection_->UpdateState(state_);
    EXPECT_TRUE(status.ok()) << status;
  }

  // Before the next test's channel.
  void Reset() {
    absl::MutexLock lock(&mutex_);
    connection_ = nullptr;
  }

 private:
  absl::Mutex mutex_;
  support::ResolverState state_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<support::ClientConnection> connection_
      ABSL_GUARDED_BY(mutex_);
};

// Registers the builder before the first server.
class Registration : public ::testing::Environment {
 public:
  void SetUp() override {
    const absl::Status status = support::RegisterResolver(builder);
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::shared_ptr<TestBuilder> builder = std::make_shared<TestBuilder>();
};

Registration& registration = static_cast<Registration&>(
    *::testing::AddGlobalTestEnvironment(new Registration));

std::string PeerOf(const support::TestServer& server) {
  return absl::StrCat("ipv4:", server.address());
}

class MovingBackendsTest : public ::testing::Test {
 protected:
  MovingBackendsTest() { registration.builder->Reset(); }

  static void SetBackends(
      const std::vector<const support::TestServer*>& servers) {
    std::vector<std::string> addresses;
    for (const support::TestServer* server : servers) {
      addresses.push_back(server->address());
    }
    registration.builder->SetAddresses(std::move(addresses));
  }

  // One call a millisecond, on a channel that tries soon to connect again.
  void StartLoad() {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
    args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
    LoadOptions options;
    options.interval = absl::Milliseconds(1);
    load_ = std::make_unique<LoadGenerator>(
        support::LoopbackChannel("test:///movies", std::move(args)), options);
  }

  // Waits until this server has answered `calls` more calls.
  void AwaitCalls(const support::TestServer& server, int calls) {
    int seen = 0;
    EXPECT_TRUE(load_
                    ->AwaitCall(
                        [&](const CallRecord& call) {
                          return call.peer == PeerOf(server) && ++seen == calls;
                        },
                        Patience())
                    .has_value())
        << server.address() << " answered " << seen << " calls, not " << calls;
  }

  // Ends the load and expects that no call was lost.
  std::vector<CallRecord> StopLoad() {
    std::vector<CallRecord> log = load_->Stop();
    for (const CallRecord& call : log) {
      EXPECT_EQ(call.code, grpc::StatusCode::OK) << call.peer;
    }
    return log;
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  std::unique_ptr<LoadGenerator> load_;
};

TEST_F(MovingBackendsTest, NoCallIsLostUnderFiftyRandomChanges) {
  std::vector<std::unique_ptr<support::TestServer>> servers;
  std::vector<const support::TestServer*> all;
  ChartOptions chart;
  for (int i = 0; i < 6; ++i) {
    servers.push_back(std::make_unique<support::TestServer>(&service_));
    all.push_back(servers.back().get());
    chart.names[PeerOf(*servers.back())] = absl::StrCat("backend ", i);
  }
  std::mt19937 random(20191107);  // The same changes each time.
  SetBackends({all[0]});
  StartLoad();
  for (int change = 0; change < 50; ++change) {
    std::vector<const support::TestServer*> chosen;
    std::sample(all.begin(), all.end(), std::back_inserter(chosen),
                1 + random() % 3, random);
    SetBackends(chosen);
    for (const support::TestServer* server : chosen) AwaitCalls(*server, 3);
    if (HasFailure()) break;
  }
  std::cout << ChartAsText(StopLoad(), chart);
}

TEST_F(MovingBackendsTest, NoCallIsLostWhenBackendsDieAndComeBack) {
  support::TestServer a(&service_);
  auto b = std::make_unique<support::TestServer>(&service_);
  support::TestServer c(&service_);
  const std::string peer_of_b = PeerOf(*b);
  support::TestServerOptions where_b_was;
  ASSERT_TRUE(absl::SimpleAtoi(b->address().substr(b->address().rfind(':') + 1),
                               &where_b_was.port));
  ChartOptions chart;
  chart.names = {{PeerOf(a), "A"}, {peer_of_b, "B"}, {PeerOf(c), "C"}};
  const auto mark = [&](const std::string& label) {
    chart.marks.push_back({support::SteadyNow(), label});
  };

  SetBackends({&a, b.get()});
  StartLoad();
  AwaitCalls(*b, 60);

  mark("B dies");
  b = nullptr;  // The resolver still names it.
  AwaitCalls(a, 120);

  mark("B is back");
  b = std::make_unique<support::TestServer>(&service_, where_b_was);
  AwaitCalls(*b, 60);

  mark("C joins");
  SetBackends({&a, b.get(), &c});
  AwaitCalls(c, 60);

  mark("A leaves");
  SetBackends({b.get(), &c});
  AwaitCalls(*b, 80);

  const std::vector<CallRecord> log = StopLoad();
  std::cout << ChartAsText(log, chart);
  if (const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    std::ofstream(absl::StrCat(folder, "/calls.svg")) << ChartAsSvg(log, chart);
  }
}

}  // namespace
}  // namespace movies
