// How long may the next service take? A service in the middle of a chain has a
// caller that waits only so long, and needs some of that time itself.
//
//   absl::StatusOr<absl::Time> deadline =
//       NextDeadline(CallerDeadline(*context), budget, absl::Now());
//   if (!deadline.ok()) …  // Refuse, and call nobody.

#ifndef DEADLINE_BUDGET_H_
#define DEADLINE_BUDGET_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace movies {

// How a service in the middle divides its caller's time for one hop: a hop is a
// call from a service to the next.
struct HopBudget {
  // What it keeps for itself: to send its own answer after the next service's.
  absl::Duration reserve = absl::ZeroDuration();

  // The longest that it ever lets the next service take, however long the
  // caller would wait.
  absl::Duration at_most = absl::InfiniteDuration();

  // What the next service needs at the very least. With less there is no point
  // in asking it.
  absl::Duration at_least = absl::ZeroDuration();
};

// When the caller of this call stops waiting, on this machine's clock;
// absl::InfiniteFuture() if it set no deadline.
absl::Time CallerDeadline(const grpc::ServerContextBase& call);

// The deadline for the call to the next service, made at `now`: `reserve`
// before the caller's and at most `at_most` from now, whichever comes first. So
// it is never later than the caller's. A caller without a deadline has
// `caller_deadline` absl::InfiniteFuture(); with an infinite `at_most` the next
// call has none either.
//
// DEADLINE_EXCEEDED if that leaves no time at all, or less than `at_least`:
// what cannot be done in time is refused before anybody works for it. The
// message says for people how much would be left, and 0 for less than that.
// Slide: next_deadline
absl::StatusOr<absl::Time> NextDeadline(absl::Time caller_deadline,
                                        const HopBudget& budget,
                                        absl::Time now);
// End slide: next_deadline

}  // namespace movies

#endif  // DEADLINE_BUDGET_H_
