#include "detailed_service.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class DetailedServiceTest : public ::testing::Test {
 protected:
  DetailedServiceTest()
      : service_(&store_, [this](absl::string_view line) {
          absl::MutexLock lock(&mutex_);
          lines_.emplace_back(line);
        }) {}

  // Whether the service says `line` before long.
  bool Says(absl::string_view line) {
    absl::MutexLock lock(&mutex_);
    const auto said = [this, line]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&said), absl::Seconds(20));
  }

  // The metadata whose key begins with "x-".
  static std::vector<std::pair<std::string, std::string>> Ours(
      const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
    std::vector<std::pair<std::string, std::string>> ours;
    for (const auto& [key, value] : metadata) {
      if (key.starts_with("x-")) {
        ours.emplace_back(std::string(key.data(), key.size()),
                          std::string(value.data(), value.size()));
      }
    }
    return ours;
  }

  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  MovieStore store_;
  DetailedService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
  grpc::ClientContext context_;
  v1::Movie movie_;
};

v1::MovieID Id(int mid) {
  v1::MovieID id;
  id.set_mid(mid);
  return id;
}

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  return details;
}

TEST_F(DetailedServiceTest, MissingMovieHasDetails) {
  const grpc::Status status = stub_->GetMovie(&context_, Id(999), &movie_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  const google::rpc::Status details = Details(status);
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  ASSERT_EQ(details.details_size(), 2);
  v1::MovieError error;
  ASSERT_TRUE(details.details(0).UnpackTo(&error));
  EXPECT_EQ(error.reason(), v1::MOVIE_NOT_FOUND);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(1).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "MOVIE_NOT_FOUND");
  EXPECT_EQ(info.domain(), "movies.example.com");
}

TEST_F(DetailedServiceTest, ImpossibleMovieHasDetails) {
  v1::AddMoviesSummary summary;
  const auto writer = stub_->AddMovies(&context_, &summary);
  writer->Write(v1::Movie());
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::MovieError error;
  ASSERT_EQ(Details(status).details_size(), 2);
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&error));
  EXPECT_EQ(error.reason(), v1::INVALID_MOVIE);
}

TEST_F(DetailedServiceTest, BadStarsNameTheField) {
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(6);
  v1::MovieScore score;
  const grpc::Status status = stub_->RateMovie(&context_, rating, &score);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::BadRequest faults;
  ASSERT_EQ(Details(status).details_size(), 1);
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&faults));
  ASSERT_EQ(faults.field_violations_size(), 1);
  EXPECT_EQ(faults.field_violations(0).field(), "stars");
}

TEST_F(DetailedServiceTest, RequestIdComesBack) {
  const std::string bytes("\0\xff\n", 3);
  context_.AddMetadata("x-request-id", "r-1");
  context_.AddMetadata("x-request-id-bin", bytes);
  context_.AddMetadata("x-other", "stays away");
  ASSERT_TRUE(stub_->GetMovie(&context_, Id(1), &movie_).ok());
  EXPECT_THAT(Ours(context_.GetServerInitialMetadata()),
              UnorderedElementsAre(Pair("x-request-id", "r-1"),
                                   Pair("x-request-id-bin", bytes)));
  EXPECT_THAT(Ours(context_.GetServerTrailingMetadata()), ElementsAre());
}

TEST_F(DetailedServiceTest, TimeLeftIsTold) {
  context_.set_deadline(std::chrono::system_clock::now() +
                        std::chrono::seconds(60));
  ASSERT_TRUE(stub_->GetMovie(&context_, Id(1), &movie_).ok());
  const auto told = Ours(context_.GetServerTrailingMetadata());
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, "x-time-left-ms");
  int milliseconds = 0;
  ASSERT_TRUE(absl::SimpleAtoi(told[0].second, &milliseconds));
  EXPECT_GT(milliseconds, 20'000);
  EXPECT_LE(milliseconds, 61'000);  // gRPC rounds up what it sends.
}

// So many that as much metadata for each would be more than a client takes.
TEST_F(DetailedServiceTest, AStreamOfManyRatingsIsOneCall) {
  context_.AddMetadata("x-request-id", "r-1");
  context_.set_deadline(std::chrono::system_clock::now() +
                        std::chrono::seconds(60));
  const auto stream = stub_->RateMovies(&context_);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(5);
  v1::MovieScore score;
  for (int i = 1; i <= 300; ++i) {
    ASSERT_TRUE(stream->Write(rating));
    ASSERT_TRUE(stream->Read(&score));
    ASSERT_EQ(score.ratings(), i);
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&score));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(Ours(context_.GetServerInitialMetadata()),
              ElementsAre(Pair("x-request-id", "r-1")));
  EXPECT_THAT(Ours(context_.GetServerTrailingMetadata()),
              ElementsAre(Pair("x-time-left-ms", _)));
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(lines_, ElementsAre("RateMovies begins", "RateMovies ends: OK"));
}

TEST_F(DetailedServiceTest, BadStarsInAStreamNameTheField) {
  const auto stream = stub_->RateMovies(&context_);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(6);
  stream->Write(rating);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::BadRequest faults;
  ASSERT_EQ(Details(status).details_size(), 1);
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&faults));
  ASSERT_EQ(faults.field_violations_size(), 1);
  EXPECT_EQ(faults.field_violations(0).field(), "stars");
}

TEST_F(DetailedServiceTest, CancelledStreamIsNoticed) {
  const auto stream = stub_->RateMovies(&context_);
  stream->WaitForInitialMetadata();  // So the handler has begun.
  EXPECT_TRUE(Says("RateMovies begins"));
  context_.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Says("RateMovies ends: CANCELLED"));
}

}  // namespace
}  // namespace movies
