// Work that ends when nobody waits for its result any more.
//
//   grpc::Status status = RunSteps(*context, shelves.size(), [&](int shelf) {
//     return Search(shelves[shelf], response);
//   });

#ifndef STOPPABLE_WORK_H_
#define STOPPABLE_WORK_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace movies {

// Calls `step` with 0, 1, … up to `steps` - 1, on this thread, and looks before
// each whether anybody still waits for the call's result. By the sync API
// nothing interrupts a handler, so a step should be short.
//
// OK after the last step. Otherwise no further step is run, and the status is
//   - DEADLINE_EXCEEDED once the call's deadline has passed by `now`
//   - CANCELLED once the call is cancelled, or its caller is gone
//   - the step's own, if it was not OK, whatever became of the call meanwhile
// gRPC cancels a call whose deadline has passed. If both are true, the deadline
// counts. (A caller's deadline passes a little before yours, so you may also
// see CANCELLED alone.)
// Slide: run_steps
grpc::Status RunSteps(const grpc::ServerContextBase& call, int steps,
                      const std::function<grpc::Status(int step)>& step,
                      const std::function<absl::Time()>& now = &absl::Now);
// End slide: run_steps

}  // namespace movies

#endif  // STOPPABLE_WORK_H_
