// A client interceptor that makes a call again when it failed and may be
// repeated. The caller sees one call.
//
//   RetryInterceptorOptions options;
//   options.decide = RetryByPolicy(RetryOptions());
//   options.budget = std::make_shared<RetryBudget>();
//   chain.push_back(NewClientLoggingFactory(per_call));     // One record.
//   chain.push_back(NewRetryInterceptorFactory(options));
//   chain.push_back(NewClientLoggingFactory(per_attempt));  // One each.

#ifndef RETRY_INTERCEPTOR_H_
#define RETRY_INTERCEPTOR_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "proto/idempotency.h"
#include "retry_budget.h"
#include "retry_policy.h"

namespace movies {

// Says how long to wait before the next attempt, or nothing for none. Called by
// any thread, also by several at once.
using RetryDecision =
    std::function<std::optional<absl::Duration>(const FailedAttempt&)>;

// A wait without a thread, used once.
class RetryTimer {
 public:
  virtual ~RetryTimer() = default;

  // Returns at once, and calls `done` once: when the delay has passed, or soon
  // after Cancel(). Never from within Start() or Cancel().
  virtual void Start(absl::Duration delay, std::function<void()> done) = 0;

  // Ends the wait. Without effect once it is over. May be called by any thread.
  virtual void Cancel() = 0;
};

// A timer of gRPC's own: a grpc::Alarm.
std::unique_ptr<RetryTimer> NewAlarmTimer();

struct RetryInterceptorOptions {
  // Asked after every attempt that failed. Must be set.
  RetryDecision decide;

  // Shared by all calls to one server. None if null: then a server that fails
  // under its load gets a multiple of it.
  std::shared_ptr<RetryBudget> budget;

  // Tells by a method's full name whether it may run twice. By default the
  // proto says.
  std::function<bool(const std::string& method)> repeatable = MayBeRepeated;

  // Called with each attempt's context, before the attempt starts, by any
  // thread: for settings that the caller made and that gRPC lets no interceptor
  // read, such as wait-for-ready, the authority and compression. It can bring
  // back nothing that is propagated (see below).
  std::function<void(grpc::ClientContext&)> configure_attempt;

  // Makes the timer of each wait. Called under a lock; must not cancel the
  // call.
  std::function<std::unique_ptr<RetryTimer>()> new_timer = NewAlarmTimer;
};

// Returns a factory for a channel's chain. Its interceptor
//
// - makes each attempt a call of its own, which the interceptors after it see,
//   with the caller's metadata, call credentials and deadline;
// - gives the caller the last attempt's response, status and metadata;
// - waits between attempts without holding a thread;
// - passes a cancellation on to the attempt in flight, or ends the wait with
//   CANCELLED;
// - serves the sync stub, and both kinds of call by the callback API.
//
// Calls that it lets pass as if it were not there: streams, whose messages it
// would have to keep, all of them, until the call is over; and methods that may
// not be repeated.
//
// What follows from gRPC 1.51's API: it does not see what
// `ClientContext::FromServerContext()` propagates: such a call has no deadline
// here, and its caller's cancellation does not reach the attempts. In a
// handler, set the deadline yourself
// (`next->set_deadline(context->deadline())`) and call `next->TryCancel()` when
// the handler's call is cancelled; or use gRPC's own retries. It is for the
// stubs that protoc generates, not for a GenericStub, since it must know the
// type of the response. To the interceptors after it, messages are
// grpc::ByteBuffers. And it must come before every factory that may return
// nullptr, such as OnlyFor(): the attempts' chain begins at the wrong place
// otherwise (chain_order_test shows it). Two of these on one channel do not
// work, for the same reason.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
NewRetryInterceptorFactory(RetryInterceptorOptions options);

}  // namespace movies

#endif  // RETRY_INTERCEPTOR_H_
