// The three services of the programs, put together.

#include "chain.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// What the services say. Thread-safe.
class Narration {
 public:
  void Add(absl::string_view service, absl::string_view line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(absl::StrCat(service, " ", line));
  }

  // Waits for a line that starts like this, and returns it; "" if it does not
  // come.
  std::string WaitFor(absl::string_view start) {
    std::string found;
    const auto said = [&] {
      mutex_.AssertReaderHeld();
      for (const std::string& line : lines_) {
        if (absl::StartsWith(line, start)) found = line;
      }
      return !found.empty();
    };
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&said), 5 * support::Patience());
    return found;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
    movie_id_.set_mid(1);
  }

  // Serves a chain with these options.
  void Start(const ChainOptions& options) {
    absl::StatusOr<std::unique_ptr<Chain>> chain = Chain::Start(
        options, [this](absl::string_view service, absl::string_view line) {
          narration_.Add(service, line);
        });
    ASSERT_TRUE(chain.ok()) << chain.status();
    chain_ = *std::move(chain);
    server_ = std::make_unique<support::TestServer>(&chain_->front());
    stub_ = v1::MoviesService::NewStub(server_->NewChannel());
  }

  Narration narration_;
  std::unique_ptr<Chain> chain_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  v1::MovieID movie_id_;
  v1::Movie movie_;
};

TEST_F(ChainTest, AMovieComesThroughAllThree) {
  ChainOptions options;
  options.step = absl::ZeroDuration();
  Start(options);
  const grpc::Status status = stub_->GetMovie(&context_, movie_id_, &movie_);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(movie_.movie_name(), "Metropolis (1927)");
  const auto& initial = context_.GetServerInitialMetadata();
  ASSERT_EQ(initial.count("x-served-by"), 1u);
  EXPECT_EQ(initial.find("x-served-by")->second, "front");
  EXPECT_EQ(context_.GetServerTrailingMetadata().count("x-took"), 1u);
}

TEST_F(ChainTest, AStreamComesThroughAllThree) {
  ChainOptions options;
  options.step = absl::ZeroDuration();
  Start(options);
  auto reader = stub_->QueryMovie(&context_, v1::MovieQueryParams());
  int received = 0;
  while (reader->Read(&movie_)) ++received;
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(received, static_cast<int>(MovieStore().size()));
}

TEST_F(ChainTest, ChosenMetadataComesToTheLast) {
  ChainOptions options;
  options.step = absl::ZeroDuration();
  options.allowed = {"x-request-id"};
  Start(options);
  context_.AddMetadata("x-request-id", "42");
  context_.AddMetadata("x-secret", "for you only");
  stub_->GetMovie(&context_, movie_id_, &movie_);
  const std::string arrival = narration_.WaitFor("back GetMovie(1), ");
  EXPECT_THAT(arrival, HasSubstr("x-request-id: 42"));
  EXPECT_THAT(arrival, Not(HasSubstr("x-secret")));
}

TEST_F(ChainTest, ReservesThatTakeAllTheTimeRefuseEarly) {
  ChainOptions options;
  options.budget.reserve = absl::Hours(1);
  Start(options);
  EXPECT_EQ(stub_->GetMovie(&context_, movie_id_, &movie_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_LT(absl::Now(), absl::FromChrono(context_.deadline()));
}

TEST_F(ChainTest, ACancelledCallEndsTheWorkAtTheBack) {
  ChainOptions options;
  // Longer than this test waits: only a cancellation ends a step in time.
  options.step = absl::Minutes(1);
  Start(options);
  absl::Notification over;
  grpc::Status status;
  stub_->async()->GetMovie(&context_, &movie_id_, &movie_,
                           [&](grpc::Status result) {
                             status = std::move(result);
                             over.Notify();
                           });
  EXPECT_NE(narration_.WaitFor("back GetMovie(1), "), "")
      << "The call did not arrive at the last service.";
  context_.TryCancel();
  over.WaitForNotification();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_THAT(narration_.WaitFor("back GetMovie ends"),
              StartsWith("back GetMovie ends in step 1 of 5 with code 1,"))
      << "The client cancelled during the first step of five.";
}

TEST_F(ChainTest, AStoppedStreamEndsTheWorkAtTheBack) {
  ChainOptions options;
  options.step = absl::Minutes(1);  // After each movie.
  Start(options);
  auto reader = stub_->QueryMovie(&context_, v1::MovieQueryParams());
  EXPECT_TRUE(reader->Read(&movie_)) << "No movie arrived.";
  context_.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_THAT(
      narration_.WaitFor("back QueryMovie ends"),
      StartsWith(absl::StrCat("back QueryMovie ends after 1 of ",
                              MovieStore().size(), " movies with code 1,")))
      << "The client read one movie and went.";
}

}  // namespace
}  // namespace movies
