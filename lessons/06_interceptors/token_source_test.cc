#include "token_source.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

// Tokens "token-1", "token-2", …, valid for ten minutes each.
class TokenSourceTest : public ::testing::Test {
 protected:
  TokenSource::Options WithClock() {
    TokenSource::Options options;
    options.margin = absl::Minutes(1);
    options.clock = [this] {
      absl::MutexLock lock(&mutex_);
      return now_;
    };
    return options;
  }

  absl::StatusOr<AccessToken> Fetch() {
    absl::MutexLock lock(&mutex_);
    ++fetches_;
    if (!failure_.ok()) return failure_;
    return AccessToken{absl::StrCat("token-", fetches_),
                       now_ + absl::Minutes(10)};
  }

  void PassTime(absl::Duration time) {
    absl::MutexLock lock(&mutex_);
    now_ += time;
  }

  void LetFetchesEndWith(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    failure_ = status;
  }

  int fetches() {
    absl::MutexLock lock(&mutex_);
    return fetches_;
  }

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1700000000);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int fetches_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_F(TokenSourceTest, FetchesWhenSomebodyAsksAndKeepsTheToken) {
  TokenSource source([this] { return Fetch(); }, WithClock());
  EXPECT_EQ(fetches(), 0);
  EXPECT_EQ(*source.Token(), "token-1");
  PassTime(absl::Minutes(9) - absl::Nanoseconds(1));
  EXPECT_EQ(*source.Token(), "token-1");
  EXPECT_EQ(fetches(), 1);
}

TEST_F(TokenSourceTest, RenewsBeforeTheExpiry) {
  TokenSource source([this] { return Fetch(); }, WithClock());
  EXPECT_EQ(*source.Token(), "token-1");
  PassTime(absl::Minutes(9));
  EXPECT_EQ(*source.Token(), "token-2");
}

TEST_F(TokenSourceTest, TheOldTokenDoesWhileRenewingFails) {
  TokenSource source([this] { return Fetch(); }, WithClock());
  EXPECT_EQ(*source.Token(), "token-1");
  LetFetchesEndWith(absl::UnavailableError("nobody there"));
  PassTime(absl::Minutes(9));
  EXPECT_EQ(*source.Token(), "token-1");
  EXPECT_EQ(fetches(), 2);
  PassTime(absl::Minutes(1));
  EXPECT_EQ(source.Token().status(), absl::UnavailableError("nobody there"));
  LetFetchesEndWith(absl::OkStatus());
  EXPECT_EQ(*source.Token(), "token-4");
}

TEST_F(TokenSourceTest, ATokenThatMetadataCannotCarryIsNone) {
  for (const char* value : {"read from a file\n", "two words", "\xff", "\t"}) {
    const AccessToken token = {value, absl::InfiniteFuture()};
    TokenSource source([token] { return token; }, WithClock());
    const absl::Status status = source.Token().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(value)));
  }
}

TEST_F(TokenSourceTest, ManyWhoNeedATokenAtOnceWaitForOneFetch) {
  constexpr int kThreads = 8;
  absl::Notification go_on;
  std::atomic<int> asking{0};
  TokenSource source(
      [&] {
        go_on.WaitForNotification();
        return Fetch();
      },
      WithClock());
  std::vector<std::string> tokens(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (++asking == kThreads) go_on.Notify();
      tokens[i] = source.Token().value_or("none");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(tokens, Each(std::string("token-1")));
  EXPECT_EQ(fetches(), 1);
}

TEST_F(TokenSourceTest, WhoeverHasAValidTokenDoesNotWaitForTheRenewal) {
  absl::Notification fetching;
  absl::Notification go_on;
  std::atomic<bool> first{true};
  TokenSource source(
      [&] {
        if (!first.exchange(false)) {
          fetching.Notify();
          go_on.WaitForNotification();
        }
        return Fetch();
      },
      WithClock());
  EXPECT_EQ(*source.Token(), "token-1");
  PassTime(absl::Minutes(9));
  std::string renewed;
  std::thread renewing([&] { renewed = *source.Token(); });
  fetching.WaitForNotification();
  EXPECT_EQ(*source.Token(), "token-1");
  go_on.Notify();
  renewing.join();
  EXPECT_EQ(renewed, "token-2");
}

}  // namespace
}  // namespace movies
