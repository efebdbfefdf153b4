#include "support/mortal_server.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace support {
namespace {

// Answers GetMovie at once, and RateMovie never.
class Service : public movies::v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext*, const movies::v1::MovieID*,
                        movies::v1::Movie*) override {
    return grpc::Status::OK;
  }
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const movies::v1::MovieRating*,
                         movies::v1::MovieScore*) override {
    rating.Notify();
    WaitUntilCancelled(*context, absl::Seconds(10));
    return grpc::Status::CANCELLED;
  }

  absl::Notification rating;
};

class MortalServerTest : public ::testing::Test {
 protected:
  grpc::Status Call(bool wait_for_ready) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    context.set_wait_for_ready(wait_for_ready);
    movies::v1::Movie movie;
    const grpc::Status status =
        stub_->GetMovie(&context, movies::v1::MovieID(), &movie);
    if (status.ok()) {
      EXPECT_EQ(context.peer(), server_.peer());
    }
    return status;
  }

  Service service_;
  MortalServer server_{&service_};
  const std::unique_ptr<movies::v1::MoviesService::Stub> stub_ =
      movies::v1::MoviesService::NewStub(LoopbackChannel(server_.address()));
};

TEST_F(MortalServerTest, ServesFromTheStart) {
  EXPECT_TRUE(Call(/*wait_for_ready=*/false).ok());
  EXPECT_EQ(server_.connections(), 1);
  server_.Start();  // It lives already.
  EXPECT_TRUE(Call(/*wait_for_ready=*/false).ok());
}

TEST_F(MortalServerTest, ACallUnderWayBreaksRatherThanIsCancelled) {
  grpc::ClientContext context;
  const movies::v1::MovieRating rating;
  movies::v1::MovieScore score;
  grpc::Status status;
  absl::Notification done;
  stub_->async()->RateMovie(&context, &rating, &score, [&](grpc::Status got) {
    status = got;
    done.Notify();
  });
  EXPECT_TRUE(service_.rating.WaitForNotificationWithTimeout(Patience()));
  server_.Die();
  done.WaitForNotification();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << status.error_message();
}

TEST_F(MortalServerTest, ComesBackWhereItWas) {
  const std::string address = server_.address();
  for (int i = 0; i < 2; ++i) {
    server_.Die();
    server_.Die();  // It is dead already.
    EXPECT_EQ(Call(/*wait_for_ready=*/false).error_code(),
              grpc::StatusCode::UNAVAILABLE);
    server_.Start();
    EXPECT_TRUE(Call(/*wait_for_ready=*/true).ok());
  }
  EXPECT_EQ(server_.address(), address);
}

}  // namespace
}  // namespace support
