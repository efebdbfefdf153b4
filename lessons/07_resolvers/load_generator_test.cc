#include "load_generator.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/steady_clock.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;

bool AnyCall(const CallRecord&) { return true; }

// Its calls never end by themselves.
class StuckService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    if (!called.HasBeenNotified()) called.Notify();
    support::WaitUntilCancelled(*context, absl::Seconds(10));
    return grpc::Status::CANCELLED;
  }

  absl::Notification called;
};

class LoadGeneratorTest : public ::testing::Test {
 protected:
  MovieStore store_;
  CatalogueService service_{&store_};
  support::TestServer server_{&service_};
};

TEST_F(LoadGeneratorTest, CallsAreMadeUntilItIsStopped) {
  LoadGenerator load(server_.NewChannel(), LoadOptions());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(load.AwaitCall(AnyCall, Patience()).has_value());
  }
  const std::vector<CallRecord> log = load.Stop();
  EXPECT_GE(log.size(), 10u);
  EXPECT_EQ(load.Log().size(), log.size());
}

TEST_F(LoadGeneratorTest, TheLogTellsWhoAnsweredAndHow) {
  const absl::Time before = support::SteadyNow();
  LoadGenerator load(server_.NewChannel(), LoadOptions());
  const std::optional<CallRecord> call = load.AwaitCall(AnyCall, Patience());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->peer, absl::StrCat("ipv4:", server_.address()));
  EXPECT_EQ(call->code, grpc::StatusCode::OK);
  EXPECT_GE(call->start, before);
  EXPECT_GT(call->duration, absl::ZeroDuration());
  EXPECT_LE(call->start + call->duration, support::SteadyNow());
}

TEST_F(LoadGeneratorTest, AFailedCallIsLoggedWithItsCode) {
  LoadOptions options;
  options.mid = -1;
  LoadGenerator load(server_.NewChannel(), options);
  const std::optional<CallRecord> call = load.AwaitCall(AnyCall, Patience());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call->peer, absl::StrCat("ipv4:", server_.address()))
      << "A server answered.";
}

TEST_F(LoadGeneratorTest, WithoutAServerThePeerIsTheTarget) {
  support::UnservedPort port;
  LoadGenerator load(support::LoopbackChannel(port.address()), LoadOptions());
  const std::optional<CallRecord> call = load.AwaitCall(AnyCall, Patience());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(call->peer, port.address());
}

TEST_F(LoadGeneratorTest, ItCanWaitForReady) {
  support::UnservedPort port;
  LoadOptions options;
  options.wait_for_ready = true;
  options.threads = 1;
  options.timeout = absl::Milliseconds(50);
  LoadGenerator load(support::LoopbackChannel(port.address()), options);
  const std::optional<CallRecord> call = load.AwaitCall(AnyCall, Patience());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->code, grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(LoadGeneratorTest, CallsStartAtTheInterval) {
  LoadOptions options;
  options.interval = absl::Milliseconds(5);
  const absl::Time start = support::SteadyNow();
  LoadGenerator load(server_.NewChannel(), options);
  absl::Time last = absl::InfinitePast();
  while (load.Log().size() < 10) {
    ASSERT_TRUE(load.AwaitCall(AnyCall, Patience()).has_value());
  }
  const std::vector<CallRecord> log = load.Log();
  for (int i = 0; i < 10; ++i) last = std::max(last, log[i].start);
  EXPECT_GE(last - start, 9 * options.interval);
}

TEST_F(LoadGeneratorTest, StoppingDoesNotWaitForTheInterval) {
  LoadOptions options;
  options.interval = absl::Hours(1);
  LoadGenerator load(server_.NewChannel(), options);
  const absl::Time start = support::SteadyNow();
  load.Stop();
  EXPECT_LT(support::SteadyNow() - start, absl::Minutes(1));
}

TEST_F(LoadGeneratorTest, CallsThatGoOnAreCancelled) {
  StuckService stuck;
  support::TestServer server(&stuck);
  LoadOptions options;
  options.threads = 1;
  options.timeout = absl::Hours(1);
  options.grace = absl::Milliseconds(20);
  LoadGenerator load(server.NewChannel(), options);
  EXPECT_TRUE(stuck.called.WaitForNotificationWithTimeout(Patience()));
  const std::vector<CallRecord> log = load.Stop();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].code, grpc::StatusCode::CANCELLED);
}

TEST_F(LoadGeneratorTest, AwaitCallGivesUp) {
  LoadGenerator load(server_.NewChannel(), LoadOptions());
  EXPECT_FALSE(load.AwaitCall([](const CallRecord&) { return false; },
                              absl::Milliseconds(10))
                   .has_value());
}

TEST_F(LoadGeneratorTest, StoppingEndsAwaitCall) {
  LoadGenerator load(server_.NewChannel(), LoadOptions());
  absl::Notification asked;
  std::thread waiting([&] {
    load.AwaitCall(
        [&](const CallRecord&) {
          if (!asked.HasBeenNotified()) asked.Notify();
          return false;
        },
        absl::InfiniteDuration());
  });
  EXPECT_TRUE(asked.WaitForNotificationWithTimeout(Patience()));
  load.Stop();
  waiting.join();
}

}  // namespace
}  // namespace movies
