#include "retry_interceptor.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace movies {
namespace {

using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::InterceptionHookPoints;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;

using SentMetadata = std::multimap<std::string, std::string>;
using ReceivedMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

constexpr char kPushback[] = "grpc-retry-pushback-ms";

class AlarmTimer final : public RetryTimer {
 public:
  void Start(absl::Duration delay, std::function<void()> done) override {
    alarm_.Set(absl::ToChronoTime(absl::Now() + delay),
               [done = std::move(done)](bool) { done(); });
  }
  void Cancel() override { alarm_.Cancel(); }

 private:
  grpc::Alarm alarm_;
};

SentMetadata Copy(const ReceivedMetadata& metadata) {
  SentMetadata copy;
  for (const auto& [key, value] : metadata) {
    copy.emplace(std::string(key.data(), key.size()),
                 std::string(value.data(), value.size()));
  }
  return copy;
}

// Lets `to` refer to the strings of `from`.
void Refer(const SentMetadata& from, ReceivedMetadata* to) {
  for (const auto& [key, value] : from) to->emplace(key, value);
}

std::optional<std::string> Find(const SentMetadata& metadata,
                                const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return std::nullopt;
  return found->second;
}

// The server is away or too busy, or says so: what a budget counts.
bool CountsAsFailure(const FailedAttempt& failed) {
  return failed.code == grpc::StatusCode::UNAVAILABLE ||
         failed.code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         (failed.pushback.has_value() &&
          absl::StartsWith(*failed.pushback, "-"));
}

// The attempts that are being started, so that the factory knows them. Without
// it, a chain that begins at the wrong place (see the header) would retry an
// attempt, and the attempts of that one, until the stack is used up.
// Thread-safe.
class Starting {
 public:
  void Add(const grpc::ClientContext* context) {
    absl::MutexLock lock(&mutex_);
    contexts_.insert(context);
  }
  void Remove(const grpc::ClientContext* context) {
    absl::MutexLock lock(&mutex_);
    contexts_.erase(context);
  }
  bool Contains(const grpc::ClientContext* context) {
    absl::MutexLock lock(&mutex_);
    return contexts_.count(context) > 0;
  }

 private:
  absl::Mutex mutex_;
  std::set<const grpc::ClientContext*> contexts_ ABSL_GUARDED_BY(mutex_);
};

// What all calls of a factory share.
struct Shared {
  explicit Shared(RetryInterceptorOptions options)
      : options(std::move(options)) {}

  const RetryInterceptorOptions options;
  Starting starting;
};

// One call of the application's, and its attempts. Kept alive by the
// interceptor and by whatever will call back: an attempt or a timer.
class RetriedCall final : public std::enable_shared_from_this<RetriedCall> {
 public:
  RetriedCall(std::shared_ptr<Shared> shared, std::string method)
      : shared_(std::move(shared)), method_(std::move(method)) {}

  RetriedCall(const RetriedCall&) = delete;
  RetriedCall& operator=(const RetriedCall&) = delete;

  // Keeps what every attempt needs of the call and its first batch.
  void Keep(grpc::ClientContext* context, InterceptorBatchMethods* batch) {
    stub_ = std::make_unique<grpc::GenericStub>(
        std::shared_ptr<grpc::ChannelInterface>(
            batch->GetInterceptedChannel()));
    metadata_ = *batch->GetSendInitialMetadata();
    request_ = *batch->GetSerializedSendMessage();
    deadline_ = context->raw_deadline();
    failed_.deadline = absl::FromChrono(context->deadline());
    failed_.repeatable = true;
    credentials_ = context->credentials();
  }

  // Starts the next attempt.
  void StartAttempt() {
    auto attempt = std::make_shared<Attempt>();
    grpc::ClientContext& context = attempt->context;
    context.set_deadline(deadline_);
    context.set_credentials(credentials_);
    for (const auto& [key, value] : metadata_) context.AddMetadata(key, value);
    if (shared_->options.configure_attempt) {
      shared_->options.configure_attempt(context);
    }
    {
      absl::MutexLock lock(&mutex_);
      attempt_ = attempt;
      if (cancelled_) context.TryCancel();
    }
    // Not under the lock: this runs the interceptors that come after.
    shared_->starting.Add(&context);
    stub_->UnaryCall(&context, method_, grpc::StubOptions(), &request_,
                     &attempt->response,
                     [self = shared_from_this()](grpc::Status status) {
                       self->OnAttemptDone(std::move(status));
                     });
    shared_->starting.Remove(&context);
  }

  // Fills the batch in and lets it proceed, once the call's result is known.
  void Answer(InterceptorBatchMethods* batch) {
    {
      absl::MutexLock lock(&mutex_);
      if (!done_) {
        waiting_.push_back(batch);
        return;
      }
    }
    FillIn(batch);
  }

  // The application cancels the call. Called while it holds its ClientContext's
  // lock, so this only passes it on.
  void Cancel() {
    std::shared_ptr<Attempt> attempt;
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
      attempt = attempt_;
      if (timer_ != nullptr) timer_->Cancel();
    }
    if (attempt != nullptr) attempt->context.TryCancel();
  }

 private:
  struct Attempt {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
  };

  void OnAttemptDone(grpc::Status status) {
    std::shared_ptr<Attempt> attempt;
    {
      absl::MutexLock lock(&mutex_);
      attempt = std::move(attempt_);
    }
    status_ = std::move(status);
    response_.Swap(&attempt->response);
    initial_ = Copy(attempt->context.GetServerInitialMetadata());
    trailing_ = Copy(attempt->context.GetServerTrailingMetadata());
    attempt = nullptr;
    ++attempts_over_;

    const std::optional<absl::Duration> delay = NextDelay();
    if (!delay.has_value()) return Finish();
    absl::MutexLock lock(&mutex_);
    timer_ = shared_->options.new_timer();
    timer_->Start(*delay, [self = shared_from_this()] { self->OnTimer(); });
    if (cancelled_) timer_->Cancel();
  }

  // Called when the wait is over, or was ended by a cancellation.
  void OnTimer() {
    // Goes at the end: it holds the function that is running.
    std::unique_ptr<RetryTimer> timer;
    bool cancelled = false;
    {
      absl::MutexLock lock(&mutex_);
      timer = std::move(timer_);
      cancelled = cancelled_;
    }
    if (!cancelled) return StartAttempt();
    status_ = grpc::Status(grpc::StatusCode::CANCELLED,
                           "cancelled while waiting for the next attempt");
    initial_.clear();
    trailing_.clear();
    Finish();
  }

  // How long to wait after the attempt that is over, or nothing if that was it.
  std::optional<absl::Duration> NextDelay() {
    RetryBudget* const budget = shared_->options.budget.get();
    if (status_.ok()) {
      if (budget != nullptr) budget->RecordSuccess();
      return std::nullopt;
    }
    failed_.attempt = attempts_over_;
    failed_.code = status_.error_code();
    failed_.pushback = Find(trailing_, kPushback);
    if (budget != nullptr && CountsAsFailure(failed_) &&
        !budget->RecordFailure()) {
      return std::nullopt;
    }
    return shared_->options.decide(failed_);
  }

  void Finish() {
    std::vector<InterceptorBatchMethods*> waiting;
    {
      absl::MutexLock lock(&mutex_);
      done_ = true;
      waiting.swap(waiting_);
    }
    // After the last of them the application may have let go of the call, and
    // with it of the interceptor. It cannot before: the call waits for each.
    for (InterceptorBatchMethods* batch : waiting) FillIn(batch);
  }

  void FillIn(InterceptorBatchMethods* batch) {
    const auto has = [batch](InterceptionHookPoints hook) {
      return batch->QueryInterceptionHookPoint(hook);
    };
    if (has(InterceptionHookPoints::PRE_RECV_INITIAL_METADATA)) {
      Refer(initial_, batch->GetRecvInitialMetadata());
    }
    if (has(InterceptionHookPoints::PRE_RECV_MESSAGE)) {
      if (status_.ok()) {
        status_ = grpc::SerializationTraits<google::protobuf::MessageLite>::
            Deserialize(&response_, static_cast<google::protobuf::MessageLite*>(
                                        batch->GetRecvMessage()));
      }
      if (!status_.ok()) batch->FailHijackedRecvMessage();
    }
    if (has(InterceptionHookPoints::PRE_RECV_STATUS)) {
      Refer(trailing_, batch->GetRecvTrailingMetadata());
      *batch->GetRecvStatus() = status_;
    }
    batch->Proceed();
  }

  const std::shared_ptr<Shared> shared_;
  const std::string method_;

  // Set by Keep(), and never again.
  std::unique_ptr<grpc::GenericStub> stub_;
  SentMetadata metadata_;
  grpc::ByteBuffer request_;
  gpr_timespec deadline_;
  std::shared_ptr<grpc::CallCredentials> credentials_;

  // What the last attempt came to. Attempts come one after another, and whoever
  // reads this comes after the last.
  int attempts_over_ = 0;
  FailedAttempt failed_;
  grpc::Status status_;
  grpc::ByteBuffer response_;
  SentMetadata initial_;
  SentMetadata trailing_;

  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  // In flight, or null.
  std::shared_ptr<Attempt> attempt_ ABSL_GUARDED_BY(mutex_);
  // Running, or null.
  std::unique_ptr<RetryTimer> timer_ ABSL_GUARDED_BY(mutex_);
  // The result is known and changes no more.
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  // Batches that want it.
  std::vector<InterceptorBatchMethods*> waiting_ ABSL_GUARDED_BY(mutex_);
};

class RetryInterceptor final : public Interceptor {
 public:
  // `context` is the call's, which owns this interceptor.
  RetryInterceptor(grpc::ClientContext* context,
                   std::shared_ptr<RetriedCall> call)
      : context_(context), call_(std::move(call)) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    const auto has = [batch](InterceptionHookPoints hook) {
      return batch->QueryInterceptionHookPoint(hook);
    };
    if (has(InterceptionHookPoints::PRE_SEND_CANCEL)) return call_->Cancel();
    if (has(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      // The last attempt may be over, and this interceptor gone, before
      // StartAttempt() returns.
      const std::shared_ptr<RetriedCall> call = call_;
      call->Keep(context_, batch);
      // Nothing of this call is sent. It comes back at once, for the results
      // that this batch would have received.
      batch->Hijack();
      return call->StartAttempt();
    }
    if (has(InterceptionHookPoints::PRE_RECV_INITIAL_METADATA) ||
        has(InterceptionHookPoints::PRE_RECV_MESSAGE) ||
        has(InterceptionHookPoints::PRE_RECV_STATUS)) {
      return call_->Answer(batch);
    }
    batch->Proceed();
  }

 private:
  grpc::ClientContext* const context_;
  const std::shared_ptr<RetriedCall> call_;
};

class RetryInterceptorFactory final
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit RetryInterceptorFactory(RetryInterceptorOptions options)
      : shared_(std::make_shared<Shared>(std::move(options))) {}

  Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    if (info->type() != ClientRpcInfo::Type::UNARY ||
        !shared_->options.repeatable(info->method()) ||
        shared_->starting.Contains(info->client_context())) {
      return nullptr;
    }
    return new RetryInterceptor(
        info->client_context(),
        std::make_shared<RetriedCall>(shared_, info->method()));
  }

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace

std::unique_ptr<RetryTimer> NewAlarmTimer() {
  return std::make_unique<AlarmTimer>();
}

std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
NewRetryInterceptorFactory(RetryInterceptorOptions options) {
  return std::make_unique<RetryInterceptorFactory>(std::move(options));
}

}  // namespace movies
