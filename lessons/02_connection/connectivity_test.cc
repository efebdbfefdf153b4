#include "connectivity.h"

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using ::support::LoopbackChannel;
using ::support::TcpProxy;
using ::support::TestServer;
using ::support::UnservedPort;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Far longer than connecting takes; reached only when something is wrong.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);

// What WaitUntilReady() returned and reported.
struct Outcome {
  absl::Status status;
  std::vector<grpc_connectivity_state> states;

  std::string States() const {
    return absl::StrJoin(states, ", ",
                         [](std::string* out, grpc_connectivity_state state) {
                           out->append(std::string(StateName(state)));
                         });
  }
};

Outcome Wait(
    grpc::ChannelInterface& channel, absl::Duration timeout,
    const std::function<void(grpc_connectivity_state)>& on_state =
        [](grpc_connectivity_state) {}) {
  Outcome outcome;
  outcome.status = WaitUntilReady(channel, absl::Now() + timeout,
                                  [&](grpc_connectivity_state state) {
                                    // Somebody who polls reports without end.
                                    if (outcome.states.size() < 100) {
                                      outcome.states.push_back(state);
                                    }
                                    on_state(state);
                                  });
  return outcome;
}

// A channel whose states follow a script. It leaves IDLE when it is told to
// connect, and any other state when somebody waits for the change. At the end
// of the script nothing changes any more, and every wait times out at once. Who
// still does not give up is told READY in the end.
class ScriptedChannel final : public grpc::ChannelInterface {
 public:
  explicit ScriptedChannel(std::vector<grpc_connectivity_state> script)
      : script_(std::move(script)) {}

  grpc_connectivity_state GetState(bool try_to_connect) override {
    if (++looks_ > kMostLooks) return GRPC_CHANNEL_READY;
    const grpc_connectivity_state state = script_[at_];
    if (state == GRPC_CHANNEL_IDLE && try_to_connect) Advance();
    return state;
  }

  // Whether somebody looked again and again, without waiting.
  bool was_polled() const { return looks_ > kMostLooks; }

 private:
  static constexpr int kMostLooks = 1000;

  bool WaitForStateChangeImpl(grpc_connectivity_state last_observed,
                              gpr_timespec) override {
    if (script_[at_] == last_observed && last_observed != GRPC_CHANNEL_IDLE) {
      Advance();
    }
    return script_[at_] != last_observed;
  }

  void Advance() {
    if (at_ + 1 < script_.size()) ++at_;
  }

  // Nobody calls through this channel.
  grpc::internal::Call CreateCall(const grpc::internal::RpcMethod&,
                                  grpc::ClientContext*,
                                  grpc::CompletionQueue*) override {
    return grpc::internal::Call();
  }
  void PerformOpsOnCall(grpc::internal::CallOpSetInterface*,
                        grpc::internal::Call*) override {}
  void* RegisterMethod(const char*) override { return nullptr; }
  void NotifyOnStateChangeImpl(grpc_connectivity_state, gpr_timespec,
                               grpc::CompletionQueue*, void*) override {}

  const std::vector<grpc_connectivity_state> script_;
  std::size_t at_ = 0;
  int looks_ = 0;
};

class ConnectivityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
        TcpProxy::Start(server_.address());
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  v1::MoviesService::Service service_;
  TestServer server_{&service_};
  std::unique_ptr<TcpProxy> proxy_;  // In front of the server; it counts.
};

TEST_F(ConnectivityTest, ConnectsAChannelThatWasIdle) {
  std::shared_ptr<grpc::Channel> channel = LoopbackChannel(proxy_->address());
  auto stub = v1::MoviesService::NewStub(channel);
  EXPECT_EQ(channel->GetState(/*try_to_connect=*/false), GRPC_CHANNEL_IDLE);
  EXPECT_EQ(proxy_->accepted_connections(), 0);

  const Outcome outcome = Wait(*channel, kPatience);
  ASSERT_TRUE(outcome.status.ok())
      << "WaitUntilReady returned " << outcome.status
      << ". A channel is lazy: it stays IDLE until a call needs it, or "
         "GetState() is told to try to connect.";
  EXPECT_EQ(channel->GetState(/*try_to_connect=*/false), GRPC_CHANNEL_READY)
      << "WaitUntilReady returned OK before the channel was READY.";
  EXPECT_EQ(proxy_->accepted_connections(), 1);
}

TEST_F(ConnectivityTest, ReportsTheStatesOnTheWay) {
  // The proxy holds the connection back until the channel was seen CONNECTING.
  proxy_->BlackHole();
  std::shared_ptr<grpc::Channel> channel = LoopbackChannel(proxy_->address());
  const Outcome outcome =
      Wait(*channel, kPatience, [this](grpc_connectivity_state state) {
        if (state == GRPC_CHANNEL_CONNECTING) proxy_->Restore();
      });
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.states,
              ElementsAre(GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING,
                          GRPC_CHANNEL_READY))
      << "Reported were: " << outcome.States()
      << ". Report the first state, then block in WaitForStateChange() until "
         "there is another one to report.";
}

TEST_F(ConnectivityTest, GivesUpAtTheDeadlineAndNamesTheState) {
  proxy_->BlackHole();
  std::shared_ptr<grpc::Channel> channel = LoopbackChannel(proxy_->address());
  const absl::Duration timeout = absl::Milliseconds(200);
  const absl::Time start = absl::Now();
  std::future<Outcome> waiting =
      std::async(std::launch::async, [&] { return Wait(*channel, timeout); });
  if (waiting.wait_for(absl::ToChronoMilliseconds(kPatience)) !=
      std::future_status::ready) {
    proxy_->Restore();  // Ends a wait that would not end.
  }
  const Outcome outcome = waiting.get();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDeadlineExceeded)
      << "The server's machine takes the connection and then says nothing, so "
         "the channel cannot become READY. WaitForStateChange() returns false "
         "when the deadline has passed. WaitUntilReady returned "
      << outcome.status;
  EXPECT_GE(absl::Now() - start, timeout - absl::Milliseconds(2))
      << "That was before the deadline.";
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("CONNECTING"))
      << "The error should say how far it came: StateName(state).";
  EXPECT_THAT(outcome.states,
              ElementsAre(GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING))
      << "Reported were: " << outcome.States()
      << ". WaitForStateChange() sleeps until there is something to report.";
}

TEST_F(ConnectivityTest, ReturnsAtOnceIfAlreadyConnected) {
  std::shared_ptr<grpc::Channel> channel = LoopbackChannel(proxy_->address());
  ASSERT_TRUE(
      channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience)));
  const Outcome again = Wait(*channel, kPatience);
  EXPECT_TRUE(again.status.ok()) << again.status;
  EXPECT_THAT(again.states, ElementsAre(GRPC_CHANNEL_READY)) << again.States();
  EXPECT_EQ(proxy_->accepted_connections(), 1)
      << "A connected channel keeps its connection.";
}

TEST_F(ConnectivityTest, GoesOnAfterAFailedAttempt) {
  UnservedPort port;
  grpc::ChannelArguments arguments;
  // Try again after 100 ms, instead of the usual second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  std::shared_ptr<grpc::Channel> channel =
      LoopbackChannel(port.address(), arguments);
  channel->GetState(/*try_to_connect=*/true);
  std::unique_ptr<grpc::Server> server;
  const Outcome outcome =
      Wait(*channel, kPatience, [&](grpc_connectivity_state state) {
        if (state != GRPC_CHANNEL_TRANSIENT_FAILURE || server) return;
        grpc::ServerBuilder builder;
        builder.AddListeningPort(port.address(),
                                 grpc::InsecureServerCredentials());
        builder.RegisterService(&service_);
        server = builder.BuildAndStart();
      });
  EXPECT_THAT(outcome.states, Contains(GRPC_CHANNEL_TRANSIENT_FAILURE))
      << "Nobody listened on the port. Reported were: " << outcome.States();
  EXPECT_TRUE(outcome.status.ok())
      << "TRANSIENT_FAILURE is not the end: the channel tries again after a "
         "pause, and by then the server was there. WaitUntilReady returned "
      << outcome.status;
}

TEST(ScriptedConnectivityTest, WaitsInsteadOfPolling) {
  // Leaves CONNECTING only for somebody who waits for the change.
  ScriptedChannel channel(
      {GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING, GRPC_CHANNEL_READY});
  const Outcome outcome = Wait(channel, kPatience);
  EXPECT_THAT(outcome.states,
              ElementsAre(GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING,
                          GRPC_CHANNEL_READY))
      << (channel.was_polled() ? "You looked 1000 times without waiting. " : "")
      << "WaitForStateChange() blocks until the state is another one; call it "
         "between two looks. WaitUntilReady returned "
      << outcome.status;
}

TEST(ScriptedConnectivityTest, WakesAChannelThatFallsIdleMeanwhile) {
  // As when a server says goodbye before the channel was used.
  ScriptedChannel channel({GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING,
                           GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING,
                           GRPC_CHANNEL_READY});
  const Outcome outcome = Wait(channel, kPatience);
  EXPECT_TRUE(outcome.status.ok())
      << "The channel became IDLE again while it was watched, and somebody "
         "must wake it again. Reported were: "
      << outcome.States() << "; returned was " << outcome.status;
}

TEST(ScriptedConnectivityTest, EndsWhenTheChannelIsShutDown) {
  ScriptedChannel channel(
      {GRPC_CHANNEL_IDLE, GRPC_CHANNEL_CONNECTING, GRPC_CHANNEL_SHUTDOWN});
  const Outcome outcome = Wait(channel, kPatience);
  ASSERT_FALSE(channel.was_polled())
      << "You looked 1000 times without waiting: WaitForStateChange() blocks "
         "until the state is another one.";
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kCancelled)
      << "SHUTDOWN is the one state that a channel never leaves. "
         "WaitUntilReady returned "
      << outcome.status;
}

}  // namespace
}  // namespace movies
