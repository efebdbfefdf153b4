// The service that the programs stand on, with its typed errors as a client
// gets them. It stands on exercises 3 and 5.

#include "typed_errors_service.h"

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using grpc::StatusCode;
using ::testing::ElementsAre;

// A clock that stands still until it is moved. Thread-safe.
class FakeClock {
 public:
  absl::Time Now() {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void Advance(absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    now_ += duration;
  }

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1'000'000);
};

// The first detail of type T that `status` carries; an empty one, and a
// failure, if there is none.
template <typename T>
T Detail(const grpc::Status& status) {
  google::rpc::Status packed;
  packed.ParseFromString(status.error_details());
  T detail;
  for (const google::protobuf::Any& any : packed.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "No " << T::descriptor()->full_name() << " came with code "
                << status.error_code() << ", \"" << status.error_message()
                << "\".";
  return T();
}

v1::Movie Movie(int32_t mid, const std::string& name) {
  v1::Movie movie;
  movie.set_mid(mid);
  movie.set_movie_name(name);
  return movie;
}

std::vector<std::string> Fields(const grpc::Status& status) {
  std::vector<std::string> fields;
  const auto faults = Detail<google::rpc::BadRequest>(status);
  for (const auto& violation : faults.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

class TypedErrorsServiceTest : public ::testing::Test {
 protected:
  static constexpr absl::Duration kIndexing = absl::Milliseconds(1500);

  static TypedErrorsOptions Options(FakeClock* clock) {
    TypedErrorsOptions options;
    options.indexing = kIndexing;
    options.now = [clock] { return clock->Now(); };
    return options;
  }

  std::unique_ptr<grpc::ClientContext> NewContext() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    return context;
  }

  grpc::Status Get(int32_t mid) {
    v1::MovieID request;
    request.set_mid(mid);
    v1::Movie movie;
    return stub_->GetMovie(NewContext().get(), request, &movie);
  }

  grpc::Status Add(const std::vector<v1::Movie>& movies) {
    const auto context = NewContext();
    v1::AddMoviesSummary summary;
    auto writer = stub_->AddMovies(context.get(), &summary);
    for (const v1::Movie& movie : movies) writer->Write(movie);
    writer->WritesDone();
    return writer->Finish();
  }

  grpc::Status Query() {
    const auto context = NewContext();
    auto reader = stub_->QueryMovie(context.get(), v1::MovieQueryParams());
    v1::Movie movie;
    while (reader->Read(&movie)) {
    }
    return reader->Finish();
  }

  grpc::Status Rate(int32_t mid, int32_t stars) {
    v1::MovieRating rating;
    rating.set_mid(mid);
    rating.set_stars(stars);
    v1::MovieScore score;
    return stub_->RateMovie(NewContext().get(), rating, &score);
  }

  FakeClock clock_;
  MovieStore store_;
  TypedErrorsService service_{&store_, Options(&clock_)};
  support::TestServer server_{&service_};
  const std::unique_ptr<v1::MoviesService::Stub> stub_ =
      v1::MoviesService::NewStub(server_.NewChannel());
};

TEST_F(TypedErrorsServiceTest, AMovieThatIsMissingIsNamed) {
  const grpc::Status status = Get(999);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Detail<v1::MovieError>(status).reason(), v1::MOVIE_NOT_FOUND);
  const auto info = Detail<google::rpc::ErrorInfo>(status);
  ASSERT_EQ(info.metadata().count("mid"), 1u);
  EXPECT_EQ(info.metadata().at("mid"), "999");
}

TEST_F(TypedErrorsServiceTest, AnIdThatCannotBeIsAnInvalidMovie) {
  const grpc::Status status = Get(-3);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Detail<v1::MovieError>(status).reason(), v1::INVALID_MOVIE);
}

TEST_F(TypedErrorsServiceTest, AllFaultsOfAMovieAreReported) {
  v1::Movie movie;
  movie.set_movie_style("Comedy");
  const grpc::Status status = Add({movie});
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Detail<v1::MovieError>(status).reason(), v1::INVALID_MOVIE);
  EXPECT_THAT(Fields(status), ElementsAre("mid", "movie_name", "movie_style"));
}

TEST_F(TypedErrorsServiceTest, MoviesBeforeTheFaultyOneStay) {
  const grpc::Status status =
      Add({Movie(101, "Playtime (1967)"), Movie(102, "")});
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Fields(status), ElementsAre("movie_name"));
  EXPECT_TRUE(Get(101).ok());
  EXPECT_EQ(Get(102).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(TypedErrorsServiceTest, WhileItIndexesItSaysForHowLong) {
  EXPECT_TRUE(Query().ok()) << "There was no upload yet.";
  ASSERT_TRUE(Add({Movie(101, "Playtime (1967)")}).ok());
  const grpc::Status status = Query();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  const auto delay = Detail<google::rpc::RetryInfo>(status).retry_delay();
  EXPECT_EQ(delay.seconds(), 1);
  EXPECT_EQ(delay.nanos(), 500'000'000);
}

TEST_F(TypedErrorsServiceTest, WhoComesBackWhenToldIsNotTooEarly) {
  ASSERT_TRUE(Add({Movie(101, "Playtime (1967)")}).ok());
  clock_.Advance(kIndexing - absl::Nanoseconds(1));
  const auto delay = Detail<google::rpc::RetryInfo>(Query()).retry_delay();
  EXPECT_EQ(delay.seconds(), 0);
  EXPECT_EQ(delay.nanos(), 1'000'000) << "Rounded up to a millisecond.";
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(Query().ok());
}

TEST_F(TypedErrorsServiceTest, StarsHaveTheirLimits) {
  for (int32_t stars : {0, 6}) {
    const grpc::Status status = Rate(1, stars);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    const auto faults = Detail<google::rpc::BadRequest>(status);
    ASSERT_EQ(faults.field_violations_size(), 1);
    EXPECT_EQ(faults.field_violations(0).field(), "stars");
    EXPECT_EQ(faults.field_violations(0).description(), "must be from 1 to 5");
  }
  EXPECT_TRUE(Rate(1, 5).ok());
}

TEST_F(TypedErrorsServiceTest, ARatingOfNoMovieIsNotFound) {
  const grpc::Status status = Rate(999, 5);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Detail<v1::MovieError>(status).reason(), v1::MOVIE_NOT_FOUND);
}

}  // namespace
}  // namespace movies
