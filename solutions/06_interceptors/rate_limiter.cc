#include "rate_limiter.h"

#include <algorithm>
#include <utility>

namespace movies {

TokenBucket::TokenBucket(const RateLimit& limit, absl::Time now)
    : interval_(limit.interval),
      capacity_(limit.interval * limit.burst),
      credit_(capacity_),
      counted_until_(now) {}

absl::Duration TokenBucket::TryTake(absl::Time now) {
  // Time that went back fills nothing.
  if (now > counted_until_) {
    credit_ = std::min(capacity_, credit_ + (now - counted_until_));
  }
  counted_until_ = now;
  if (credit_ < interval_) return interval_ - credit_;
  credit_ -= interval_;
  return absl::ZeroDuration();
}

bool TokenBucket::IsFull(absl::Time now) const {
  return credit_ + std::max(absl::ZeroDuration(), now - counted_until_) >=
         capacity_;
}

RateLimiter::RateLimiter(const RateLimit& limit)
    : RateLimiter(limit, Options()) {}

RateLimiter::RateLimiter(const RateLimit& limit, Options options)
    : limit_(limit),
      options_(std::move(options)),
      shared_(limit, options_.clock()) {}

absl::Duration RateLimiter::TryTake(absl::string_view key) {
  absl::MutexLock lock(&mutex_);
  // Under the lock: read before it, the times of two calls could change places.
  const absl::Time now = options_.clock();
  return BucketOf(key, now).TryTake(now);
}

std::size_t RateLimiter::size() const {
  absl::MutexLock lock(&mutex_);
  return buckets_.size();
}

TokenBucket& RateLimiter::BucketOf(absl::string_view key, absl::Time now) {
  if (auto found = buckets_.find(key); found != buckets_.end()) {
    return found->second;
  }
  // Sweeping at every call would find little more, and somebody who makes up
  // keys would make every call slow.
  const bool may_sweep = now < swept_ || now >= swept_ + limit_.interval;
  if (buckets_.size() >= options_.max_keys && may_sweep) {
    absl::erase_if(buckets_, [now](const auto& entry) {
      return entry.second.IsFull(now);
    });
    swept_ = now;
  }
  if (buckets_.size() >= options_.max_keys) return shared_;
  return buckets_.try_emplace(std::string(key), limit_, now).first->second;
}

}  // namespace movies
