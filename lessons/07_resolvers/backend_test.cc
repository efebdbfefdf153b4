// A server that dies, one that leaves in good order, and what gRPC's own
// Shutdown() does to calls that nobody has taken up yet.

#include "backend.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/steady_clock.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

// Only something broken makes a test wait that long.
constexpr absl::Duration kPatience = absl::Seconds(15);

// A call that others watch.
class Call {
 public:
  explicit Call(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::MoviesService::NewStub(channel)) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    request_.set_mid(1);
    stub_->async()->GetMovie(&context_, &request_, &movie_,
                             [this](grpc::Status status) {
                               status_ = std::move(status);
                               done_.Notify();
                             });
  }

  ~Call() {
    context_.TryCancel();
    done_.WaitForNotification();
  }

  // The code that it ends with.
  grpc::StatusCode Wait() {
    done_.WaitForNotification();
    return status_.error_code();
  }

 private:
  const std::unique_ptr<v1::MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  v1::MovieID request_;
  v1::Movie movie_;
  grpc::Status status_;
  absl::Notification done_;
};

// Does not answer before its call is cancelled.
class StuckService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* /*request*/,
                        v1::Movie* /*response*/) override {
    called.Notify();
    support::WaitUntilCancelled(*context, kPatience);
    return grpc::Status::CANCELLED;
  }

  absl::Notification called;
};

class BackendTest : public ::testing::Test {
 protected:
  std::unique_ptr<Backend> Start(grpc::Service* service) {
    absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Start(service);
    EXPECT_TRUE(backend.ok()) << backend.status();
    return backend.ok() ? *std::move(backend) : nullptr;
  }

  MovieStore store_;
  CatalogueService service_{&store_};
};

TEST_F(BackendTest, Serves) {
  const auto backend = Start(&service_);
  ASSERT_NE(backend, nullptr);
  EXPECT_EQ(Call(support::LoopbackChannel(backend->address())).Wait(),
            grpc::StatusCode::OK);
}

TEST_F(BackendTest, DyingBreaksItsCallsOff) {
  StuckService stuck;
  const auto backend = Start(&stuck);
  ASSERT_NE(backend, nullptr);
  Call call(support::LoopbackChannel(backend->address()));
  ASSERT_TRUE(stuck.called.WaitForNotificationWithTimeout(kPatience));

  backend->Die();

  EXPECT_EQ(call.Wait(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(BackendTest, IsNotThereOnceItHasDied) {
  const auto backend = Start(&service_);
  ASSERT_NE(backend, nullptr);
  auto channel = support::LoopbackChannel(backend->address());
  EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::OK);

  backend->Die();

  EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(BackendTest, LeavingWaitsForItsClients) {
  const auto backend = Start(&service_);
  ASSERT_NE(backend, nullptr);
  auto channel = support::LoopbackChannel(backend->address());
  EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::OK);
  const absl::Time start = support::SteadyNow();
  std::thread leaving([&] { backend->Leave(absl::Minutes(1)); });

  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::OK) << i;
  }
  channel.reset();
  leaving.join();

  EXPECT_LT(support::SteadyNow() - start, absl::Seconds(50));
}

TEST_F(BackendTest, LeavingWaitsNoLongerThanItIsTold) {
  const auto backend = Start(&service_);
  ASSERT_NE(backend, nullptr);
  auto channel = support::LoopbackChannel(backend->address());
  EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::OK);
  const absl::Time start = support::SteadyNow();

  backend->Leave(absl::Milliseconds(50));

  EXPECT_GE(support::SteadyNow() - start, absl::Milliseconds(49));
  EXPECT_EQ(Call(channel).Wait(), grpc::StatusCode::UNAVAILABLE);
}

// gRPC's own, without Backend. The service never takes a GetMovie up, as a
// server that is busy does not yet.
TEST(ShutdownTest, CancelsWhatIsWaitingThoughThereIsTimeLeft) {
  v1::MoviesService::WithAsyncMethod_GetMovie<v1::MoviesService::Service>
      service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  support::TestServerOptions options;
  options.configure = [&](grpc::ServerBuilder& builder) {
    queue = builder.AddCompletionQueue();
  };
  {
    support::TestServer server(&service, options);
    auto channel = server.NewChannel();
    ASSERT_TRUE(
        channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience)));
    Call call(channel);
    // What follows it on the same connection has been answered, so the call has
    // arrived.
    grpc::ClientContext context;
    v1::MovieRating rating;
    v1::MovieScore score;
    EXPECT_EQ(v1::MoviesService::NewStub(channel)
                  ->RateMovie(&context, rating, &score)
                  .error_code(),
              grpc::StatusCode::UNIMPLEMENTED);

    server.server().Shutdown(absl::ToChronoTime(absl::Now() + kPatience));

    EXPECT_EQ(call.Wait(), grpc::StatusCode::CANCELLED)
        << "gRPC no longer cancels it? Then the README can say so.";
  }
  queue->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
  }
}

}  // namespace
}  // namespace movies
