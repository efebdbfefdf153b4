// The client's decision when a call is over: what to do next.
//
//   switch (DecideNextStep(status.error_code(), IdempotencyOf(method))) …
//
// The code decides, and whether the method may be sent twice. The message is
// for people.

#ifndef HANDLE_STATUS_H_
#define HANDLE_STATUS_H_

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/string_view.h"

namespace movies {

// Says whether a call may be sent twice: a method's option `idempotency_level`
// in the proto, which IdempotencyOf() of proto/idempotency.h looks up.
//   NO_SIDE_EFFECTS      it only reads
//   IDEMPOTENT           it changes something; done twice is as done once
//   IDEMPOTENCY_UNKNOWN  the option is not set: done twice may be too much
using Idempotency = google::protobuf::MethodOptions::IdempotencyLevel;

// What a client can do once a call is over.
// Slide: next_step
enum class NextStep {
  // Go on with the response.
  kUseResponse,
  // Wait a little, and send the same call again. Only if it may be sent twice.
  kRetry,
  // Begin again with what led to the call: read, change, write.
  kRestart,
  // Change the request, or what it is about (the state, the name, the page). As
  // it is, it will fail again.
  kChangeRequest,
  // Get new credentials, and make the call with them.
  kSignIn,
  // Find out whether the server has done it: it may have, and the call is not
  // one to be done twice.
  kCheckOutcome,
  // Tell whoever asked. Trying again does not help: also when the time is up,
  // or the caller has cancelled.
  kGiveUp,
};
// End slide: next_step

// Returns what a client does after a unary call that ended with `code`, of a
// method with this `idempotency`.
//
// A code by which a call can end after the handler has begun leaves open
// whether the work was done. Those are the codes that gRPC makes up itself, on
// either side, but for UNAUTHENTICATED. UNAUTHENTICATED and PERMISSION_DENIED
// are said before the work begins.
//
// RESOURCE_EXHAUSTED may pass in a second or in a day, and does not say when. A
// client sends the call again only if the server says when, by a RetryInfo; see
// read_details.h. Without one it is a code like the others.
//
// A newer server may send a code that this program does not know. It is treated
// as UNKNOWN, which is what the protocol says of it. Thread-safe.
// Slide: decide_next_step
NextStep DecideNextStep(grpc::StatusCode code, Idempotency idempotency);
// End slide: decide_next_step

// Returns `step` in words for people: "send the same call again after a pause".
absl::string_view Describe(NextStep step);

}  // namespace movies

#endif  // HANDLE_STATUS_H_
