// gRPC's own retries, set up by a service config, beside RetryInterceptor: the
// same job on the same server, and where they differ.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "retry_budget.h"
#include "retry_interceptor.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kPatience = absl::Seconds(10);

// Which methods are repeated is written down here, not in the proto.
constexpr char kMethodConfig[] = R"json(
  "methodConfig": [{
    "name": [
      {"service": "movies.v1.MoviesService", "method": "GetMovie"},
      {"service": "movies.v1.MoviesService", "method": "QueryMovie"}
    ],
    "retryPolicy": {
      "maxAttempts": 4,
      "initialBackoff": "0.001s",
      "maxBackoff": "0.01s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }])json";

// The same policy for the interceptor, without the backoff.
std::optional<absl::Duration> Decide(const FailedAttempt& failed) {
  if (failed.code != grpc::StatusCode::UNAVAILABLE || failed.attempt >= 4) {
    return std::nullopt;
  }
  absl::Duration delay;
  if (failed.pushback.has_value()) {
    int milliseconds = 0;
    if (!absl::SimpleAtoi(*failed.pushback, &milliseconds) ||
        milliseconds < 0) {
      return std::nullopt;
    }
    delay = absl::Milliseconds(milliseconds);
  }
  if (absl::Now() + delay >= failed.deadline) return std::nullopt;
  return delay;
}

// Fails as often as it is told to, in the way that it is told.
class FlakyService : public v1::MoviesService::Service {
 public:
  // What it says to the attempts that it fails.
  struct Failure {
    grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
    std::string pushback;
    int movies_before = 0;
  };

  static Failure WithCode(grpc::StatusCode code) {
    Failure failure;
    failure.code = code;
    return failure;
  }
  static Failure WithPushback(const std::string& value) {
    Failure failure;
    failure.pushback = value;
    return failure;
  }
  static Failure AfterMovies(int movies) {
    Failure failure;
    failure.movies_before = movies;
    return failure;
  }

  void Fail(int attempts, Failure failure) {
    absl::MutexLock lock(&mutex_);
    failures_ = attempts;
    failure_ = std::move(failure);
  }

  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    return Answer(context, nullptr);
  }
  grpc::Status RateMovie(grpc::ServerContext* context, const v1::MovieRating*,
                         v1::MovieScore*) override {
    return Answer(context, nullptr);
  }
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    return Answer(context, writer);
  }

  // "grpc-previous-rpc-attempts" of every attempt, "" without.
  std::vector<std::string> attempts() {
    absl::MutexLock lock(&mutex_);
    return attempts_;
  }

 private:
  grpc::Status Answer(grpc::ServerContext* context,
                      grpc::ServerWriter<v1::Movie>* writer) {
    absl::MutexLock lock(&mutex_);
    const auto found =
        context->client_metadata().find("grpc-previous-rpc-attempts");
    attempts_.push_back(
        found == context->client_metadata().end()
            ? ""
            : std::string(found->second.data(), found->second.size()));
    if (failures_-- <= 0) return grpc::Status::OK;
    for (int i = 0; i < failure_.movies_before; ++i) {
      writer->Write(v1::Movie());
    }
    if (!failure_.pushback.empty()) {
      context->AddTrailingMetadata("grpc-retry-pushback-ms", failure_.pushback);
    }
    return grpc::Status(failure_.code, "as scripted");
  }

  absl::Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  Failure failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> attempts_ ABSL_GUARDED_BY(mutex_);
};

struct Context : grpc::ClientContext {
  explicit Context(absl::Duration timeout = kPatience) {
    set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  }
};

// Sees how many calls pass.
class Counter final
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit Counter(std::atomic<int>* calls) : calls_(*calls) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    ++calls_;
    return nullptr;
  }

 private:
  std::atomic<int>& calls_;
};

class RetryTest : public ::testing::Test {
 protected:
  // A stub whose channel retries by itself. `more` is added to the service
  // config.
  std::unique_ptr<v1::MoviesService::Stub> BuiltIn(
      const std::string& more = "") {
    return BuiltInTo(server_, more);
  }
  std::unique_ptr<v1::MoviesService::Stub> BuiltInTo(
      const support::TestServer& server, const std::string& more = "") {
    support::LoopbackOptions options;
    options.args.SetString(GRPC_ARG_SERVICE_CONFIG,
                           absl::StrCat("{", kMethodConfig, more, "}"));
    options.interceptors.push_back(std::make_unique<Counter>(&calls_));
    return v1::MoviesService::NewStub(server.NewChannel(std::move(options)));
  }

  // A stub whose channel has a retry interceptor.
  std::unique_ptr<v1::MoviesService::Stub> Interceptor(
      std::shared_ptr<RetryBudget> budget = nullptr) {
    return InterceptorTo(server_, std::move(budget));
  }
  std::unique_ptr<v1::MoviesService::Stub> InterceptorTo(
      const support::TestServer& server,
      std::shared_ptr<RetryBudget> budget = nullptr) {
    RetryInterceptorOptions retry;
    retry.decide = Decide;
    retry.budget = std::move(budget);
    support::LoopbackOptions options;
    options.interceptors.push_back(NewRetryInterceptorFactory(retry));
    options.interceptors.push_back(std::make_unique<Counter>(&calls_));
    return v1::MoviesService::NewStub(server.NewChannel(std::move(options)));
  }

  grpc::Status GetMovie(v1::MoviesService::Stub& stub,
                        absl::Duration timeout = kPatience) {
    Context context(timeout);
    v1::Movie movie;
    return stub.GetMovie(&context, v1::MovieID(), &movie);
  }

  std::atomic<int> calls_{0};
  FlakyService service_;
  support::TestServer server_{&service_};
};

enum class Way { kBuiltIn, kInterceptor };

// What both do alike.
class BothWaysTest : public RetryTest,
                     public ::testing::WithParamInterface<Way> {
 protected:
  std::unique_ptr<v1::MoviesService::Stub> NewStub() {
    return GetParam() == Way::kBuiltIn ? BuiltIn() : Interceptor();
  }
};

INSTANTIATE_TEST_SUITE_P(, BothWaysTest,
                         ::testing::Values(Way::kBuiltIn, Way::kInterceptor),
                         [](const auto& info) {
                           return info.param == Way::kBuiltIn ? "BuiltIn"
                                                              : "Interceptor";
                         });

TEST_P(BothWaysTest, ALaterAttemptSucceeds) {
  const auto stub = NewStub();
  service_.Fail(2, {});
  EXPECT_TRUE(GetMovie(*stub).ok());
  EXPECT_EQ(service_.attempts().size(), 3u);
}

TEST_P(BothWaysTest, AfterTheLastAttemptTheCallFails) {
  const auto stub = NewStub();
  service_.Fail(100, {});
  EXPECT_EQ(GetMovie(*stub).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 4u);
}

TEST_P(BothWaysTest, OtherCodesAreNotRetried) {
  const auto stub = NewStub();
  service_.Fail(1, FlakyService::WithCode(grpc::StatusCode::NOT_FOUND));
  EXPECT_EQ(GetMovie(*stub).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_P(BothWaysTest, OtherMethodsAreNotRetried) {
  const auto stub = NewStub();
  service_.Fail(1, {});
  Context context;
  v1::MovieScore score;
  EXPECT_EQ(stub->RateMovie(&context, v1::MovieRating(), &score).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_P(BothWaysTest, APushbackIsWaitedFor) {
  const auto stub = NewStub();
  service_.Fail(1, FlakyService::WithPushback("100"));
  const absl::Time start = absl::Now();
  EXPECT_TRUE(GetMovie(*stub).ok());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(95));
  EXPECT_EQ(service_.attempts().size(), 2u);
}

TEST_P(BothWaysTest, ANegativePushbackForbidsTheRetry) {
  const auto stub = NewStub();
  service_.Fail(1, FlakyService::WithPushback("-1"));
  EXPECT_EQ(GetMovie(*stub).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_P(BothWaysTest, SoDoesOneThatIsNoNumber) {
  const auto stub = NewStub();
  service_.Fail(1, FlakyService::WithPushback("soon"));
  EXPECT_EQ(GetMovie(*stub).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_F(RetryTest, BothSpendABudget) {
  // Of four tokens two may go: one retry, whose failure is the second.
  for (
      const auto& stub :
      {BuiltIn(
           R"json(, "retryThrottling": {"maxTokens": 4, "tokenRatio": 1})json"),
       Interceptor(std::make_shared<RetryBudget>(4, 1))}) {
    const std::size_t before = service_.attempts().size();
    service_.Fail(100, {});
    GetMovie(*stub);
    EXPECT_EQ(service_.attempts().size() - before, 2u);
    GetMovie(*stub);
    EXPECT_EQ(service_.attempts().size() - before, 3u);
  }
}

TEST_F(RetryTest, TheBuiltInBudgetIsSharedByAllChannelsToAServer) {
  constexpr char kThrottling[] =
      R"json(, "retryThrottling": {"maxTokens": 4, "tokenRatio": 0.1})json";
  service_.Fail(100, {});
  GetMovie(*BuiltIn(kThrottling));
  EXPECT_EQ(service_.attempts().size(), 2u);
  // Another channel, to the same name: the bucket is half empty already.
  GetMovie(*BuiltIn(kThrottling));
  EXPECT_EQ(service_.attempts().size(), 3u);
}

TEST_F(RetryTest, TheBuiltInOneTellsTheServerWhichAttemptItGets) {
  const auto stub = BuiltIn();
  service_.Fail(2, {});
  EXPECT_TRUE(GetMovie(*stub).ok());
  EXPECT_THAT(service_.attempts(), ElementsAre("", "1", "2"));
}

TEST_F(RetryTest, NobodyElseCanTellIt) {
  // The key is gRPC's own, and taken away from whoever else sets it, with or
  // without a retry policy.
  for (const auto& stub :
       {BuiltIn(), v1::MoviesService::NewStub(server_.NewChannel())}) {
    Context context;
    context.AddMetadata("grpc-previous-rpc-attempts", "7");
    v1::Movie movie;
    EXPECT_TRUE(stub->GetMovie(&context, v1::MovieID(), &movie).ok());
  }
  EXPECT_THAT(service_.attempts(), ElementsAre("", ""));
}

TEST_F(RetryTest, TheBuiltInOnesAttemptsAreBelowTheInterceptors) {
  service_.Fail(2, {});
  EXPECT_TRUE(GetMovie(*BuiltIn()).ok());
  EXPECT_EQ(calls_, 1);

  calls_ = 0;
  service_.Fail(2, {});
  EXPECT_TRUE(GetMovie(*Interceptor()).ok());
  // The call, which was hijacked before it got there, and three attempts.
  EXPECT_EQ(calls_, 4);
}

TEST_F(RetryTest, TheBuiltInOneRepeatsAStreamThatHasNotBegun) {
  service_.Fail(2, {});
  const auto stub = BuiltIn();
  Context context;
  EXPECT_TRUE(
      stub->QueryMovie(&context, v1::MovieQueryParams())->Finish().ok());
  EXPECT_EQ(service_.attempts().size(), 3u);
}

TEST_F(RetryTest, TheBuiltInOneDoesNotRepeatAStreamThatHas) {
  // The first message commits the call: the caller has seen it.
  service_.Fail(1, FlakyService::AfterMovies(1));
  const auto stub = BuiltIn();
  Context context;
  const auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  EXPECT_TRUE(reader->Read(&movie));
  EXPECT_FALSE(reader->Read(&movie));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_F(RetryTest, TheInterceptorRepeatsNoStream) {
  service_.Fail(1, {});
  const auto stub = Interceptor();
  Context context;
  EXPECT_EQ(
      stub->QueryMovie(&context, v1::MovieQueryParams())->Finish().error_code(),
      grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_F(RetryTest, TheBuiltInOneWaitsUntilTheDeadline) {
  const auto stub = BuiltIn();
  EXPECT_TRUE(GetMovie(*stub).ok());  // Connects.
  // It starts to wait for a minute, of which it has a second.
  service_.Fail(1, FlakyService::WithPushback("60000"));
  EXPECT_EQ(GetMovie(*stub, absl::Seconds(1)).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(service_.attempts().size(), 2u);
}

TEST_F(RetryTest, TheInterceptorDoesNotWaitInVain) {
  // Fails at once, and with what the server said.
  service_.Fail(1, FlakyService::WithPushback("60000"));
  EXPECT_EQ(GetMovie(*Interceptor()).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.attempts().size(), 1u);
}

TEST_F(RetryTest, TheBuiltInOneMakesFiveAttemptsAtMost) {
  support::LoopbackOptions options;
  options.args.SetString(GRPC_ARG_SERVICE_CONFIG, R"json({
    "methodConfig": [{
      "name": [{}],
      "retryPolicy": {
        "maxAttempts": 100,
        "initialBackoff": "0.001s",
        "maxBackoff": "0.001s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    }]})json");
  const auto stub =
      v1::MoviesService::NewStub(server_.NewChannel(std::move(options)));
  service_.Fail(1000, {});
  EXPECT_FALSE(GetMovie(*stub).ok());
  EXPECT_EQ(service_.attempts().size(), 5u);
}

// The last of a chain of services. Holds its one call to GetMovie until it is
// cancelled or released.
class BackService final : public v1::MoviesService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const v1::MovieID*, v1::Movie*) override {
    deadline_ = context->deadline();
    auto* held = new Held(this);
    {
      absl::MutexLock lock(&mutex_);
      held_ = held;
    }
    arrived_.Notify();
    return held;
  }

  bool WaitUntilItArrives() {
    return arrived_.WaitForNotificationWithTimeout(kPatience);
  }
  bool WaitUntilItIsCancelled() {
    return cancelled_.WaitForNotificationWithTimeout(kPatience);
  }
  // The deadline of the call that has arrived.
  std::chrono::system_clock::time_point deadline() const { return deadline_; }

  // Lets the call succeed if it is still there.
  void Release() { Finish(grpc::Status::OK); }

 private:
  class Held final : public grpc::ServerUnaryReactor {
   public:
    explicit Held(BackService* service) : service_(*service) {}
    void OnCancel() override {
      service_.cancelled_.Notify();
      service_.Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    BackService& service_;
  };

  void Finish(const grpc::Status& status) {
    Held* held = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      held = std::exchange(held_, nullptr);
    }
    if (held != nullptr) held->Finish(status);
  }

  absl::Notification arrived_;
  absl::Notification cancelled_;
  std::chrono::system_clock::time_point deadline_;
  absl::Mutex mutex_;
  // Not finished, or null.
  Held* held_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// The service in the middle: answers its one call to GetMovie with what `back`
// says, as lesson 05 does it.
class FrontService final : public v1::MoviesService::CallbackService {
 public:
  // What the handler does beyond FromCallbackServerContext().
  enum class ByHand { kNothing, kDeadlineAndCancellation };

  FrontService(std::unique_ptr<v1::MoviesService::Stub> back, ByHand by_hand)
      : back_(std::move(back)), by_hand_(by_hand) {}

  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const v1::MovieID* request,
                                     v1::Movie* response) override {
    return new Forward(this, context, request, response);
  }

  // Until the handler has learned that its caller cancelled. By then gRPC has
  // passed on what it passes on.
  bool WaitUntilItIsCancelled() {
    return cancelled_.WaitForNotificationWithTimeout(kPatience);
  }
  // What `back` said; UNKNOWN if it says nothing.
  grpc::Status WaitForBack() {
    if (!answered_.WaitForNotificationWithTimeout(kPatience)) {
      return grpc::Status(grpc::StatusCode::UNKNOWN, "no answer");
    }
    return answer_;
  }

 private:
  class Forward final : public grpc::ServerUnaryReactor {
   public:
    Forward(FrontService* service, grpc::CallbackServerContext* context,
            const v1::MovieID* request, v1::Movie* response)
        : service_(*service),
          next_(grpc::ClientContext::FromCallbackServerContext(*context)) {
      if (service_.by_hand_ == ByHand::kDeadlineAndCancellation) {
        next_->set_deadline(context->deadline());
      }
      service_.back_->async()->GetMovie(next_.get(), request, response,
                                        [this](grpc::Status status) {
                                          service_.answer_ = status;
                                          service_.answered_.Notify();
                                          Finish(std::move(status));
                                        });
    }
    void OnCancel() override {
      if (service_.by_hand_ == ByHand::kDeadlineAndCancellation) {
        next_->TryCancel();
      }
      service_.cancelled_.Notify();
    }
    void OnDone() override { delete this; }

   private:
    FrontService& service_;
    const std::unique_ptr<grpc::ClientContext> next_;
  };

  const std::unique_ptr<v1::MoviesService::Stub> back_;
  const ByHand by_hand_;
  absl::Notification cancelled_;
  absl::Notification answered_;
  grpc::Status answer_;
};

constexpr auto kNoDeadline = std::chrono::system_clock::time_point::max();

class MiddleOfAChainTest : public RetryTest {
 protected:
  // Calls the front service, which calls the back service by `stub`, and
  // cancels the call when it has arrived there.
  void CallAndCancel(
      std::unique_ptr<v1::MoviesService::Stub> stub,
      FrontService::ByHand by_hand = FrontService::ByHand::kNothing) {
    front_ = std::make_unique<FrontService>(std::move(stub), by_hand);
    front_server_ = std::make_unique<support::TestServer>(front_.get());
    const auto front = v1::MoviesService::NewStub(front_server_->NewChannel());
    Context context;
    v1::MovieID request;
    v1::Movie movie;
    absl::Notification done;
    front->async()->GetMovie(&context, &request, &movie,
                             [&done](grpc::Status) { done.Notify(); });
    EXPECT_TRUE(back_.WaitUntilItArrives());
    context.TryCancel();
    done.WaitForNotification();
    EXPECT_TRUE(front_->WaitUntilItIsCancelled());
  }

  // In the order of the chain, from its end.
  BackService back_;
  support::TestServer back_server_{&back_};
  std::unique_ptr<FrontService> front_;
  std::unique_ptr<support::TestServer> front_server_;
};

TEST_F(MiddleOfAChainTest, WithTheBuiltInOneDeadlineAndCancellationTravel) {
  CallAndCancel(BuiltInTo(back_server_));
  EXPECT_LT(absl::FromChrono(back_.deadline()), absl::Now() + 2 * kPatience);
  EXPECT_TRUE(back_.WaitUntilItIsCancelled());
  EXPECT_EQ(front_->WaitForBack().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(MiddleOfAChainTest, WithTheInterceptorNeitherDoes) {
  CallAndCancel(InterceptorTo(back_server_));
  EXPECT_EQ(back_.deadline(), kNoDeadline);
  // The handler in the middle knows that nobody waits. The one behind it works
  // on to its end.
  back_.Release();
  EXPECT_TRUE(front_->WaitForBack().ok());
}

TEST_F(MiddleOfAChainTest, WithTheInterceptorAHandlerCanPassThemOn) {
  CallAndCancel(InterceptorTo(back_server_),
                FrontService::ByHand::kDeadlineAndCancellation);
  EXPECT_LT(absl::FromChrono(back_.deadline()), absl::Now() + 2 * kPatience);
  EXPECT_TRUE(back_.WaitUntilItIsCancelled());
  EXPECT_EQ(front_->WaitForBack().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace movies
