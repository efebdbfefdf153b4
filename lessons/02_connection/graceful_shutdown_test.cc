#include "graceful_shutdown.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

// How long a drain may take that goes wrong.
constexpr absl::Duration kPatience = absl::Seconds(1);

// More than the calls here need to finish.
constexpr absl::Duration kGrace = absl::Seconds(2);

std::chrono::system_clock::time_point In(absl::Duration duration) {
  return absl::ToChronoTime(absl::Now() + duration);
}

// Works on a call until the test releases it, or it is cancelled, or the test
// has waited for too long.
class WorkingService final : public v1::MoviesService::Service {
 public:
  void WaitForCall() { called_.WaitForNotification(); }
  void Release() {
    if (!released_.HasBeenNotified()) released_.Notify();
  }
  bool saw_cancellation() const { return saw_cancellation_; }

 private:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie* response) override {
    response->set_movie_name("Metropolis (1927)");
    // The second call is one that a drained server should not have taken.
    if (called_.HasBeenNotified()) return grpc::Status::OK;
    called_.Notify();
    // In the synchronous API a handler that works for long has to look.
    const absl::Time give_up = absl::Now() + 2 * kPatience;
    while (absl::Now() < give_up) {
      if (released_.WaitForNotificationWithTimeout(absl::Milliseconds(5))) {
        return grpc::Status::OK;
      }
      if (context->IsCancelled()) {
        saw_cancellation_ = true;
        return grpc::Status::CANCELLED;
      }
    }
    return grpc::Status(grpc::StatusCode::ABORTED, "nobody released the call");
  }

  absl::Notification called_;
  absl::Notification released_;
  std::atomic<bool> saw_cancellation_{false};
};

class GracefulShutdownTest : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(port_.address(),
                             grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ASSERT_TRUE(channel_->WaitForConnected(In(absl::Seconds(20))));
  }

  // Whatever DrainServer() did, nobody waits any longer.
  void TearDown() override {
    service_.Release();
    if (server_ != nullptr) server_->Shutdown(In(absl::ZeroDuration()));
  }

  grpc::Status Call() {
    grpc::ClientContext context;
    context.set_deadline(In(absl::Seconds(20)));
    v1::Movie movie;
    return v1::MoviesService::NewStub(channel_)->GetMovie(
        &context, v1::MovieID(), &movie);
  }

  // Starts a call and returns once its handler is at work.
  void StartCall() {
    call_ = std::async(std::launch::async, [this] { return Call(); });
    service_.WaitForCall();
  }

  void StartDrain(absl::Duration grace) {
    drained_ = std::async(std::launch::async, [this, grace] {
      return DrainServer(*server_, grace);
    });
  }

  // Returns whether DrainServer() returns in time.
  bool DrainEnds() {
    return drained_.wait_for(absl::ToChronoMilliseconds(kPatience)) ==
           std::future_status::ready;
  }

  // Returns whether the client is told in time that the server is going.
  bool ClientIsTold() {
    return channel_->WaitForStateChange(GRPC_CHANNEL_READY, In(kPatience));
  }

  support::UnservedPort port_;  // Nobody else's, even when the server is gone.
  WorkingService service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_ =
      support::LoopbackChannel(port_.address());
  std::future<grpc::Status> call_;
  std::future<bool> drained_;
};

TEST_F(GracefulShutdownTest, StopsAServerThatHasNothingToDo) {
  StartDrain(kGrace);
  ASSERT_TRUE(ClientIsTold())
      << "The server goes on running: its client is still connected. "
         "Shutdown() stops a server; Wait() only waits until it has stopped.";
  ASSERT_TRUE(DrainEnds())
      << "No call is in flight, so there is nothing to wait for, yet "
         "DrainServer did not return.";
  EXPECT_TRUE(drained_.get()) << "No call was cut off: return true.";
}

TEST_F(GracefulShutdownTest, LetsACallInFlightFinish) {
  StartCall();
  StartDrain(kGrace);
  ASSERT_TRUE(ClientIsTold())
      << "The server goes on taking calls: Shutdown() comes first, and gives "
         "the calls in flight until its deadline.";
  EXPECT_EQ(call_.wait_for(std::chrono::milliseconds(100)),
            std::future_status::timeout)
      << "The call was cut off as soon as the drain began.";
  service_.Release();
  const grpc::Status status = call_.get();
  EXPECT_TRUE(status.ok())
      << "The call was in flight when the drain began, and had " << kGrace
      << " to finish. It ended with code " << status.error_code() << ": "
      << status.error_message();
  ASSERT_TRUE(DrainEnds())
      << "The last call is done: DrainServer should return at once, not when "
         "the grace period is over.";
  EXPECT_TRUE(drained_.get()) << "No call was cut off: return true.";
}

TEST_F(GracefulShutdownTest, TakesNoNewCallsWhileItDrains) {
  StartCall();
  StartDrain(kGrace);
  ASSERT_TRUE(ClientIsTold()) << "The server goes on taking calls.";
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "A server that drains should refuse new calls, so that clients turn "
         "to another server. The call ended with code "
      << status.error_code() << ": " << status.error_message();
  EXPECT_EQ(drained_.wait_for(std::chrono::seconds(0)),
            std::future_status::timeout)
      << "DrainServer returned, but a call is in flight that has " << kGrace
      << " to finish.";
}

TEST_F(GracefulShutdownTest, CancelsACallThatOutlivesTheGracePeriod) {
  StartCall();
  const absl::Duration grace = absl::Milliseconds(150);
  const absl::Time start = absl::Now();
  StartDrain(grace);
  ASSERT_TRUE(DrainEnds())
      << "The grace period is over, a call is still in flight, and "
         "DrainServer still waits for it. Shutdown() takes a deadline, at "
         "which it cancels what is left.";
  EXPECT_GE(absl::Now() - start, grace - absl::Milliseconds(2))
      << "DrainServer returned before the grace period was over.";
  EXPECT_FALSE(drained_.get()) << "A call was cut off: return false.";
  EXPECT_TRUE(service_.saw_cancellation())
      << "The handler should have seen IsCancelled(), and DrainServer should "
         "have waited until it returned.";
  service_.Release();
  EXPECT_FALSE(call_.get().ok()) << "The call was cancelled.";
}

}  // namespace
}  // namespace movies
