#include "retry_by_policy.h"

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace movies {
namespace {

// Seeds itself, so that no two clients draw the same. Thread-safe.
class Random {
 public:
  double Draw() {
    absl::MutexLock lock(&mutex_);
    return absl::Uniform(generator_, 0.0, 1.0);
  }

 private:
  absl::Mutex mutex_;
  absl::BitGen generator_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

RetryDecision RetryByPolicy(const RetryOptions& options) {
  return [options,
          random = std::make_shared<Random>()](const FailedAttempt& failed) {
    return NextAttemptDelay(options, failed, absl::Now(), random->Draw());
  };
}

}  // namespace movies
