#include "flaky_service.h"

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::grpc::StatusCode;

class FlakyServiceTest : public ::testing::Test {
 protected:
  StatusCode GetMovie() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    return stub_->GetMovie(&context, request, &movie).error_code();
  }

  StatusCode RateMovie(v1::MovieScore* score) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    v1::MovieRating request;
    request.set_mid(1);
    request.set_stars(5);
    return stub_->RateMovie(&context, request, score).error_code();
  }

  MovieStore store_;
  CatalogueService catalogue_{&store_};
  FlakyService service_{&catalogue_, /*failures=*/2};
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
};

TEST_F(FlakyServiceTest, GetMovieWorksTheThirdTime) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(GetMovie(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(GetMovie(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(GetMovie(), StatusCode::OK);
  }
}

TEST_F(FlakyServiceTest, ARatingCountsThoughItsAnswerGetsLost) {
  v1::MovieScore score;
  EXPECT_EQ(RateMovie(&score), StatusCode::UNAVAILABLE);
  EXPECT_EQ(RateMovie(&score), StatusCode::UNAVAILABLE);
  EXPECT_EQ(RateMovie(&score), StatusCode::OK);
  EXPECT_EQ(score.ratings(), 3);
}

}  // namespace
}  // namespace movies
