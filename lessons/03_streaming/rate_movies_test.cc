#include "rate_movies.h"

#include <grpc/grpc.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ServerStream = grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>;

// A server whose end of RateMovies is up to the test.
class ScriptedService : public v1::MoviesService::Service {
 public:
  using Script = std::function<grpc::Status(ServerStream&)>;

  explicit ScriptedService(Script script) : script_(std::move(script)) {}

  grpc::Status RateMovies(grpc::ServerContext*, ServerStream* stream) override {
    return script_(*stream);
  }

 private:
  const Script script_;
};

v1::MovieScore ScoreOf(const v1::MovieRating& rating) {
  v1::MovieScore score;
  score.set_mid(rating.mid());
  score.set_ratings(1);
  score.set_average(rating.stars());
  return score;
}

// Answers each rating before it reads the next.
grpc::Status AnswerEach(ServerStream& stream) {
  v1::MovieRating rating;
  while (stream.Read(&rating)) {
    if (!stream.Write(ScoreOf(rating))) {
      return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
    }
  }
  return grpc::Status::OK;
}

// Yields ratings of movies 1 to `count`.
RatingSource Ratings(int count) {
  return [count, last = 0](v1::MovieRating* rating) mutable {
    if (last == count) return false;
    rating->set_mid(++last);
    rating->set_stars(4);
    return true;
  };
}

struct Scores {
  std::vector<int> mids;
  grpc::Status status;
};

// Rates against a server that plays `script`, with windows of `window` bytes
// for what is sent but not read yet, or gRPC's own if that is 0.
Scores Rate(const RatingSource& ratings, ScriptedService::Script script,
            std::function<void(int)> on_score = nullptr, int window = 0) {
  ScriptedService service(std::move(script));
  support::TestServerOptions options;
  grpc::ChannelArguments args;
  if (window > 0) {
    args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, window);
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    options.configure = [window](grpc::ServerBuilder& builder) {
      builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, window);
      builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    };
  }
  support::TestServer server(&service, options);
  auto stub = v1::MoviesService::NewStub(server.NewChannel(args));
  Scores scores;
  scores.status = RateMovies(*stub, ratings, absl::Now() + Patience(),
                             [&](const v1::MovieScore& score) {
                               scores.mids.push_back(score.mid());
                               if (on_score) on_score(score.mid());
                             });
  return scores;
}

TEST(RateMoviesTest, EveryRatingGetsItsScoreInOrder) {
  const Scores scores = Rate(Ratings(3), AnswerEach);
  EXPECT_THAT(scores.mids, ElementsAre(1, 2, 3))
      << "Three ratings should have been sent and their scores received. A "
         "bidirectional stream is two streams in one call: Write() sends on "
         "one, Read() receives on the other, and neither waits for the other.";
  EXPECT_TRUE(scores.status.ok())
      << "RateMovies returned \"" << scores.status.error_message()
      << "\". If the call ran into its deadline: the server reads on until the "
         "client half-closes with WritesDone(), and only then ends the stream.";
}

TEST(RateMoviesTest, NoRatingsAtAllGetNoScores) {
  const Scores scores = Rate(Ratings(0), AnswerEach);
  EXPECT_THAT(scores.mids, IsEmpty());
  EXPECT_TRUE(scores.status.ok())
      << "There was nothing to rate, and RateMovies returned \""
      << scores.status.error_message()
      << "\". If the call ran into its deadline: the server waits until the "
         "client half-closes, also when it has sent nothing.";
}

TEST(RateMoviesTest, AScoreArrivesWhileRatingsAreStillSent) {
  absl::Notification first_score;
  bool in_time = true;
  RatingSource two = Ratings(2);
  const RatingSource waits_for_the_first_score =
      [&, sent = 0](v1::MovieRating* rating) mutable {
        if (sent++ == 1) {
          in_time = first_score.WaitForNotificationWithTimeout(Patience() / 2);
        }
        return two(rating);
      };
  const Scores scores =
      Rate(waits_for_the_first_score, AnswerEach, [&](int mid) {
        if (mid == 1) first_score.Notify();
      });
  EXPECT_TRUE(in_time)
      << "The second rating was held back until the first one's score was "
         "there, and that score never came: nobody was reading while the "
         "ratings were being sent.";
  EXPECT_THAT(scores.mids, ElementsAre(1, 2))
      << "Two ratings were to get a score each.";
}

TEST(RateMoviesTest, ScoresMayComeLate) {
  const Scores scores = Rate(Ratings(10), [](ServerStream& stream) {
    std::vector<v1::MovieRating> ratings(10);
    for (v1::MovieRating& rating : ratings) {
      if (!stream.Read(&rating)) {
        return grpc::Status(grpc::StatusCode::CANCELLED, "too few ratings");
      }
    }
    for (const v1::MovieRating& rating : ratings) {
      stream.Write(ScoreOf(rating));
    }
    return grpc::Status::OK;
  });
  EXPECT_TRUE(scores.status.ok())
      << "This server reads ten ratings before it writes the first score, and "
         "RateMovies returned \""
      << scores.status.error_message()
      << "\". A client that waits for a score before it sends the next rating "
         "waits for ever: the two directions are independent.";
  EXPECT_EQ(scores.mids.size(), 10u)
      << "Ten ratings were to get a score each, however late.";
}

TEST(RateMoviesTest, MoreThanTheWindowsHoldIsNoDeadlock) {
  // Some hundred ratings and scores leave no room in these windows. The server
  // then waits in Write() until somebody reads, and reads no more itself.
  const Scores scores =
      Rate(Ratings(3000), AnswerEach, nullptr, /*window=*/1024);
  EXPECT_TRUE(scores.status.ok())
      << "With 3000 ratings RateMovies returned \""
      << scores.status.error_message()
      << "\". If the call ran into its deadline: client and server both stood "
         "in Write(), each without room left in the other's window, and nobody "
         "was in Read(); or nobody half-closed.";
  EXPECT_EQ(scores.mids.size(), 3000u)
      << "3000 ratings were to get a score each.";
}

TEST(RateMoviesTest, AnEarlyRefusalStopsBothDirections) {
  // Far more than the window holds: they cannot all have left before the end.
  int sent = 0;
  RatingSource many = Ratings(100'000);
  const Scores scores = Rate(
      [&](v1::MovieRating* rating) {
        ++sent;
        return many(rating);
      },
      [](ServerStream& stream) {
        v1::MovieRating rating;
        stream.Read(&rating);
        stream.Write(ScoreOf(rating));
        return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                            "nine stars are too many");
      },
      nullptr, /*window=*/64 * 1024);
  EXPECT_THAT(scores.mids, ElementsAre(1))
      << "The server answered one rating before it refused the rest; that "
         "score is to be delivered.";
  EXPECT_EQ(scores.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "The server refused the second rating and said why; RateMovies "
         "returned \""
      << scores.status.error_message() << "\".";
  EXPECT_LT(sent, 100'000)
      << "The server ended the call after one rating, and all of 100,000 "
         "were sent. Look at what Write() returns.";
}

}  // namespace
}  // namespace movies
