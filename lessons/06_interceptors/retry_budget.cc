#include "retry_budget.h"

#include <algorithm>
#include <cmath>

namespace movies {
namespace {

constexpr int64_t kToken = 1000;

}  // namespace

RetryBudget::RetryBudget(int max_tokens, double token_ratio)
    : max_(max_tokens * kToken),
      per_success_(std::llround(token_ratio * kToken)),
      tokens_(max_) {}

bool RetryBudget::RecordFailure() {
  absl::MutexLock lock(&mutex_);
  tokens_ = std::max<int64_t>(0, tokens_ - kToken);
  return tokens_ > max_ / 2;
}

void RetryBudget::RecordSuccess() {
  absl::MutexLock lock(&mutex_);
  tokens_ = std::min(max_, tokens_ + per_success_);
}

}  // namespace movies
