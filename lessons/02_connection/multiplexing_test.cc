// One connection carries many calls at once: every call is a stream of its own
// on the channel's HTTP/2 connection. A proxy between client and server counts
// the connections; the server holds all calls until every one has arrived, so
// that they are truly simultaneous.

#include <grpcpp/grpcpp.h>

#include <future>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::support::LoopbackChannel;
using ::support::TcpProxy;
using ::support::TestServer;

constexpr int kCalls = 20;
constexpr absl::Duration kPatience = absl::Seconds(20);

// Answers no call before kCalls of them are there.
class BarrierService final : public v1::MoviesService::Service {
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID* request,
                        v1::Movie* response) override {
    absl::MutexLock lock(&mutex_);
    ++arrived_;
    const auto all_here = [this] {
      mutex_.AssertHeld();
      return arrived_ >= kCalls;
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&all_here), kPatience)) {
      return grpc::Status(grpc::StatusCode::ABORTED, "the others never came");
    }
    response->set_mid(request->mid());
    return grpc::Status::OK;
  }

  absl::Mutex mutex_;
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

class MultiplexingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
        TcpProxy::Start(server_.address());
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  // Makes kCalls simultaneous calls, dealt out to the channels in turn, and
  // expects all of them to succeed.
  void CallThrough(
      const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
    std::vector<std::future<grpc::Status>> calls;
    for (int i = 0; i < kCalls; ++i) {
      calls.push_back(std::async(
          std::launch::async, [channel = channels[i % channels.size()]] {
            grpc::ClientContext context;
            context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
            v1::Movie movie;
            return v1::MoviesService::NewStub(channel)->GetMovie(
                &context, v1::MovieID(), &movie);
          }));
    }
    for (std::future<grpc::Status>& call : calls) {
      const grpc::Status status = call.get();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }

  // A channel as grpc::CreateChannel() makes it, but for the environment's
  // http_proxy, which it ignores.
  std::shared_ptr<grpc::Channel> OrdinaryChannel(int user_argument = 0) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt("movies.user_argument", user_argument);
    return grpc::CreateCustomChannel(
        proxy_->address(), grpc::InsecureChannelCredentials(), arguments);
  }

  BarrierService service_;
  TestServer server_{&service_};
  std::unique_ptr<TcpProxy> proxy_;
};

// Slide: counted
TEST_F(MultiplexingTest, SimultaneousCallsOnAChannelShareOneConnection) {
  CallThrough({LoopbackChannel(proxy_->address())});
  EXPECT_EQ(proxy_->accepted_connections(), 1);
}

TEST_F(MultiplexingTest, ChannelsWithPoolsOfTheirOwnHaveConnectionsOfTheirOwn) {
  // LoopbackChannel() sets GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL.
  CallThrough(
      {LoopbackChannel(proxy_->address()), LoopbackChannel(proxy_->address())});
  EXPECT_EQ(proxy_->accepted_connections(), 2);
}

// The surprise: a second channel is not a second connection. Channels of one
// process take their connections from one pool, by address and arguments.
TEST_F(MultiplexingTest, OrdinaryChannelsToOneAddressShareOneConnection) {
  CallThrough({OrdinaryChannel(), OrdinaryChannel()});
  EXPECT_EQ(proxy_->accepted_connections(), 1);
}
// End slide: counted

TEST_F(MultiplexingTest, ChannelsWithOtherArgumentsHaveConnectionsOfTheirOwn) {
  CallThrough({OrdinaryChannel(1), OrdinaryChannel(2)});
  EXPECT_EQ(proxy_->accepted_connections(), 2);
}

}  // namespace
}  // namespace movies
