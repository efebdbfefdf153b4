#include "stoppable_work.h"

namespace movies {

grpc::Status RunSteps(const grpc::ServerContextBase& call, int steps,
                      const std::function<grpc::Status(int step)>& step,
                      const std::function<absl::Time()>& now) {
  // TODO(05_context.stoppable_work): Run the steps one by one. Before each, see
  // whether the deadline has passed or the call is cancelled, and stop then.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(05_context.stoppable_work)");
  // END TODO(05_context.stoppable_work)
}

}  // namespace movies
