#include "rate_limited_service.h"

#include <grpcpp/support/channel_arguments.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "counting_service.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::ElementsAre;

// The delay in the RetryInfo of a status; InfiniteDuration() if it has none.
absl::Duration RetryDelay(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) {
    return absl::InfiniteDuration();
  }
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo info;
    if (detail.UnpackTo(&info)) {
      return absl::Seconds(info.retry_delay().seconds()) +
             absl::Nanoseconds(info.retry_delay().nanos());
    }
  }
  return absl::InfiniteDuration();
}

// The trailing metadata that a call came back with.
std::string Pushback(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find("grpc-retry-pushback-ms");
  if (found == metadata.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

class RateLimitedServiceTest : public ::testing::Test {
 protected:
  RateLimitedServiceTest()
      : catalogue_(&store_),
        counter_(&catalogue_),
        limited_(&counter_,
                 [this](absl::string_view key) {
                   absl::MutexLock lock(&mutex_);
                   keys_.push_back(std::string(key));
                   return std::exchange(wait_, next_wait_);
                 }),
        server_(&limited_),
        stub_(v1::MoviesService::NewStub(server_.NewChannel())) {}

  // From now on every call is told to wait.
  void LetWait(absl::Duration wait) {
    absl::MutexLock lock(&mutex_);
    wait_ = next_wait_ = wait;
  }

  // The next call is told to wait, those after it may go on.
  void LetWaitOnce(absl::Duration wait) {
    absl::MutexLock lock(&mutex_);
    wait_ = wait;
    next_wait_ = absl::ZeroDuration();
  }

  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  }

  grpc::Status GetMovie(grpc::ClientContext& context,
                        v1::MoviesService::Stub& stub) {
    SetDeadline(context);
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    return stub.GetMovie(&context, request, &movie);
  }

  absl::Mutex mutex_;
  absl::Duration wait_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  absl::Duration next_wait_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  std::vector<std::string> keys_ ABSL_GUARDED_BY(mutex_);
  MovieStore store_;
  CatalogueService catalogue_;
  CountingService counter_;
  RateLimitedService limited_;
  support::TestServer server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(RateLimitedServiceTest, ACallWithinTheLimitGoesOn) {
  grpc::ClientContext context;
  EXPECT_TRUE(GetMovie(context, *stub_).ok());
  EXPECT_EQ(counter_.runs(), 1);
  EXPECT_EQ(Pushback(context), "");
}

TEST_F(RateLimitedServiceTest, ARefusedCallLearnsHowLongToWait) {
  LetWait(absl::Microseconds(1234567));
  grpc::ClientContext context;
  const grpc::Status status = GetMovie(context, *stub_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "too many calls; the next one in 1235 ms");
  EXPECT_EQ(RetryDelay(status), absl::Milliseconds(1235));
  EXPECT_EQ(Pushback(context), "1235");
  EXPECT_EQ(counter_.runs(), 0);
}

TEST_F(RateLimitedServiceTest, AServerStreamIsRefusedAtItsOpening) {
  LetWait(absl::Seconds(1));
  grpc::ClientContext context;
  SetDeadline(context);
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub_->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  EXPECT_FALSE(reader->Read(&movie));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(RetryDelay(status), absl::Seconds(1));
  EXPECT_EQ(Pushback(context), "1000");
  EXPECT_EQ(counter_.runs(), 0);
}

TEST_F(RateLimitedServiceTest, ABidirectionalStreamIsRefusedAtItsOpening) {
  LetWait(absl::Seconds(1));
  grpc::ClientContext context;
  SetDeadline(context);
  auto stream = stub_->RateMovies(&context);
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Pushback(context), "1000");
  EXPECT_EQ(counter_.runs(), 0);
}

TEST_F(RateLimitedServiceTest, TheMessagesOfAnAdmittedStreamAreNotCounted) {
  grpc::ClientContext context;
  SetDeadline(context);
  auto stream = stub_->RateMovies(&context);
  int scores = 0;
  for (int i = 0; i < 10; ++i) {
    // The stream was admitted before its first score; another one opened now
    // would be refused.
    if (scores == 1) LetWait(absl::Seconds(1));
    v1::MovieRating rating;
    rating.set_mid(1);
    rating.set_stars(4);
    v1::MovieScore score;
    if (stream->Write(rating) && stream->Read(&score)) ++scores;
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(scores, 10);
}

// All calls come from one host here. What PeerHost() makes of two hosts is
// PeerHostTest's, and that two keys have two buckets rate_limiter_test's.
TEST_F(RateLimitedServiceTest, EachMethodAndHostHasAKey) {
  {
    grpc::ClientContext context;
    GetMovie(context, *stub_);
  }
  {
    // Another connection, with another port.
    std::unique_ptr<v1::MoviesService::Stub> other =
        v1::MoviesService::NewStub(server_.NewChannel());
    grpc::ClientContext context;
    GetMovie(context, *other);
  }
  {
    grpc::ClientContext context;
    v1::MovieScore score;
    stub_->RateMovie(&context, v1::MovieRating(), &score);
  }
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(keys_,
              ElementsAre("GetMovie ipv4:127.0.0.1", "GetMovie ipv4:127.0.0.1",
                          "RateMovie ipv4:127.0.0.1"));
}

// gRPC's own retries take the server's word for when to come again: they would
// wait for minutes otherwise.
TEST_F(RateLimitedServiceTest, GrpcsOwnRetriesObeyThePushback) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(R"({
    "methodConfig": [{
      "name": [{"service": "movies.v1.MoviesService"}],
      "retryPolicy": {
        "maxAttempts": 2,
        "initialBackoff": "1000s",
        "maxBackoff": "1000s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]
      }
    }]
  })");
  std::unique_ptr<v1::MoviesService::Stub> stub =
      v1::MoviesService::NewStub(server_.NewChannel(arguments));
  LetWaitOnce(absl::Milliseconds(5));
  grpc::ClientContext context;
  const grpc::Status status = GetMovie(context, *stub);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(counter_.runs(), 1);
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(keys_.size(), 2);
}

TEST(PeerHostTest, LeavesThePortAway) {
  EXPECT_EQ(PeerHost("ipv4:10.0.0.7:50123"), "ipv4:10.0.0.7");
  EXPECT_EQ(PeerHost("ipv6:%5B::1%5D:50123"), "ipv6:%5B::1%5D");
  EXPECT_EQ(PeerHost("ipv6:[::1]:50123"), "ipv6:[::1]");
  EXPECT_EQ(PeerHost("unix:/run/movies:1"), "unix:/run/movies:1");
  EXPECT_EQ(PeerHost("unix:"), "unix:");
}

}  // namespace
}  // namespace movies
