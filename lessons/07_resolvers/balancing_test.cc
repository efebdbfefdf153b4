// Load balancing in gRPC: a channel has a connection to each of several
// servers, and a policy chooses one for each call. What the two policies in the
// box promise, and how a service config names them.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <asio.hpp>
#include <future>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/mortal_server.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::MortalServer;
using ::support::TcpProxy;
using ::support::TestServer;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kRoundRobin[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}]})";

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
}

// A server with ratings of its own.
struct Backend {
  explicit Backend(MovieStore* store) : service(store) {}

  CatalogueService service;
  MortalServer server{&service};
};

class BalancingTest : public ::testing::Test {
 protected:
  // A channel to all backends, in this order.
  std::shared_ptr<grpc::Channel> NewChannel(
      const std::string& service_config,
      grpc::ChannelArguments arguments = {}) {
    if (!service_config.empty()) {
      arguments.SetServiceConfigJSON(service_config);
    }
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    return support::LoopbackChannel(
        absl::StrCat("ipv4:", first_.server.address(), ",",
                     second_.server.address(), ",", third_.server.address()),
        arguments);
  }
  std::unique_ptr<v1::MoviesService::Stub> NewStub(
      const std::string& service_config) {
    return v1::MoviesService::NewStub(NewChannel(service_config));
  }

  // Calls until each of `backends` has answered: until the channel is connected
  // to all of them. Returns whether they have.
  bool AwaitAnswersFrom(v1::MoviesService::Stub& stub,
                        std::vector<const Backend*> backends) {
    const absl::Time end = absl::Now() + 5 * support::Patience();
    while (!backends.empty() && absl::Now() < end) {
      const Answer answer = CallBackend(stub);
      backends.erase(std::remove_if(backends.begin(), backends.end(),
                                    [&answer](const Backend* backend) {
                                      return answer.status.ok() &&
                                             backend->server.peer() ==
                                                 answer.backend;
                                    }),
                     backends.end());
    }
    return backends.empty();
  }

  // Calls until none of `count` calls in a row goes to `backend`.
  bool AwaitNoAnswersFrom(v1::MoviesService::Stub& stub, const Backend& backend,
                          int count) {
    const absl::Time end = absl::Now() + 5 * support::Patience();
    while (absl::Now() < end) {
      const std::map<std::string, int> calls = CallsPerBackend(stub, count);
      if (calls.count(backend.server.peer()) == 0) return true;
    }
    return false;
  }

  MovieStore store_;
  Backend first_{&store_};
  Backend second_{&store_};
  Backend third_{&store_};
};

TEST_F(BalancingTest, WithoutAPolicyItIsPickFirst) {
  // Whoever runs three servers and says nothing has two that do nothing.
  EXPECT_THAT(CallsPerBackend(*NewStub(""), 30),
              ElementsAre(Pair(first_.server.peer(), 30)));
  EXPECT_EQ(first_.server.connections(), 1);
  EXPECT_EQ(second_.server.connections(), 0);
  EXPECT_EQ(third_.server.connections(), 0);
}

TEST_F(BalancingTest, PickFirstGoesOnToTheNextWhenItsConnectionBreaks) {
  const auto stub = NewStub(R"({"loadBalancingConfig":[{"pick_first":{}}]})");
  EXPECT_THAT(CallsPerBackend(*stub, 10),
              ElementsAre(Pair(first_.server.peer(), 10)));

  first_.server.Die();
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&second_}));
  EXPECT_THAT(CallsPerBackend(*stub, 10),
              ElementsAre(Pair(second_.server.peer(), 10)));

  // It does not go back to one that it likes better.
  first_.server.Start();
  EXPECT_THAT(CallsPerBackend(*stub, 30),
              ElementsAre(Pair(second_.server.peer(), 30)));

  // It begins at the start of the list again.
  second_.server.Die();
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_}));
  EXPECT_EQ(third_.server.connections(), 0);
}

TEST_F(BalancingTest, RoundRobinGivesEachTheSameNumberOfCalls) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
  EXPECT_THAT(CallsPerBackend(*stub, 30),
              UnorderedElementsAre(Pair(first_.server.peer(), 10),
                                   Pair(second_.server.peer(), 10),
                                   Pair(third_.server.peer(), 10)));
}

TEST_F(BalancingTest, RoundRobinDoesSoForCallsAtTheSameTimeToo) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
  std::vector<std::future<std::map<std::string, int>>> callers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(std::async(
        std::launch::async, [&stub] { return CallsPerBackend(*stub, 30); }));
  }
  std::map<std::string, int> sum;
  for (auto& caller : callers) {
    for (const auto& [backend, calls] : caller.get()) sum[backend] += calls;
  }
  // Not each caller's calls, but all of the channel's.
  EXPECT_THAT(sum, UnorderedElementsAre(Pair(first_.server.peer(), 40),
                                        Pair(second_.server.peer(), 40),
                                        Pair(third_.server.peer(), 40)));
}

TEST_F(BalancingTest, RoundRobinHasOneConnectionToEach) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
  CallsPerBackend(*stub, 30);
  EXPECT_EQ(first_.server.connections(), 1);
  EXPECT_EQ(second_.server.connections(), 1);
  EXPECT_EQ(third_.server.connections(), 1);
}

TEST_F(BalancingTest, RoundRobinLeavesOutOneThatDiesUntilItIsBack) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));

  second_.server.Die();
  ASSERT_TRUE(AwaitNoAnswersFrom(*stub, second_, 10));
  // Who of them is next is drawn anew each time that it tries to connect to the
  // dead one: their shares are the same on the average only.
  EXPECT_THAT(CallsPerBackend(*stub, 30),
              UnorderedElementsAre(Pair(first_.server.peer(), _),
                                   Pair(third_.server.peer(), _)));

  // It has tried to connect all the time.
  second_.server.Start();
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&second_}));
  EXPECT_THAT(CallsPerBackend(*stub, 30), SizeIs(3));
}

TEST_F(BalancingTest, RoundRobinFailsCallsWhenNobodyIsLeft) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
  first_.server.Die();
  second_.server.Die();
  third_.server.Die();
  grpc::Status status;
  const absl::Time end = absl::Now() + 5 * support::Patience();
  do {
    status = CallBackend(*stub).status;
  } while (absl::Now() < end &&
           status.error_message().find("all backends") == std::string::npos);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(),
              HasSubstr("connections to all backends failing"));

  // One that waits for ready waits until somebody is back.
  std::future<Answer> waiting = std::async(std::launch::async, [&stub] {
    CallOptions patient;
    patient.wait_for_ready = true;
    return CallBackend(*stub, patient);
  });
  third_.server.Start();
  const Answer answer = waiting.get();
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.backend, third_.server.peer());
}

TEST_F(BalancingTest, AStreamStaysOnItsBackend) {
  const auto stub = NewStub(kRoundRobin);
  ASSERT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = stub->RateMovies(&context);
  for (int i = 1; i <= 6; ++i) {
    v1::MovieRating rating;
    rating.set_mid(1);
    rating.set_stars(5);
    ASSERT_TRUE(stream->Write(rating));
    v1::MovieScore score;
    ASSERT_TRUE(stream->Read(&score));
    // Each server counts its own ratings, so all of these came to one.
    EXPECT_EQ(score.ratings(), i);
    // Other calls go round meanwhile.
    CallBackend(*stub);
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  // Each of six calls would have gone to the next server.
  std::vector<int> counts;
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext unary;
    SetDeadline(unary);
    v1::MovieRating rating;
    rating.set_mid(2);
    rating.set_stars(5);
    v1::MovieScore score;
    ASSERT_TRUE(stub->RateMovie(&unary, rating, &score).ok());
    counts.push_back(score.ratings());
  }
  EXPECT_THAT(counts, ElementsAre(1, 1, 1));
}

// Whether anybody listens at "127.0.0.1:PORT".
bool IsServed(const std::string& address) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  std::error_code error;
  socket.connect({asio::ip::address_v4::loopback(),
                  static_cast<asio::ip::port_type>(
                      std::stoi(address.substr(address.rfind(':') + 1)))},
                 error);
  return !error;
}

TEST(ShutdownTest, ACallThatComesAsItsServerShutsDownIsCancelled) {
  // A policy cannot help here: the call was given to a server that was well.
  // Nor does a retry of UNAVAILABLE. So a server that is to go leaves the list
  // first, and shuts down when its clients know.
  MovieStore store;
  CatalogueService service(&store);
  TestServer server(&service);
  absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
      TcpProxy::Start(server.address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  const auto stub =
      v1::MoviesService::NewStub(support::LoopbackChannel((*proxy)->address()));
  ASSERT_TRUE(CallBackend(*stub).status.ok());

  // The call is on its way while the server begins to shut down.
  (*proxy)->BlackHole();
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = stub->RateMovies(&context);
  std::future<void> shutdown = std::async(std::launch::async, [&server] {
    server.server().Shutdown(
        absl::ToChronoTime(absl::Now() + absl::Seconds(9)));
  });
  const absl::Time end = absl::Now() + absl::Seconds(5);
  while (IsServed(server.address()) && absl::Now() < end) {
    std::this_thread::yield();
  }
  (*proxy)->Restore();

  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  shutdown.get();
}

// What a service config says of policies, and what becomes of a typing error.

struct Config {
  std::string name;
  std::string json;
};

void PrintTo(const Config& config, std::ostream* out) { *out << config.json; }

std::string ConfigName(const ::testing::TestParamInfo<Config>& info) {
  return info.param.name;
}

class SpreadingConfigTest : public BalancingTest,
                            public ::testing::WithParamInterface<Config> {};

INSTANTIATE_TEST_SUITE_P(
    , SpreadingConfigTest,
    ::testing::Values(
        Config{"TheOneToUse",
               R"({"loadBalancingConfig":[{"round_robin":{}}]})"},
        // For a client that knows a better one, and one that does not.
        Config{
            "TheFirstThatIsKnown",
            R"({"loadBalancingConfig":[{"new_one":{}},{"round_robin":{}}]})"},
        Config{"TheOldField", R"({"loadBalancingPolicy":"round_robin"})"}),
    ConfigName);

TEST_P(SpreadingConfigTest, SpreadsTheCalls) {
  const auto stub = NewStub(GetParam().json);
  EXPECT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
}

class IgnoredConfigTest : public BalancingTest,
                          public ::testing::WithParamInterface<Config> {};

INSTANTIATE_TEST_SUITE_P(
    , IgnoredConfigTest,
    ::testing::Values(
        Config{"ProtosNameOfTheField",
               R"({"load_balancing_config":[{"round_robin":{}}]})"},
        Config{"OneLetterMore",
               R"({"loadBalancingConfigs":[{"round_robin":{}}]})"}),
    ConfigName);

TEST_P(IgnoredConfigTest, LeavesPickFirst) {
  EXPECT_THAT(CallsPerBackend(*NewStub(GetParam().json), 30),
              ElementsAre(Pair(first_.server.peer(), 30)));
}

class RefusedConfigTest : public BalancingTest,
                          public ::testing::WithParamInterface<Config> {};

INSTANTIATE_TEST_SUITE_P(
    , RefusedConfigTest,
    ::testing::Values(
        Config{"NoSuchPolicy",
               R"({"loadBalancingConfig":[{"round-robin":{}}]})"},
        Config{"NoList", R"({"loadBalancingConfig":{"round_robin":{}}})"},
        Config{"NoObject", R"({"loadBalancingConfig":["round_robin"]})"},
        Config{
            "TwoInOne",
            R"({"loadBalancingConfig":[{"round_robin":{},"pick_first":{}}]})"},
        Config{"NoJson", R"({"loadBalancingConfig")"}),
    ConfigName);

TEST_P(RefusedConfigTest, FailsEveryCall) {
  // Which field it is, only gRPC's log says.
  const grpc::Status status = CallBackend(*NewStub(GetParam().json)).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "Failed to create secure client channel");
}

TEST_F(BalancingTest, AnArgumentNamesAPolicyToo) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  const auto stub = v1::MoviesService::NewStub(NewChannel("", arguments));
  EXPECT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
}

TEST_F(BalancingTest, AnArgumentWithATypingErrorLeavesPickFirst) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round-robin");
  const auto stub = v1::MoviesService::NewStub(NewChannel("", arguments));
  EXPECT_THAT(CallsPerBackend(*stub, 30),
              ElementsAre(Pair(first_.server.peer(), 30)));
}

TEST_F(BalancingTest, TheServiceConfigGoesBeforeTheArgument) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("pick_first");
  const auto stub =
      v1::MoviesService::NewStub(NewChannel(kRoundRobin, arguments));
  EXPECT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
}

TEST_F(BalancingTest, OfTwoServiceConfigsTheFirstWins) {
  // ChannelArguments adds, and replaces nothing.
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kRoundRobin);
  const auto stub = v1::MoviesService::NewStub(
      NewChannel(R"({"loadBalancingConfig":[{"pick_first":{}}]})", arguments));
  EXPECT_TRUE(AwaitAnswersFrom(*stub, {&first_, &second_, &third_}));
}

}  // namespace
}  // namespace movies
