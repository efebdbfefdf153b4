// A demonstration: what a deadline is to the two ends of one call.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "deadline_budget.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

// Keeps the deadline that its handler sees.
class DeadlineService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    ++calls;
    deadline = context->deadline();
    caller_deadline = CallerDeadline(*context);
    left = absl::FromChrono(deadline) - absl::Now();
    if (wait_until_cancelled) {
      cancelled = support::WaitUntilCancelled(*context, absl::Seconds(10));
    }
    return grpc::Status::OK;
  }

  bool wait_until_cancelled = false;
  std::atomic<int> calls{0};
  TimePoint deadline;
  absl::Time caller_deadline;
  absl::Duration left;
  bool cancelled = false;
};

class DeadlinesTest : public ::testing::Test {
 protected:
  grpc::Status Call() {
    v1::Movie movie;
    return stub_->GetMovie(&context_, v1::MovieID(), &movie);
  }

  DeadlineService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
  grpc::ClientContext context_;
};

TEST_F(DeadlinesTest, WithoutOneTheHandlerSeesTheEndOfTime) {
  ASSERT_TRUE(Call().ok());
  EXPECT_EQ(service_.deadline, TimePoint::max());
  // Which is a number like any other: a time in the year 2262, to which nothing
  // can be added. absl's own infinity turns into it.
  EXPECT_EQ(absl::ToChronoTime(absl::InfiniteFuture()), TimePoint::max());
  EXPECT_NE(absl::FromChrono(TimePoint::max()), absl::InfiniteFuture());
  // So deadline_budget.h turns it into that before anybody reckons with it.
  EXPECT_EQ(service_.caller_deadline, absl::InfiniteFuture());
}

TEST_F(DeadlinesTest, WithOneTheHandlerSeesWhenItIs) {
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  context_.set_deadline(absl::ToChronoTime(deadline));
  ASSERT_TRUE(Call().ok());
  EXPECT_GT(service_.caller_deadline, deadline - absl::Seconds(10));
  EXPECT_LT(service_.caller_deadline, deadline + absl::Seconds(70));
}

TEST_F(DeadlinesTest, ADeadlineThatHasPassedMakesNoCall) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() - absl::Seconds(1)));
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(DeadlinesTest, TheHandlersDeadlineMayLieALittleAfterTheClients) {
  // It travels as the time that is left, rounded up, and that runs from when it
  // arrives. So on one and the same clock the handler's is the later one. That
  // does no harm: at its own deadline the client ends the call.
  const absl::Time deadline = absl::Now() + absl::Seconds(59.95);
  context_.set_deadline(absl::ToChronoTime(deadline));
  ASSERT_TRUE(Call().ok());
  EXPECT_GT(absl::FromChrono(service_.deadline), deadline);
  // What holds on any machine: the time left is no more than the client had,
  // but for the rounding, here to a tenth of a second.
  EXPECT_LE(service_.left, absl::Seconds(60));
}

TEST_F(DeadlinesTest, WhenItPassesTheHandlerIsCancelledToo) {
  service_.wait_until_cancelled = true;
  // Long enough for the call to arrive on a busy machine, or nearly always; if
  // it does not, there is nothing to be cancelled.
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(0.5)));
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  server_.server().Shutdown();  // Returns when the handler has.
  if (service_.calls > 0) {
    EXPECT_TRUE(service_.cancelled);
  }
}

}  // namespace
}  // namespace movies
