// A demonstration: a service in the middle by the callback API. No thread waits
// while the next service works, and a cancellation is an event, OnCancel(), at
// its end and in the middle.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

constexpr absl::Duration kLong = absl::Seconds(10);

// Never answers. When its call is cancelled, it ends it.
class PatientService : public v1::MoviesService::WithCallbackMethod_GetMovie<
                           v1::MoviesService::Service> {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const v1::MovieID*, v1::Movie*) override {
    left = absl::FromChrono(context->deadline()) - absl::Now();
    called.Notify();
    return new Reactor(*this);
  }

  absl::Notification called;
  // To be read once `called` is notified.
  absl::Duration left;
  absl::Notification cancelled;

 private:
  class Reactor : public grpc::ServerUnaryReactor {
   public:
    explicit Reactor(PatientService& service) : service_(service) {}

    // The only place that ends the call, so it is ended once.
    void OnCancel() override {
      service_.cancelled.Notify();
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "nobody waits"));
    }
    void OnDone() override { delete this; }

   private:
    PatientService& service_;
  };
};

// Asks the next service, on behalf of a call, and answers with what it says.
class RelayReactor : public grpc::ServerUnaryReactor {
 public:
  RelayReactor(v1::MoviesService::Stub& next,
               const grpc::CallbackServerContext& caller,
               const v1::MovieID& request, v1::Movie* response)
      : context_(grpc::ClientContext::FromCallbackServerContext(caller)) {
    // gRPC owns `response` until OnDone(), and so does it `request`. A child
    // call that is cancelled with the caller's comes back here as well, so
    // OnCancel() has nothing to do.
    next.async()->GetMovie(
        context_.get(), &request, response,
        [this](grpc::Status status) { Finish(std::move(status)); });
  }

  void OnDone() override { delete this; }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
};

class RelayService : public v1::MoviesService::WithCallbackMethod_GetMovie<
                         v1::MoviesService::Service> {
 public:
  explicit RelayService(std::unique_ptr<v1::MoviesService::Stub> next)
      : next_(std::move(next)) {}

  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const v1::MovieID* request,
                                     v1::Movie* response) override {
    return new RelayReactor(*next_, *context, *request, response);
  }

 private:
  const std::unique_ptr<v1::MoviesService::Stub> next_;
};

// A client, and three services in a row: front calls middle calls back.
struct CallbackChain {
  PatientService back;
  support::TestServer back_server{&back};
  RelayService middle{v1::MoviesService::NewStub(back_server.NewChannel())};
  support::TestServer middle_server{&middle};
  RelayService front{v1::MoviesService::NewStub(middle_server.NewChannel())};
  support::TestServer front_server{&front};
  std::unique_ptr<v1::MoviesService::Stub> client =
      v1::MoviesService::NewStub(front_server.NewChannel());
};

TEST(CallbackRelayTest, CancellingTheFirstCallCancelsTheLast) {
  CallbackChain chain;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  v1::MovieID request;
  v1::Movie movie;
  grpc::Status status;
  absl::Notification done;
  chain.client->async()->GetMovie(&context, &request, &movie,
                                  [&](grpc::Status result) {
                                    status = std::move(result);
                                    done.Notify();
                                  });
  const bool arrived = chain.back.called.WaitForNotificationWithTimeout(kLong);
  context.TryCancel();
  done.WaitForNotification();
  ASSERT_TRUE(arrived);
  EXPECT_LE(chain.back.left, absl::Seconds(60.3));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(chain.back.cancelled.WaitForNotificationWithTimeout(kLong));
}

TEST(CallbackRelayTest, ADeadlineThatPassesIsACancellationToo) {
  // On a very busy machine a call may not arrive within half a second: try with
  // more, and a fresh chain, where no call of before can still arrive.
  for (absl::Duration time : {absl::Seconds(0.5), absl::Seconds(5)}) {
    CallbackChain chain;
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + time));
    v1::Movie movie;
    EXPECT_EQ(
        chain.client->GetMovie(&context, v1::MovieID(), &movie).error_code(),
        grpc::StatusCode::DEADLINE_EXCEEDED);
    if (!chain.back.called.HasBeenNotified()) continue;
    EXPECT_TRUE(chain.back.cancelled.WaitForNotificationWithTimeout(kLong));
    return;
  }
  FAIL() << "The call did not arrive at the last service.";
}

}  // namespace
}  // namespace movies
