#include "rate_limiter.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

// When every test begins. Some time in 2001, not a round one.
absl::Time Start() { return absl::FromUnixMillis(1000000000123); }

// Takes tokens at `now` until none is left. Returns how many there were, or
// `limit` if there were more.
int TakeAll(TokenBucket& bucket, absl::Time now, int limit = 100) {
  int taken = 0;
  while (taken < limit && bucket.TryTake(now) == absl::ZeroDuration()) ++taken;
  return taken;
}

// Three calls at once, then one every 100 ms.
RateLimit ThreeAtOnce() { return {/*burst=*/3, absl::Milliseconds(100)}; }

TEST(TokenBucketTest, GivesABurstAndThenRefuses) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  EXPECT_EQ(TakeAll(bucket, Start()), 3)
      << "A full bucket of 3 tokens was asked again and again without time "
         "passing. The first three calls may go on, and every later one has to "
         "wait. (100 means that it never refused.)";
}

TEST(TokenBucketTest, SaysHowLongUntilTheNextToken) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  EXPECT_EQ(bucket.TryTake(Start()), absl::Milliseconds(100))
      << "The bucket has just been emptied and gets a token every 100 ms.";
  EXPECT_EQ(bucket.TryTake(Start() + absl::Milliseconds(30)),
            absl::Milliseconds(70))
      << "30 of the 100 ms have passed: what is left of them is the time to "
         "wait. A client that is told more waits for nothing; one that is told "
         "less comes in vain.";
}

TEST(TokenBucketTest, TheTokenIsThereWhenItWasPromised) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  const absl::Duration wait = bucket.TryTake(Start());
  const absl::Time promised = Start() + wait;
  EXPECT_GT(bucket.TryTake(promised - absl::Nanoseconds(1)),
            absl::ZeroDuration())
      << "A nanosecond before the token is due, there is none.";
  EXPECT_EQ(bucket.TryTake(promised), absl::ZeroDuration())
      << "The client was told to wait for " << wait
      << " and did, to the nanosecond. A whole interval has passed: that is "
         "enough for a token.";
}

TEST(TokenBucketTest, KeepsTheFractions) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  // Somebody asks every 30 ms, for six seconds.
  int taken = 0;
  for (int i = 1; i <= 200; ++i) {
    const absl::Time now = Start() + i * absl::Milliseconds(30);
    if (bucket.TryTake(now) == absl::ZeroDuration()) ++taken;
  }
  EXPECT_EQ(taken, 60)
      << "A client asked every 30 ms for 6 seconds, from an empty bucket that "
         "gets a token every 100 ms: 60 calls. Fewer: what has passed of an "
         "interval is lost whenever somebody asks, so that those who ask often "
         "get less, or nothing. More: something is counted twice.";
}

TEST(TokenBucketTest, HoldsNoMoreThanItsBurst) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  EXPECT_EQ(TakeAll(bucket, Start() + absl::Hours(8)), 3)
      << "The bucket was left alone for a night. It holds 3 tokens, however "
         "long nobody takes one: in the morning the server must not be hit by "
         "the calls of a whole night at once.";
}

TEST(TokenBucketTest, FillsTokenByToken) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  EXPECT_EQ(TakeAll(bucket, Start() + absl::Milliseconds(250)), 2)
      << "Two and a half intervals after it was empty, the bucket has two "
         "tokens and a half.";
  EXPECT_EQ(TakeAll(bucket, Start() + absl::Milliseconds(300)), 1)
      << "The half that was left over and half an interval more are a token.";
}

TEST(TokenBucketTest, ARefusalCostsNothing) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  for (int i = 0; i < 50; ++i) bucket.TryTake(Start());
  EXPECT_EQ(bucket.TryTake(Start() + absl::Milliseconds(100)),
            absl::ZeroDuration())
      << "50 calls were refused, and an interval later there must be a token "
         "all the same. If refused calls are charged too, a client that is too "
         "eager is shut out until it gives up.";
}

TEST(TokenBucketTest, TimeThatGoesBackEmptiesNothing) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  EXPECT_EQ(TakeAll(bucket, Start() - absl::Hours(1)), 3)
      << "Somebody set the system's clock back by an hour. The bucket was full "
         "and nobody took anything.";
}

TEST(TokenBucketTest, TimeThatGoesBackFillsNothing) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  EXPECT_EQ(bucket.TryTake(Start() - absl::Hours(1)), absl::Milliseconds(100))
      << "The clock was set back by an hour, and the bucket was empty: it "
         "still is, and the next token is an interval away.";
}

TEST(TokenBucketTest, GoesOnFillingAfterTimeWentBack) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  TakeAll(bucket, Start());
  const absl::Time back = Start() - absl::Hours(1);
  bucket.TryTake(back);
  EXPECT_EQ(bucket.TryTake(back + absl::Milliseconds(100)),
            absl::ZeroDuration())
      << "The clock was set back by an hour, and after that a whole interval "
         "has passed. A bucket that waits until the old time comes again "
         "refuses every call for an hour.";
}

TEST(TokenBucketTest, KnowsWhenItIsFull) {
  TokenBucket bucket(ThreeAtOnce(), Start());
  EXPECT_TRUE(bucket.IsFull(Start()));
  bucket.TryTake(Start());
  EXPECT_FALSE(bucket.IsFull(Start() + absl::Milliseconds(99)))
      << "One token was taken 99 ms ago, and a new one takes 100.";
  EXPECT_TRUE(bucket.IsFull(Start() + absl::Milliseconds(100)));
}

class RateLimiterTest : public ::testing::Test {
 protected:
  // A limiter whose clock shows now_.
  RateLimiter::Options WithClock(std::size_t max_keys) {
    RateLimiter::Options options;
    options.max_keys = max_keys;
    options.clock = [this] { return now_; };
    return options;
  }

  absl::Time now_ = Start();
};

TEST_F(RateLimiterTest, EveryKeyHasABucketOfItsOwn) {
  RateLimiter limiter(ThreeAtOnce(), WithClock(/*max_keys=*/10));
  for (int i = 0; i < 3; ++i) limiter.TryTake("alice");
  EXPECT_GT(limiter.TryTake("alice"), absl::ZeroDuration())
      << "Alice has had her three calls.";
  EXPECT_EQ(limiter.TryTake("bob"), absl::ZeroDuration())
      << "Bob has not called yet; what Alice does is not his business.";
}

TEST_F(RateLimiterTest, ForgetsFullBucketsWhenThereIsNoRoom) {
  RateLimiter limiter(ThreeAtOnce(), WithClock(/*max_keys=*/2));
  limiter.TryTake("alice");
  limiter.TryTake("bob");
  now_ += absl::Milliseconds(100);
  limiter.TryTake("bob");
  // Alice's bucket is full again, Bob's is not.
  EXPECT_EQ(limiter.TryTake("carol"), absl::ZeroDuration());
  EXPECT_EQ(limiter.size(), 2);
  for (int i = 0; i < 2; ++i) limiter.TryTake("bob");
  EXPECT_GT(limiter.TryTake("bob"), absl::ZeroDuration())
      << "Bob's bucket was forgotten although it was not full, so he got a "
         "new one with all its tokens.";
}

TEST_F(RateLimiterTest, MadeUpKeysFillNoMemoryAndGetNoFreeCalls) {
  RateLimiter limiter(ThreeAtOnce(), WithClock(/*max_keys=*/10));
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    if (limiter.TryTake(absl::StrCat("key ", i)) == absl::ZeroDuration()) {
      ++taken;
    }
  }
  EXPECT_EQ(limiter.size(), 10);
  EXPECT_EQ(taken, 10 + 3) << "The keys for which there was no room share one "
                              "bucket of three tokens.";
}

TEST_F(RateLimiterTest, ManyThreadsTakeNoTokenTwice) {
  RateLimiter limiter({/*burst=*/500, absl::Hours(1)}, WithClock(10));
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 250; ++j) {
        if (limiter.TryTake("key") == absl::ZeroDuration()) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 500) << "Four threads asked 250 times each for one of 500 "
                           "tokens.";
}

}  // namespace
}  // namespace movies
