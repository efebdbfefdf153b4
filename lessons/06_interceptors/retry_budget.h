// How many retries a client may add to a server's load: the token bucket that
// gRFC A6 (https://github.com/grpc/proposal/blob/master/A6-client-retries.md)
// calls retry throttling.

#ifndef RETRY_BUDGET_H_
#define RETRY_BUDGET_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace movies {

// One bucket for all calls to one server: full at first, a token less for each
// failure, a fraction of one more for each success. While it is half full or
// less, calls still go out and are not repeated. So if the server is down, the
// calls that clients make are nearly all that it gets; if one call in a hundred
// fails, each of those is repeated.
//
// Thread-safe.
class RetryBudget {
 public:
  // `max_tokens` is from 1 to 1000; `token_ratio`, what a success adds, is
  // above 0 and is taken to the thousandth.
  explicit RetryBudget(int max_tokens = 10, double token_ratio = 0.1);

  RetryBudget(const RetryBudget&) = delete;
  RetryBudget& operator=(const RetryBudget&) = delete;

  // Takes a token for an attempt that failed because the server was away or too
  // busy, or asked not to be called again. Returns whether it may be repeated.
  bool RecordFailure();

  // Adds to the bucket for an attempt that succeeded.
  void RecordSuccess();

 private:
  // In thousandths of a token, so that ten tenths are one.
  const int64_t max_;
  const int64_t per_success_;
  absl::Mutex mutex_;
  int64_t tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // RETRY_BUDGET_H_
