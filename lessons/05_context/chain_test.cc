// The three services of the programs, put together.

#include "chain.h"

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/console_log.h"
#include "support/test_server.h"

namespace movies {
namespace {

class ChainTest : public ::testing::Test {
 protected:
  // Serves a chain with these options.
  void Start(const ChainOptions& options) {
    absl::StatusOr<std::unique_ptr<Chain>> chain = Chain::Start(options, &log_);
    ASSERT_TRUE(chain.ok()) << chain.status();
    chain_ = *std::move(chain);
    server_ = std::make_unique<support::TestServer>(&chain_->front());
    stub_ = v1::MoviesService::NewStub(server_->NewChannel());
  }

  support::ConsoleLog log_;
  std::unique_ptr<Chain> chain_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(ChainTest, AMovieComesThroughAllThree) {
  ChainOptions options;
  options.step = absl::ZeroDuration();
  Start(options);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  const grpc::Status status = stub_->GetMovie(&context, request, &movie);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(movie.movie_name(), "Metropolis (1927)");
  const auto& initial = context.GetServerInitialMetadata();
  ASSERT_EQ(initial.count("x-served-by"), 1u);
  EXPECT_EQ(initial.find("x-served-by")->second, "front");
  EXPECT_EQ(context.GetServerTrailingMetadata().count("x-took"), 1u);
}

TEST_F(ChainTest, AStreamComesThroughAllThree) {
  ChainOptions options;
  options.step = absl::ZeroDuration();
  Start(options);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  auto reader = stub_->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  int received = 0;
  while (reader->Read(&movie)) ++received;
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(received, static_cast<int>(MovieStore().size()));
}

TEST_F(ChainTest, ReservesThatTakeAllTheTimeRefuseEarly) {
  ChainOptions options;
  options.budget.reserve = absl::Hours(1);
  Start(options);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  EXPECT_EQ(stub_->GetMovie(&context, request, &movie).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_LT(absl::Now(), absl::FromChrono(context.deadline()));
}

}  // namespace
}  // namespace movies
