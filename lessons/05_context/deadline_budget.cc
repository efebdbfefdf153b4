#include "deadline_budget.h"

#include <algorithm>
#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

absl::Time CallerDeadline(const grpc::ServerContextBase& call) {
  // gRPC's way to say "none". As a number it is the year 2262, and adding to it
  // overflows.
  if (call.deadline() == std::chrono::system_clock::time_point::max()) {
    return absl::InfiniteFuture();
  }
  return absl::FromChrono(call.deadline());
}

absl::StatusOr<absl::Time> NextDeadline(absl::Time caller_deadline,
                                        const HopBudget& budget,
                                        absl::Time now) {
  // TODO(05_context.deadline_budget): Take the earlier of two times: the
  // caller's deadline less `reserve`, and `at_most` from now. If nothing is
  // left until then, or less than `at_least`, refuse with DEADLINE_EXCEEDED.
  return absl::UnimplementedError("TODO(05_context.deadline_budget)");
  // END TODO(05_context.deadline_budget)
}

}  // namespace movies
