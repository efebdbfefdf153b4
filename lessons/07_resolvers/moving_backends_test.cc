// Calls follow the addresses, and none is lost: under fifty random changes, and
// while backends die, come back and join. Each draws its picture. To see them,
// run this test with --test_output=all and --nocache_test_results; the second
// is among the test's outputs as SVG, too.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
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
#include "backend_calls.h"
#include "call_chart.h"
#include "gtest/gtest.h"
#include "load_generator.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/mortal_server.h"
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

class MovingBackendsTest : public ::testing::Test {
 protected:
  MovingBackendsTest() { registration.builder->Reset(); }

  static void SetAddresses(const std::vector<std::string>& addresses) {
    registration.builder->SetAddresses(addresses);
  }

  // One call a millisecond, on a channel that tries soon to connect again.
  void StartLoad() {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
    LoadOptions options;
    options.interval = absl::Milliseconds(1);
    load_ = std::make_unique<LoadGenerator>(
        support::LoopbackChannel("test:///movies", std::move(args)), options);
  }

  // Waits until this backend has answered `calls` more calls.
  void AwaitCalls(const std::string& address, int calls) {
    int seen = 0;
    EXPECT_TRUE(load_
                    ->AwaitCall(
                        [&](const CallRecord& call) {
                          return call.peer == PeerOf(address) &&
                                 ++seen == calls;
                        },
                        Patience())
                    .has_value())
        << address << " answered " << seen << " calls, not " << calls;
  }

  // Ends the load and expects that no call was lost.
  std::vector<CallRecord> StopLoad() {
    std::vector<CallRecord> log = load_->Stop();
    const auto is_lost = [](const CallRecord& call) {
      return call.code != grpc::StatusCode::OK;
    };
    const auto first = std::find_if(log.begin(), log.end(), is_lost);
    if (first != log.end()) {
      ADD_FAILURE() << std::count_if(first, log.end(), is_lost) << " of "
                    << log.size() << " calls were lost, the first one to "
                    << first->peer << " with code " << first->code;
    }
    return log;
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  std::unique_ptr<LoadGenerator> load_;
};

TEST_F(MovingBackendsTest, NoCallIsLostUnderFiftyRandomChanges) {
  std::vector<std::unique_ptr<support::TestServer>> servers;
  std::vector<std::string> all;
  ChartOptions chart;
  for (int i = 0; i < 6; ++i) {
    servers.push_back(std::make_unique<support::TestServer>(&service_));
    all.push_back(servers.back()->address());
    chart.names[PeerOf(all.back())] = absl::StrCat("backend ", i);
  }
  std::mt19937 random(20191107);  // The same changes each time.
  SetAddresses({all[0]});
  StartLoad();
  for (int change = 0; change < 50; ++change) {
    std::vector<std::string> chosen;
    std::sample(all.begin(), all.end(), std::back_inserter(chosen),
                1 + random() % 3, random);
    SetAddresses(chosen);
    for (const std::string& address : chosen) AwaitCalls(address, 3);
    if (HasFailure()) break;
  }
  std::cout << ChartAsText(StopLoad(), chart);
}

TEST_F(MovingBackendsTest, NoCallIsLostWhenBackendsDieAndComeBack) {
  support::TestServer server_a(&service_);
  // It dies as a process that is killed does. One that is shut down answers
  // some of the last calls with CANCELLED.
  support::MortalServer server_b(&service_);
  support::TestServer server_c(&service_);
  const std::string& a = server_a.address();
  const std::string b = server_b.address();
  const std::string& c = server_c.address();
  ChartOptions chart;
  chart.names = {{PeerOf(a), "A"}, {PeerOf(b), "B"}, {PeerOf(c), "C"}};
  const auto mark = [&](const std::string& label) {
    chart.marks.push_back({support::SteadyNow(), label});
  };

  SetAddresses({a, b});
  StartLoad();
  AwaitCalls(b, 60);

  mark("B dies");  // The resolver still names it.
  server_b.Die();
  AwaitCalls(a, 120);

  mark("B is back");
  server_b.Start();
  AwaitCalls(b, 60);

  mark("C joins");
  SetAddresses({a, b, c});
  AwaitCalls(c, 60);

  mark("A leaves");
  SetAddresses({b, c});
  AwaitCalls(b, 80);

  const std::vector<CallRecord> log = StopLoad();
  std::cout << ChartAsText(log, chart);
  if (const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    std::ofstream(absl::StrCat(folder, "/calls.svg")) << ChartAsSvg(log, chart);
  }
}

}  // namespace
}  // namespace movies
