#include "stoppable_work.h"

namespace movies {

grpc::Status RunSteps(const grpc::ServerContextBase& call, int steps,
                      const std::function<grpc::Status(int step)>& step,
                      const std::function<absl::Time()>& now) {
  const absl::Time deadline = absl::FromChrono(call.deadline());
  for (int number = 0; number < steps; ++number) {
    // Asked before the clock is read: what gRPC cancels for its deadline is
    // past it by then, and told as that.
    const bool cancelled = call.IsCancelled();
    if (now() >= deadline) {
      return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                          "the deadline passed before the work was done");
    }
    if (cancelled) {
      return grpc::Status(grpc::StatusCode::CANCELLED,
                          "nobody waits for the result any more");
    }
    grpc::Status status = step(number);
    if (!status.ok()) return status;
  }
  return grpc::Status::OK;
}

}  // namespace movies
