#include "proto/catalogue_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"

namespace movies {
namespace {

v1::Movie MakeMovie(int mid, const std::string& name) {
  v1::Movie movie;
  movie.set_mid(mid);
  movie.set_movie_name(name);
  return movie;
}

v1::MovieRating MakeRating(int mid, int stars) {
  v1::MovieRating rating;
  rating.set_mid(mid);
  rating.set_stars(stars);
  return rating;
}

// Tells the test when a handler begins and what it returned.
class WatchedService : public CatalogueService {
 public:
  using CatalogueService::CatalogueService;

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    started.Notify();
    return Returned(CatalogueService::QueryMovie(context, request, writer));
  }

  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* score) override {
    ++ratings;
    return CatalogueService::RateMovie(context, request, score);
  }

  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* summary) override {
    started.Notify();
    return Returned(CatalogueService::AddMovies(context, reader, summary));
  }

  absl::Notification started;
  // To be read once `returned` is notified.
  grpc::Status status;
  absl::Notification returned;
  std::atomic<int> ratings{0};

 private:
  grpc::Status Returned(const grpc::Status& result) {
    status = result;
    returned.Notify();
    return result;
  }
};

class CatalogueServiceTest : public ::testing::Test {
 protected:
  CatalogueServiceTest() {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  }

  bool WaitForHandler() {
    return service_.returned.WaitForNotificationWithTimeout(absl::Seconds(5));
  }

  MovieStore store_{v1::Catalogue()};
  WatchedService service_{&store_};
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
  grpc::ClientContext context_;
};

TEST_F(CatalogueServiceTest, GetMovieFindsAMovie) {
  store_.Put(MakeMovie(7, "Seven (1995)"));
  v1::MovieID request;
  request.set_mid(7);
  v1::Movie movie;
  ASSERT_TRUE(stub_->GetMovie(&context_, request, &movie).ok());
  EXPECT_EQ(movie.movie_name(), "Seven (1995)");
}

TEST_F(CatalogueServiceTest, GetMovieTellsAbsentFromImpossible) {
  v1::MovieID request;
  v1::Movie movie;
  EXPECT_EQ(stub_->GetMovie(&context_, request, &movie).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_mid(7);
  grpc::ClientContext context;
  EXPECT_EQ(stub_->GetMovie(&context, request, &movie).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(CatalogueServiceTest, QueryMovieStreamsWhatMatches) {
  v1::Movie robot = MakeMovie(2, "Robots (2005)");
  robot.set_movie_description("A robot leaves home.");
  store_.Put(robot);
  store_.Put(MakeMovie(1, "Nothing (2003)"));
  v1::MovieQueryParams params;
  params.set_query("ROBOT");
  auto reader = stub_->QueryMovie(&context_, params);
  v1::Movie movie;
  ASSERT_TRUE(reader->Read(&movie));
  EXPECT_EQ(movie.mid(), 2);
  EXPECT_FALSE(reader->Read(&movie));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(CatalogueServiceTest, QueryMovieStopsWhenNobodyReads) {
  // Far more than a window holds, so the handler cannot be done before.
  for (int mid = 1; mid <= 20; ++mid) {
    v1::Movie movie = MakeMovie(mid, "Long (2000)");
    movie.set_movie_description(std::string(1 << 20, 'x'));
    store_.Put(movie);
  }
  auto reader = stub_->QueryMovie(&context_, v1::MovieQueryParams());
  ASSERT_TRUE(
      service_.started.WaitForNotificationWithTimeout(absl::Seconds(5)));
  context_.TryCancel();
  reader->Finish();
  ASSERT_TRUE(WaitForHandler());
  EXPECT_EQ(service_.status.error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(CatalogueServiceTest, RateMovieCountsEveryRating) {
  store_.Put(MakeMovie(1, "One (2001)"));
  v1::MovieScore score;
  ASSERT_TRUE(stub_->RateMovie(&context_, MakeRating(1, 5), &score).ok());
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->RateMovie(&context, MakeRating(1, 4), &score).ok());
  EXPECT_EQ(score.ratings(), 2);
  EXPECT_EQ(score.average(), 4.5);
}

TEST_F(CatalogueServiceTest, AddMoviesTellsNewFromReplaced) {
  store_.Put(MakeMovie(2, "Old (1950)"));
  v1::AddMoviesSummary summary;
  std::unique_ptr<grpc::ClientWriter<v1::Movie>> writer =
      stub_->AddMovies(&context_, &summary);
  for (int mid : {1, 2, 3}) writer->Write(MakeMovie(mid, "New (2030)"));
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(summary.added(), 2);
  EXPECT_EQ(summary.replaced(), 1);
  EXPECT_EQ(store_.size(), 3u);
}

TEST_F(CatalogueServiceTest, AddMoviesRefusesAtTheFirstBadMovie) {
  v1::AddMoviesSummary summary;
  std::unique_ptr<grpc::ClientWriter<v1::Movie>> writer =
      stub_->AddMovies(&context_, &summary);
  writer->Write(MakeMovie(1, "Fine (2030)"));
  writer->Write(MakeMovie(2, ""));
  // No WritesDone(): the refusal does not wait for it.
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(store_.size(), 1u);
}

TEST_F(CatalogueServiceTest, AddMoviesKnowsABrokenUploadFromACompleteOne) {
  v1::AddMoviesSummary summary;
  std::unique_ptr<grpc::ClientWriter<v1::Movie>> writer =
      stub_->AddMovies(&context_, &summary);
  writer->Write(MakeMovie(1, "Fine (2030)"));
  // A call that is cancelled earlier may never reach its handler.
  ASSERT_TRUE(
      service_.started.WaitForNotificationWithTimeout(absl::Seconds(5)));
  context_.TryCancel();
  writer->Finish();
  ASSERT_TRUE(WaitForHandler());
  EXPECT_EQ(service_.status.error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(CatalogueServiceTest, RateMoviesAnswersEachWithTheScoreSoFar) {
  store_.Put(MakeMovie(1, "One (2001)"));
  store_.Put(MakeMovie(2, "Two (2002)"));
  auto stream = stub_->RateMovies(&context_);
  v1::MovieScore score;
  ASSERT_TRUE(stream->Write(MakeRating(1, 5)));
  ASSERT_TRUE(stream->Read(&score));
  EXPECT_EQ(score.average(), 5);
  ASSERT_TRUE(stream->Write(MakeRating(2, 1)));
  ASSERT_TRUE(stream->Read(&score));
  EXPECT_EQ(score.mid(), 2);
  EXPECT_EQ(score.average(), 1);
  ASSERT_TRUE(stream->Write(MakeRating(1, 4)));
  ASSERT_TRUE(stream->Read(&score));
  EXPECT_EQ(score.mid(), 1);
  EXPECT_EQ(score.ratings(), 2);
  EXPECT_EQ(score.average(), 4.5);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(CatalogueServiceTest, RateMoviesRatesAsAnOverrideOfRateMovieDoes) {
  store_.Put(MakeMovie(1, "One (2001)"));
  auto stream = stub_->RateMovies(&context_);
  v1::MovieScore score;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Write(MakeRating(1, 5)));
    ASSERT_TRUE(stream->Read(&score));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(service_.ratings, 3);
}

TEST_F(CatalogueServiceTest, RateMoviesRefusesSixStars) {
  store_.Put(MakeMovie(1, "One (2001)"));
  auto stream = stub_->RateMovies(&context_);
  stream->Write(MakeRating(1, 6));
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CatalogueServiceTest, RateMoviesRefusesAMovieThatIsNotThere) {
  auto stream = stub_->RateMovies(&context_);
  stream->Write(MakeRating(1, 5));
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace movies
