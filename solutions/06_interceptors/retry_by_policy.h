// The retry interceptor's decision by the rules of retry_policy.h.

#ifndef RETRY_BY_POLICY_H_
#define RETRY_BY_POLICY_H_

#include "retry_interceptor.h"
#include "retry_policy.h"

namespace movies {

// Returns NextAttemptDelay() with these options, the present time and random
// numbers of its own. Its result may be called by several threads at once.
RetryDecision RetryByPolicy(const RetryOptions& options);

}  // namespace movies

#endif  // RETRY_BY_POLICY_H_
