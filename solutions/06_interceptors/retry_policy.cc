#include "retry_policy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"

namespace movies {

std::optional<absl::Duration> NextAttemptDelay(const RetryOptions& options,
                                               const FailedAttempt& failed,
                                               absl::Time now, double random) {
  if (!failed.repeatable) return std::nullopt;
  if (failed.attempt >= options.max_attempts) return std::nullopt;
  const bool safe = failed.code == grpc::StatusCode::UNAVAILABLE ||
                    (failed.code == grpc::StatusCode::RESOURCE_EXHAUSTED &&
                     failed.pushback.has_value());
  if (!safe) return std::nullopt;

  absl::Duration delay;
  if (failed.pushback.has_value()) {
    int32_t milliseconds = 0;
    const bool parsed = absl::SimpleAtoi(*failed.pushback, &milliseconds);
    if (!parsed || milliseconds < 0) return std::nullopt;
    delay = absl::Milliseconds(milliseconds);
  } else {
    // A double does not overflow as 1 << attempt would.
    const double doublings = std::ldexp(1.0, failed.attempt - 1);
    delay = random *
            std::min(options.max_backoff, options.initial_backoff * doublings);
  }
  if (now + delay >= failed.deadline) return std::nullopt;
  return delay;
}

}  // namespace movies
