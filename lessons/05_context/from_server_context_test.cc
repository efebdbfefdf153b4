// A demonstration: what goes from an incoming call to an outgoing one with
// ClientContext::FromServerContext(), and what does not.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

// What somebody may try to pass down by a variable. In one process, even.
thread_local std::string current_user;

constexpr absl::Duration kLong = absl::Seconds(10);

// The service at the end, whose handler is the test's.
class BackService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    left = absl::FromChrono(context->deadline()) - absl::Now();
    has_deadline = context->deadline() != TimePoint::max();
    has_metadata = context->client_metadata().count("x-request-id") > 0;
    user = current_user;
    called.Notify();
    return script(*context);
  }

  std::function<grpc::Status(const grpc::ServerContext&)> script =
      [](const grpc::ServerContext&) { return grpc::Status::OK; };
  // To be read once `called` is notified.
  absl::Notification called;
  absl::Duration left;
  bool has_deadline = false;
  bool has_metadata = false;
  std::string user;
};

// The service in the middle, whose handler is the test's.
class MiddleService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    return script(*context);
  }

  std::function<grpc::Status(const grpc::ServerContext&)> script;
};

class FromServerContextTest : public ::testing::Test {
 protected:
  // The client calls the middle service, which calls the one at the end with
  // what `make_context` makes.
  grpc::Status Call(std::function<std::unique_ptr<grpc::ClientContext>(
                        const grpc::ServerContext&)>
                        make_context) {
    middle_.script = [this, make_context = std::move(make_context)](
                         const grpc::ServerContext& context) {
      std::unique_ptr<grpc::ClientContext> next = make_context(context);
      v1::Movie movie;
      return back_stub_->GetMovie(next.get(), v1::MovieID(), &movie);
    };
    v1::Movie movie;
    return stub_->GetMovie(&context_, v1::MovieID(), &movie);
  }

  void SetDeadline(absl::Duration from_now) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + from_now));
  }

  BackService back_;
  support::TestServer back_server_{&back_};
  std::unique_ptr<v1::MoviesService::Stub> back_stub_ =
      v1::MoviesService::NewStub(back_server_.NewChannel());
  MiddleService middle_;
  support::TestServer middle_server_{&middle_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(middle_server_.NewChannel());
  grpc::ClientContext context_;
};

TEST_F(FromServerContextTest, TheDeadlineTravels) {
  SetDeadline(absl::Seconds(60));
  ASSERT_TRUE(Call([](const grpc::ServerContext& context) {
                auto next = grpc::ClientContext::FromServerContext(context);
                // The new context does not show it; gRPC applies it when the
                // call is made.
                EXPECT_EQ(next->deadline(), TimePoint::max());
                return next;
              }).ok());
  EXPECT_LE(back_.left, absl::Seconds(60.2));
}

TEST_F(FromServerContextTest, TheEarlierOfTwoDeadlinesCounts) {
  SetDeadline(absl::Seconds(60));
  ASSERT_TRUE(Call([](const grpc::ServerContext& context) {
                auto next = grpc::ClientContext::FromServerContext(context);
                next->set_deadline(
                    absl::ToChronoTime(absl::Now() + absl::Hours(1)));
                return next;
              }).ok());
  EXPECT_LE(back_.left, absl::Seconds(60.2));
}

TEST_F(FromServerContextTest, AFreshContextHasNoDeadline) {
  SetDeadline(absl::Seconds(60));
  ASSERT_TRUE(Call([](const grpc::ServerContext&) {
                return std::make_unique<grpc::ClientContext>();
              }).ok());
  EXPECT_FALSE(back_.has_deadline);
}

TEST_F(FromServerContextTest, MetadataDoesNotTravel) {
  context_.AddMetadata("x-request-id", "42");
  ASSERT_TRUE(Call([](const grpc::ServerContext& context) {
                EXPECT_EQ(context.client_metadata().count("x-request-id"), 1);
                return grpc::ClientContext::FromServerContext(context);
              }).ok());
  EXPECT_FALSE(back_.has_metadata);
}

TEST_F(FromServerContextTest, VariablesDoNotTravelEither) {
  // A handler runs on a thread of the server's, be it in the same process. In
  // another process, or on another machine, there is not even the variable.
  ASSERT_TRUE(Call([](const grpc::ServerContext& context) {
                current_user = "Ada";
                return grpc::ClientContext::FromServerContext(context);
              }).ok());
  EXPECT_EQ(back_.user, "");
}

TEST_F(FromServerContextTest, EachPartCanBeSwitchedOff) {
  SetDeadline(absl::Seconds(60));
  ASSERT_TRUE(Call([](const grpc::ServerContext& context) {
                return grpc::ClientContext::FromServerContext(
                    context,
                    grpc::PropagationOptions().disable_deadline_propagation());
              }).ok());
  EXPECT_FALSE(back_.has_deadline);
}

TEST_F(FromServerContextTest, TheTwoCensusPartsGoTogetherOrNotAtAll) {
  // They are for gRPC's old OpenCensus plugin, and do nothing without it. But
  // one without the other is refused, and so is the call.
  const grpc::Status status = Call([](const grpc::ServerContext& context) {
    return grpc::ClientContext::FromServerContext(
        context,
        grpc::PropagationOptions().disable_census_tracing_propagation());
  });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_FALSE(back_.called.HasBeenNotified());

  grpc::ClientContext second;
  v1::Movie movie;
  middle_.script = [this](const grpc::ServerContext& context) {
    auto next = grpc::ClientContext::FromServerContext(
        context, grpc::PropagationOptions()
                     .disable_census_stats_propagation()
                     .disable_census_tracing_propagation());
    v1::Movie movie;
    return back_stub_->GetMovie(next.get(), v1::MovieID(), &movie);
  };
  EXPECT_TRUE(stub_->GetMovie(&second, v1::MovieID(), &movie).ok());
}

TEST_F(FromServerContextTest, AChildEndsWhenItsParentsHandlerReturns) {
  // Work that is to go on after the answer must not be a child of the call: it
  // is cancelled with it, though nobody cancelled anything.
  bool cancelled = false;
  back_.script = [&](const grpc::ServerContext& context) {
    cancelled = support::WaitUntilCancelled(context, kLong);
    return grpc::Status::OK;
  };
  std::unique_ptr<grpc::ClientContext> child;
  v1::MovieID request;
  v1::Movie child_movie;
  grpc::Status child_status;
  absl::Notification child_done;
  middle_.script = [&](const grpc::ServerContext& context) {
    child = grpc::ClientContext::FromServerContext(context);
    back_stub_->async()->GetMovie(child.get(), &request, &child_movie,
                                  [&](grpc::Status status) {
                                    child_status = std::move(status);
                                    child_done.Notify();
                                  });
    back_.called.WaitForNotification();
    return grpc::Status::OK;
  };
  v1::Movie movie;
  EXPECT_TRUE(stub_->GetMovie(&context_, v1::MovieID(), &movie).ok());
  child_done.WaitForNotification();
  EXPECT_EQ(child_status.error_code(), grpc::StatusCode::CANCELLED);
  back_server_.server().Shutdown();  // Returns when the handler has.
  EXPECT_TRUE(cancelled);
}

TEST_F(FromServerContextTest, AConnectionThatBreaksIsACancellationToo) {
  auto proxy = support::TcpProxy::Start(middle_server_.address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  stub_ =
      v1::MoviesService::NewStub(support::LoopbackChannel((*proxy)->address()));
  bool cancelled = false;
  back_.script = [&](const grpc::ServerContext& context) {
    // No process has ended; the client's cable was cut.
    (*proxy)->DropConnections();
    cancelled = support::WaitUntilCancelled(context, kLong);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Call([](const grpc::ServerContext& context) {
              return grpc::ClientContext::FromServerContext(context);
            }).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  back_server_.server().Shutdown();  // Returns when the handler has.
  EXPECT_TRUE(cancelled);
}

}  // namespace
}  // namespace movies
