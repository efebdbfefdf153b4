#include "handle_status.h"

namespace movies {

using google::protobuf::MethodOptions;
using grpc::StatusCode;

NextStep DecideNextStep(StatusCode code, Idempotency idempotency) {
  const bool repeatable = idempotency != MethodOptions::IDEMPOTENCY_UNKNOWN;
  switch (code) {
    case StatusCode::OK:
      return NextStep::kUseResponse;
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::NOT_FOUND:
    case StatusCode::ALREADY_EXISTS:
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::OUT_OF_RANGE:
      return NextStep::kChangeRequest;
    case StatusCode::ABORTED:
      return NextStep::kRestart;
    case StatusCode::UNAUTHENTICATED:
      return NextStep::kSignIn;
    case StatusCode::PERMISSION_DENIED:
    case StatusCode::DATA_LOSS:
      return NextStep::kGiveUp;
    case StatusCode::UNAVAILABLE:
      return repeatable ? NextStep::kRetry : NextStep::kCheckOutcome;
    default:  // Late, broken, too large, or a code of tomorrow: done or not,
              // who knows.
      return repeatable ? NextStep::kGiveUp : NextStep::kCheckOutcome;
  }
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
