#include "retry_policy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"

namespace movies {

std::optional<absl::Duration> NextAttemptDelay(const RetryOptions& options,
                                               const FailedAttempt& failed,
                                               absl::Time now, double random) {
  // TODO(06_interceptors.retry_policy): Go through what retry_policy.h says:
  // what forbids another attempt, what the server's push-back means, what the
  // backoff is without one, and whether there is time left.
  return std::nullopt;
  // END TODO(06_interceptors.retry_policy)
}

}  // namespace movies
