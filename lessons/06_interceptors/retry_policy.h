// Whether a call that failed is worth another attempt, and when: the rules of
// gRFC A6 (https://github.com/grpc/proposal/blob/master/A6-client-retries.md),
// and one more that A6 leaves to whoever writes the configuration: a method
// that does harm when it runs twice is not repeated.

#ifndef RETRY_POLICY_H_
#define RETRY_POLICY_H_

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace movies {

struct RetryOptions {
  // Attempts of one call in all, the first included.
  int max_attempts = 4;
  // The longest delay before the second attempt. It doubles with each attempt
  // after that.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  // What no backoff exceeds.
  absl::Duration max_backoff = absl::Seconds(5);
};

// An attempt that failed, and the call that it belongs to.
struct FailedAttempt {
  // Whether running the method twice does no more than running it once.
  bool repeatable = false;
  // Which attempt of the call it was; 1 is the first.
  int attempt = 1;
  // What it failed with; not OK.
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  // The value of "grpc-retry-pushback-ms" in the trailing metadata, by which a
  // server says when to come back; nothing if it did not.
  std::optional<std::string> pushback;
  // By when the whole call must be over, all attempts included.
  absl::Time deadline = absl::InfiniteFuture();
};

// Returns how long to wait before the next attempt, or nothing if there is to
// be none.
//
// There is none if the method is not repeatable; if the call has had
// `max_attempts`; or if the next one would begin at the deadline or later. Nor
// is there one unless the code says that a later attempt may do better:
// UNAVAILABLE, and RESOURCE_EXHAUSTED if the server says when to come back. (A
// connection that breaks under a running handler is UNAVAILABLE, too. So even
// this code does not make a method repeatable.)
//
// A push-back of 0 or more milliseconds is the delay, exactly. A negative one
// means "do not come back", and so does one that is no 32-bit number (gRFC A6).
//
// Without a push-back the delay is a backoff with full jitter: `random` of the
// way from nothing to initial_backoff, doubled for each attempt after the
// first, but no more than max_backoff. So clients that failed together do not
// come back together. `random` is drawn evenly from [0, 1), anew for each
// attempt.
// Slide: next_attempt_delay
std::optional<absl::Duration> NextAttemptDelay(const RetryOptions& options,
                                               const FailedAttempt& failed,
                                               absl::Time now, double random);
// End slide: next_attempt_delay

}  // namespace movies

#endif  // RETRY_POLICY_H_
