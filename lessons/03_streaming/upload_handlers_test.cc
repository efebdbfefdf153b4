#include "upload_handlers.h"

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

class UploadService : public v1::MoviesService::Service {
 public:
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* summary) override {
    started.Notify();
    status = ServeAddMovies(*context, *reader, store, summary);
    returned.Notify();
    return status;
  }

  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override {
    status = ServeRateMovies(*context, *stream, store, book);
    returned.Notify();
    return status;
  }

  MovieStore store{v1::Catalogue()};
  RatingBook book;
  absl::Notification started;
  // To be read once `returned` is notified.
  grpc::Status status;
  absl::Notification returned;
};

class UploadHandlersTest : public ::testing::Test {
 protected:
  UploadHandlersTest() {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  }

  bool WaitForHandler() {
    return service_.returned.WaitForNotificationWithTimeout(absl::Seconds(5));
  }

  UploadService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
  grpc::ClientContext context_;
};

TEST_F(UploadHandlersTest, AddMoviesTellsNewFromReplaced) {
  service_.store.Put(MakeMovie(2, "Old (1950)"));
  v1::AddMoviesSummary summary;
  std::unique_ptr<grpc::ClientWriter<v1::Movie>> writer =
      stub_->AddMovies(&context_, &summary);
  for (int mid : {1, 2, 3}) writer->Write(MakeMovie(mid, "New (2030)"));
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(summary.added(), 2);
  EXPECT_EQ(summary.replaced(), 1);
  EXPECT_EQ(service_.store.size(), 3u);
}

TEST_F(UploadHandlersTest, AddMoviesRefusesAtTheFirstBadMovie) {
  v1::AddMoviesSummary summary;
  std::unique_ptr<grpc::ClientWriter<v1::Movie>> writer =
      stub_->AddMovies(&context_, &summary);
  writer->Write(MakeMovie(1, "Fine (2030)"));
  writer->Write(MakeMovie(2, ""));
  // No WritesDone(): the refusal does not wait for it.
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(service_.store.size(), 1u);
}

TEST_F(UploadHandlersTest, AddMoviesKnowsABrokenUploadFromACompleteOne) {
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

TEST_F(UploadHandlersTest, RateMoviesAnswersEachWithTheScoreSoFar) {
  service_.store.Put(MakeMovie(1, "One (2001)"));
  service_.store.Put(MakeMovie(2, "Two (2002)"));
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

TEST_F(UploadHandlersTest, RateMoviesRefusesSixStars) {
  service_.store.Put(MakeMovie(1, "One (2001)"));
  auto stream = stub_->RateMovies(&context_);
  stream->Write(MakeRating(1, 6));
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(UploadHandlersTest, RateMoviesRefusesAMovieThatIsNotThere) {
  auto stream = stub_->RateMovies(&context_);
  stream->Write(MakeRating(1, 5));
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace movies
