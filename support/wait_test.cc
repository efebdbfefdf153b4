#include "support/wait.h"

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

using movies::v1::MoviesService;

// Waits in its handler.
class WaitingService : public MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const movies::v1::MovieID*,
                        movies::v1::Movie*) override {
    begin();
    cancelled = WaitUntilCancelled(*context, patience);
    return grpc::Status::OK;
  }

  std::function<void()> begin = [] {};
  absl::Duration patience = absl::Seconds(10);
  bool cancelled = false;
};

class WaitUntilCancelledTest : public ::testing::Test {
 protected:
  // Returns when the handler has.
  void Call() {
    movies::v1::Movie movie;
    stub_->GetMovie(&context_, movies::v1::MovieID(), &movie);
    server_.server().Shutdown();
  }

  WaitingService service_;
  TestServer server_{&service_};
  std::unique_ptr<MoviesService::Stub> stub_ =
      MoviesService::NewStub(server_.NewChannel());
  grpc::ClientContext context_;
};

TEST_F(WaitUntilCancelledTest, IsTrueOnceTheCallIsCancelled) {
  service_.begin = [this] { context_.TryCancel(); };
  Call();
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(WaitUntilCancelledTest, IsFalseIfTheCallIsNot) {
  service_.patience = absl::Milliseconds(1);
  Call();
  EXPECT_FALSE(service_.cancelled);
}

// GoogleTest runs tests of this name first, before gRPC has any threads.
TEST(PatienceDeathTest, IsShortOnceATestHasFailed) {
  EXPECT_EQ(Patience(), absl::Seconds(2));
  EXPECT_EXIT(
      {
        ADD_FAILURE() << "Only in a process of its own.";
        std::exit(Patience() == absl::Milliseconds(300) ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace support
