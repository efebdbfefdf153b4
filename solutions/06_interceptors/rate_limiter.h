// Says whether one more call may go on now, and if not, when it is worth asking
// again: a token bucket for each key, for instance for each method and peer.
//
//   RateLimiter limiter({/*burst=*/10, /*interval=*/absl::Milliseconds(200)});
//   absl::Duration wait = limiter.TryTake("/movies.v1.MoviesService/GetMovie");
//   if (wait > absl::ZeroDuration()) …  // Refuse the call.

#ifndef RATE_LIMITER_H_
#define RATE_LIMITER_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "support/steady_clock.h"

namespace movies {

// How often something may happen: `burst` times at once after a pause, and then
// once per `interval`. A bucket holds `burst` tokens and gets one more every
// `interval`; what happens takes one.
struct RateLimit {
  // 1 or more.
  int burst = 1;
  // More than zero.
  absl::Duration interval = absl::Seconds(1);
};

// One bucket. It fills by looking at how much time has passed, so that it needs
// neither a timer nor a thread. The caller tells the time.
//
// Not thread-safe: RateLimiter guards it.
class TokenBucket {
 public:
  // A full bucket, as of `now`.
  TokenBucket(const RateLimit& limit, absl::Time now);

  // Takes a token, if there is one at `now`. Returns zero if it took one, else
  // how long after `now` the next one will be there, if nobody takes it first.
  // A refusal costs nothing.
  //
  // Time may go back, as the system's clock does when somebody sets it. That
  // neither fills nor empties the bucket, and counting goes on from there: a
  // bucket that waited for the old time to come again would be shut as long as
  // the clock was set back.
  absl::Duration TryTake(absl::Time now);

  // Whether it has all its tokens at `now`: then it is as good as a new one.
  bool IsFull(absl::Time now) const;

 private:
  // What a token costs, and what a full bucket is worth.
  const absl::Duration interval_;
  const absl::Duration capacity_;
  // Tokens are kept as the time that it takes to fill them in, `interval_` for
  // each: half a token is half of `interval_`, and nothing is rounded.
  absl::Duration credit_;
  // Up to when `credit_` counts.
  absl::Time counted_until_;
};

// A bucket per key. Thread-safe.
//
// Whoever can make up keys must not fill the memory: there are at most
// `max_keys` buckets. When there is no room for another, those that are full
// are forgotten, which changes nothing. If that makes no room either, the new
// keys share one bucket.
class RateLimiter {
 public:
  struct Options {
    std::size_t max_keys = 10000;
    // What time it is, by a clock that nobody sets. Called under a lock: it
    // must not call the limiter.
    std::function<absl::Time()> clock = support::SteadyNow;
  };

  explicit RateLimiter(const RateLimit& limit);
  RateLimiter(const RateLimit& limit, Options options);

  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  // Takes a token from the key's bucket, which is full at first. Returns zero
  // if it took one, else how long to wait before the next try.
  absl::Duration TryTake(absl::string_view key);

  // How many buckets there are, without the shared one.
  std::size_t size() const;

 private:
  // The bucket to use for `key`.
  TokenBucket& BucketOf(absl::string_view key, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RateLimit limit_;
  const Options options_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, TokenBucket> buckets_
      ABSL_GUARDED_BY(mutex_);
  TokenBucket shared_ ABSL_GUARDED_BY(mutex_);
  // When all buckets were last looked through.
  absl::Time swept_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace movies

#endif  // RATE_LIMITER_H_
