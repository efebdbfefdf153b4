#include "handle_status.h"

namespace movies {

using google::protobuf::MethodOptions;
using grpc::StatusCode;

NextStep DecideNextStep(StatusCode code, Idempotency idempotency) {
  // TODO(04_errors.handle_status): Return the next step for each code. A code
  // by which a call can end after the handler has begun, because gRPC makes it
  // up itself, leaves open whether the work was done: there `idempotency`
  // decides what is safe.
  return NextStep::kGiveUp;
  // END TODO(04_errors.handle_status)
}

absl::string_view Describe(NextStep step) {
  switch (step) {
    case NextStep::kUseResponse:
      return "use the response";
    case NextStep::kRetry:
      return "send the same call again after a pause";
    case NextStep::kRestart:
      return "begin again: read, change, write";
    case NextStep::kChangeRequest:
      return "change the request: as it is, it will fail again";
    case NextStep::kSignIn:
      return "sign in, and call again";
    case NextStep::kCheckOutcome:
      return "do not repeat it: find out whether it was done";
    case NextStep::kGiveUp:
      return "give up, and tell whoever asked";
  }
  return "give up, and tell whoever asked";
}

}  // namespace movies
