#include "keepalive.h"

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "ping_policy.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::support::LoopbackChannel;
using ::support::TcpProxy;
using ::support::TestServer;
using ::support::TestServerOptions;

// Far longer than it takes to notice a black hole here.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);

// The value of an integer argument, or nothing if it is not set.
std::optional<int> Argument(const grpc::ChannelArguments& arguments,
                            const std::string& name) {
  std::optional<int> value;
  const grpc_channel_args all = arguments.c_channel_args();
  for (std::size_t i = 0; i < all.num_args; ++i) {
    const grpc_arg& argument = all.args[i];
    if (argument.type == GRPC_ARG_INTEGER && argument.key == name) {
      value = argument.value.integer;
    }
  }
  return value;
}

KeepaliveOptions Every(absl::Duration interval, absl::Duration timeout) {
  KeepaliveOptions options;
  options.interval = interval;
  options.timeout = timeout;
  return options;
}

TEST(KeepaliveArgumentsTest, SetsTheIntervalInMilliseconds) {
  EXPECT_EQ(
      Argument(KeepaliveArguments(Every(absl::Seconds(30), absl::Seconds(5))),
               GRPC_ARG_KEEPALIVE_TIME_MS),
      30000)
      << "Keepalive is off until a channel argument says how long a "
         "connection may be silent: GRPC_ARG_KEEPALIVE_TIME_MS, here 30 s. "
         "<grpc/impl/codegen/grpc_types.h> documents them all.";
}

TEST(KeepaliveArgumentsTest, SetsTheTimeoutInMilliseconds) {
  EXPECT_EQ(Argument(KeepaliveArguments(
                         Every(absl::Seconds(30), absl::Milliseconds(4500))),
                     GRPC_ARG_KEEPALIVE_TIMEOUT_MS),
            4500)
      << "GRPC_ARG_KEEPALIVE_TIMEOUT_MS says how long to wait for the answer "
         "to a ping, here 4.5 s.";
}

TEST(KeepaliveArgumentsTest, PingsWithoutCallsOnlyIfToldTo) {
  KeepaliveOptions options = Every(absl::Seconds(30), absl::Seconds(5));
  EXPECT_EQ(Argument(KeepaliveArguments(options),
                     GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS)
                .value_or(0),
            0)
      << "without_calls is false.";
  options.without_calls = true;
  EXPECT_EQ(Argument(KeepaliveArguments(options),
                     GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS),
            1)
      << "without_calls is true.";
}

TEST(KeepaliveArgumentsTest, LetsPingsGoOnForEver) {
  EXPECT_EQ(
      Argument(KeepaliveArguments(Every(absl::Seconds(30), absl::Seconds(5))),
               GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA),
      0)
      << "After two pings without other data gRPC sends no more, and a peer "
         "that hangs later goes unnoticed. GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_"
         "DATA changes that; 0 means no limit.";
}

TEST(KeepaliveArgumentsTest, IsOffByDefault) {
  const int off = std::numeric_limits<int>::max();
  EXPECT_EQ(Argument(KeepaliveArguments({}), GRPC_ARG_KEEPALIVE_TIME_MS)
                .value_or(off),
            off)
      << "An infinite interval means no keepalive, in gRPC INT_MAX; see "
         "ToMilliseconds().";
}

// Holds a call until it is released, or the test has waited for too long.
class HoldingService final : public v1::MoviesService::Service {
 public:
  void Release() { released_.Notify(); }

  // How long to hold it at most.
  absl::Duration hold = kPatience;

 private:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    released_.WaitForNotificationWithTimeout(hold);
    return grpc::Status::OK;
  }

  absl::Notification released_;
};

// A server that allows frequent pings, behind a proxy that can stop forwarding
// without closing anything.
class KeepaliveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestServerOptions options;
    options.configure = [](grpc::ServerBuilder& builder) {
      AllowPings(builder, absl::Milliseconds(10));
    };
    server_ = std::make_unique<TestServer>(&service_, options);
    absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
        TcpProxy::Start(server_->address());
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  // A channel through the proxy, connected.
  std::shared_ptr<grpc::Channel> Connect(const KeepaliveOptions& options) {
    std::shared_ptr<grpc::Channel> channel =
        LoopbackChannel(proxy_->address(), KeepaliveArguments(options));
    EXPECT_TRUE(channel->WaitForConnected(In(absl::Seconds(10))));
    return channel;
  }

  static std::chrono::system_clock::time_point In(absl::Duration duration) {
    return absl::ToChronoTime(absl::Now() + duration);
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                           absl::Duration timeout) {
    grpc::ClientContext context;
    context.set_deadline(In(timeout));
    v1::Movie movie;
    return v1::MoviesService::NewStub(channel)->GetMovie(&context,
                                                         v1::MovieID(), &movie);
  }

  HoldingService service_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<TcpProxy> proxy_;
};

TEST_F(KeepaliveTest, ACallOnADeadConnectionFails) {
  const KeepaliveOptions options =
      Every(absl::Milliseconds(100), absl::Milliseconds(200));
  std::shared_ptr<grpc::Channel> channel = Connect(options);
  proxy_->BlackHole();
  const absl::Time start = absl::Now();
  const grpc::Status status = Call(channel, kPatience);
  const absl::Duration took = absl::Now() - start;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "Nothing comes through any more, yet nobody closed the connection. "
         "A client with keepalive of 100 ms and a timeout of 200 ms should "
         "have noticed long before the call's deadline. The call ended after "
      << took << " with code " << status.error_code() << ": "
      << status.error_message();
  EXPECT_GE(took, options.timeout - absl::Milliseconds(2))
      << "The answer to a ping may take as long as the timeout says.";
}

TEST_F(KeepaliveTest, AnIdleChannelNoticesIfItMayPingWithoutCalls) {
  KeepaliveOptions options =
      Every(absl::Milliseconds(300), absl::Milliseconds(100));
  options.without_calls = true;
  std::shared_ptr<grpc::Channel> channel = Connect(options);
  proxy_->BlackHole();
  EXPECT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY, In(kPatience)))
      << "The connection is dead, no call is in flight, and the channel still "
         "believes that it is READY: it did not ping.";
}

TEST_F(KeepaliveTest, AnIdleChannelStaysAsItIsIfItMayNot) {
  std::shared_ptr<grpc::Channel> channel =
      Connect(Every(absl::Milliseconds(50), absl::Milliseconds(100)));
  proxy_->BlackHole();
  EXPECT_FALSE(channel->WaitForStateChange(GRPC_CHANNEL_READY,
                                           In(absl::Milliseconds(250))))
      << "without_calls is false, so a channel without calls should not ping.";
}

TEST_F(KeepaliveTest, WithoutKeepaliveNobodyNotices) {
  std::shared_ptr<grpc::Channel> channel = Connect({});
  proxy_->BlackHole();
  const grpc::Status status = Call(channel, absl::Milliseconds(250));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "Without keepalive only its deadline ends a call on a dead "
         "connection. It ended with code "
      << status.error_code() << ": " << status.error_message();
  EXPECT_EQ(channel->GetState(/*try_to_connect=*/false), GRPC_CHANNEL_READY)
      << "The channel should still believe in its connection.";
}

TEST_F(KeepaliveTest, AServerThatIsOnlySlowIsLeftAlone) {
  service_.hold = absl::Milliseconds(400);
  const grpc::Status status =
      Call(Connect(Every(absl::Milliseconds(50), absl::Milliseconds(300))),
           kPatience);
  EXPECT_TRUE(status.ok())
      << "The handler takes its time, but the server's gRPC answers pings "
         "meanwhile: keepalive asks for the connection, not for the handler. "
         "The call ended with code "
      << status.error_code() << ": " << status.error_message();
}

}  // namespace
}  // namespace movies
