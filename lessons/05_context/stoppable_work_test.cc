#include "stoppable_work.h"

#include <functional>
#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

constexpr int kSteps = 5;

// A service whose work is RunSteps, with a clock of its own, which stands still
// until a step moves it.
class WorkingService : public v1::MoviesService::Service {
 public:
  using Step = std::function<grpc::Status(const grpc::ServerContextBase&, int)>;

  explicit WorkingService(Step step) : step_(std::move(step)) {}

  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    deadline = absl::FromChrono(context->deadline());
    now = absl::Now();
    status = RunSteps(
        *context, kSteps,
        [&](int step) {
          in_order = in_order && step == steps;
          ++steps;
          return step_(*context, step);
        },
        [this] { return now; });
    returned.Notify();
    return status;
  }

  absl::Time deadline;
  absl::Time now;
  // Steps that were run; to be read, as what follows, once `returned` is
  // notified.
  int steps = 0;
  bool in_order = true;
  grpc::Status status;
  absl::Notification returned;

 private:
  const Step step_;
};

class StoppableWorkTest : public ::testing::Test {
 protected:
  // Calls the service and returns when its handler has.
  void Call(WorkingService& service) {
    support::TestServer server(&service);
    auto stub = v1::MoviesService::NewStub(server.NewChannel());
    v1::Movie movie;
    stub->GetMovie(&context_, v1::MovieID(), &movie);
    ASSERT_TRUE(service.returned.WaitForNotificationWithTimeout(
        kSteps * support::Patience()));
  }

  grpc::ClientContext context_;
};

TEST_F(StoppableWorkTest, RunsEveryStepInOrder) {
  WorkingService service([](auto&&...) { return grpc::Status::OK; });
  Call(service);
  EXPECT_TRUE(service.status.ok())
      << "Nobody cancelled and there is no deadline, and RunSteps returned \""
      << service.status.error_message()
      << "\". The handler's work is to call step with 0, 1, 2 and so on, and "
         "to "
         "look before each whether anybody still waits for it.";
  EXPECT_EQ(service.steps, kSteps)
      << "There were " << kSteps << " steps to run.";
  EXPECT_TRUE(service.in_order) << "Steps are numbered from 0.";
}

TEST_F(StoppableWorkTest, NoStepAfterTheCallIsCancelled) {
  bool cancelled = false;
  WorkingService service([&](const grpc::ServerContextBase& context, int step) {
    if (step == 1) {
      context_.TryCancel();
      cancelled = support::WaitUntilCancelled(context, support::Patience());
    }
    return grpc::Status::OK;
  });
  Call(service);
  ASSERT_GT(service.steps, 0) << "No step was run.";
  ASSERT_TRUE(cancelled) << "The server did not learn of the cancellation.";
  EXPECT_EQ(service.steps, 2)
      << "The client cancelled during the second step, which is step 1. By the "
         "sync API nobody interrupts a handler: it has to ask "
         "call.IsCancelled(), and again before each step.";
  EXPECT_EQ(service.status.error_code(), grpc::StatusCode::CANCELLED)
      << "The work is not done, so OK would be a lie in logs and metrics. "
         "RunSteps returned \""
      << service.status.error_message() << "\".";
}

TEST_F(StoppableWorkTest, NoStepAfterTheDeadline) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  WorkingService* clock = nullptr;
  WorkingService service([&](auto&, int step) {
    // Well after it: gRPC computes deadline() anew each time, from two clocks
    // that it reads one after the other, and a thread that is interrupted in
    // between gets a later one.
    if (step == 2) clock->now = clock->deadline + absl::Seconds(10);
    return grpc::Status::OK;
  });
  clock = &service;
  Call(service);
  ASSERT_GT(service.steps, 0)
      << "No step was run, though the deadline was 60 s away.";
  EXPECT_EQ(service.steps, 3)
      << "By now(), the clock that RunSteps was given, the call's deadline "
         "passed during step 2. Whoever waited has stopped waiting, also if "
         "gRPC has not cancelled the call yet: compare now() with "
         "call.deadline().";
  EXPECT_EQ(service.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "RunSteps returned \"" << service.status.error_message() << "\".";
}

TEST_F(StoppableWorkTest, PastTheDeadlineItIsNotMerelyCancelled) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  WorkingService* clock = nullptr;
  WorkingService service([&](const grpc::ServerContextBase& context, int step) {
    if (step == 0) {
      clock->now = clock->deadline + absl::Seconds(10);
      context_.TryCancel();
      support::WaitUntilCancelled(context, support::Patience());
    }
    return grpc::Status::OK;
  });
  clock = &service;
  Call(service);
  ASSERT_GT(service.steps, 0)
      << "No step was run, though the deadline was 60 s away.";
  EXPECT_EQ(service.steps, 1)
      << "The call was past its deadline and cancelled after step 0.";
  EXPECT_EQ(service.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "A call whose deadline has passed is cancelled by gRPC, so both are "
         "true. Why the work stopped is the deadline; people who read the "
         "server's logs want to know. RunSteps returned \""
      << service.status.error_message() << "\".";
}

TEST_F(StoppableWorkTest, AStepThatFailsIsTheLast) {
  WorkingService service([&](const grpc::ServerContextBase& context, int step) {
    if (step != 1) return grpc::Status::OK;
    context_.TryCancel();
    support::WaitUntilCancelled(context, support::Patience());
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "torn reel", "details");
  });
  Call(service);
  ASSERT_GE(service.steps, 2) << "Step 1 was not run.";
  EXPECT_EQ(service.steps, 2) << "Step 1 failed, and another one was run.";
  EXPECT_EQ(service.status.error_code(), grpc::StatusCode::DATA_LOSS)
      << "Step 1 failed with DATA_LOSS, and the client cancelled during it. "
         "The "
         "step's failure came first. RunSteps returned \""
      << service.status.error_message() << "\".";
  EXPECT_EQ(service.status.error_message(), "torn reel")
      << "The step said why it failed, and RunSteps should not say it anew.";
  EXPECT_EQ(service.status.error_details(), "details")
      << "A status is a code, a message and details.";
}

TEST_F(StoppableWorkTest, WorkThatIsDoneIsOk) {
  WorkingService service([&](const grpc::ServerContextBase& context, int step) {
    if (step == kSteps - 1) {
      context_.TryCancel();
      support::WaitUntilCancelled(context, support::Patience());
    }
    return grpc::Status::OK;
  });
  Call(service);
  EXPECT_EQ(service.steps, kSteps);
  EXPECT_TRUE(service.status.ok())
      << "The client cancelled during the last step. All the work was done, "
         "there is nothing left to stop, and RunSteps returned \""
      << service.status.error_message() << "\".";
}

}  // namespace
}  // namespace movies
