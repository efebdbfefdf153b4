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
  // Infinite minus something is infinite, so a missing deadline needs no case.
  const absl::Time deadline =
      std::min(caller_deadline - budget.reserve, now + budget.at_most);
  const absl::Duration left = deadline - now;
  if (left <= absl::ZeroDuration() || left < budget.at_least) {
    return absl::DeadlineExceededError(
        absl::StrCat("refused early: ",
                     absl::FormatDuration(std::max(left, absl::ZeroDuration())),
                     " would be left for the next service"));
  }
  return deadline;
}

}  // namespace movies
