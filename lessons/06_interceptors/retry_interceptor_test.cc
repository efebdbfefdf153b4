#include "retry_interceptor.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(10);

grpc::Status Unavailable() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting up", "details");
}

std::string Metadata(const grpc::ServerContext& context,
                     const std::string& key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

// Fails the first attempts of GetMovie and RateMovie, and keeps what it saw.
class FlakyService : public v1::MoviesService::Service {
 public:
  // What came with an attempt.
  struct Seen {
    std::string request_id;
    absl::Time deadline;
    int mid = 0;
  };

  // From now on fails so many attempts with UNAVAILABLE and, if there is one,
  // this push-back.
  void Fail(int attempts, std::string pushback = "") {
    absl::MutexLock lock(&mutex_);
    failures_ = attempts;
    pushback_ = std::move(pushback);
  }

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    absl::MutexLock lock(&mutex_);
    seen_.push_back({Metadata(*context, "x-request-id"),
                     absl::FromChrono(context->deadline()), request->mid()});
    const std::string attempt = absl::StrCat(seen_.size());
    context->AddInitialMetadata("x-attempt", attempt);
    context->AddTrailingMetadata("x-attempt-was", attempt);
    if (!pushback_.empty()) {
      context->AddTrailingMetadata("grpc-retry-pushback-ms", pushback_);
    }
    if (failures_-- > 0) return Unavailable();
    response->set_mid(request->mid());
    response->set_movie_name("Metropolis (1927)");
    return grpc::Status::OK;
  }

  grpc::Status RateMovie(grpc::ServerContext*, const v1::MovieRating*,
                         v1::MovieScore*) override {
    absl::MutexLock lock(&mutex_);
    seen_.emplace_back();
    return failures_-- > 0 ? Unavailable() : grpc::Status::OK;
  }

  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    absl::MutexLock lock(&mutex_);
    seen_.emplace_back();
    if (failures_-- > 0) return Unavailable();
    for (int i = 0; i < 3; ++i) writer->Write(v1::Movie());
    return grpc::Status::OK;
  }

  // Waits until there have been so many attempts in all.
  void WaitForAttempts(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return seen_.size() >= count;
    };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience));
  }

  std::vector<Seen> seen() {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  absl::Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string pushback_ ABSL_GUARDED_BY(mutex_);
  std::vector<Seen> seen_ ABSL_GUARDED_BY(mutex_);
};

// Timers that wait until the test says so.
class FakeTimers {
 public:
  std::unique_ptr<RetryTimer> New() { return std::make_unique<Timer>(this); }

  // Waits for the next timer to start, and returns its delay.
  std::optional<absl::Duration> WaitForStart() {
    absl::MutexLock lock(&mutex_);
    auto started = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return done_ != nullptr;
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&started), kPatience)) {
      return std::nullopt;
    }
    return delay_;
  }

  // Lets the timer's time pass.
  void Elapse() {
    std::function<void()> done = Take();
    if (done != nullptr) done();
  }

 private:
  class Timer final : public RetryTimer {
   public:
    explicit Timer(FakeTimers* timers) : timers_(*timers) {}

    void Start(absl::Duration delay, std::function<void()> done) override {
      absl::MutexLock lock(&timers_.mutex_);
      timers_.delay_ = delay;
      timers_.done_ = std::move(done);
    }
    void Cancel() override {
      std::function<void()> done = timers_.Take();
      if (done == nullptr) return;
      // Soon, on another thread.
      alarm_ = NewAlarmTimer();
      alarm_->Start(absl::ZeroDuration(), std::move(done));
    }

   private:
    FakeTimers& timers_;
    std::unique_ptr<RetryTimer> alarm_;
  };

  std::function<void()> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(done_, nullptr);
  }

  absl::Mutex mutex_;
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> done_ ABSL_GUARDED_BY(mutex_);
};

// Decides like a policy with four attempts and no backoff: at once, unless the
// server says when.
std::optional<absl::Duration> AtOnce(const FailedAttempt& failed) {
  if (failed.code != grpc::StatusCode::UNAVAILABLE || failed.attempt >= 4) {
    return std::nullopt;
  }
  return absl::ZeroDuration();
}

class RetryInterceptorTest : public ::testing::Test {
 protected:
  RetryInterceptorTest() { options_.decide = AtOnce; }

  // A stub on a new channel with a retry interceptor.
  std::unique_ptr<v1::MoviesService::Stub> NewStub() {
    support::LoopbackOptions channel;
    channel.interceptors.push_back(NewRetryInterceptorFactory(options_));
    return v1::MoviesService::NewStub(server_.NewChannel(std::move(channel)));
  }

  FlakyService service_;
  support::TestServer server_{&service_};
  RetryInterceptorOptions options_;
};

struct Context : grpc::ClientContext {
  Context() { set_deadline(absl::ToChronoTime(deadline)); }
  const absl::Time deadline = absl::Now() + kPatience;
};

v1::MovieID MovieSeven() {
  v1::MovieID request;
  request.set_mid(7);
  return request;
}

TEST_F(RetryInterceptorTest, ASyncCallGetsTheAnswerOfALaterAttempt) {
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  const grpc::Status status = stub->GetMovie(&context, MovieSeven(), &movie);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(movie.mid(), 7);
  EXPECT_EQ(movie.movie_name(), "Metropolis (1927)");
  EXPECT_EQ(service_.seen().size(), 3u);
}

TEST_F(RetryInterceptorTest, SoDoesACallByTheCallbackApi) {
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  std::promise<grpc::Status> status;
  const v1::MovieID request = MovieSeven();
  stub->async()->GetMovie(
      &context, &request, &movie,
      [&status](grpc::Status result) { status.set_value(result); });
  EXPECT_TRUE(status.get_future().get().ok());
  EXPECT_EQ(movie.mid(), 7);
  EXPECT_EQ(service_.seen().size(), 3u);
}

TEST_F(RetryInterceptorTest, SoDoesAReactor) {
  struct Reactor : grpc::ClientUnaryReactor {
    void OnReadInitialMetadataDone(bool ok) override { initial = ok; }
    void OnDone(const grpc::Status& result) override {
      status.set_value(result);
    }
    bool initial = false;
    std::promise<grpc::Status> status;
  };
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  const v1::MovieID request = MovieSeven();
  Reactor reactor;
  stub->async()->GetMovie(&context, &request, &movie, &reactor);
  reactor.StartCall();
  EXPECT_TRUE(reactor.status.get_future().get().ok());
  EXPECT_TRUE(reactor.initial);
  EXPECT_EQ(movie.mid(), 7);
  EXPECT_EQ(service_.seen().size(), 3u);
}

TEST_F(RetryInterceptorTest, EachAttemptIsTheSameCall) {
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  context.AddMetadata("x-request-id", "abc");
  v1::Movie movie;
  stub->GetMovie(&context, MovieSeven(), &movie);
  const std::vector<FlakyService::Seen> seen = service_.seen();
  ASSERT_EQ(seen.size(), 3u);
  for (const FlakyService::Seen& attempt : seen) {
    EXPECT_EQ(attempt.mid, 7);
    EXPECT_EQ(attempt.request_id, "abc");
    // The wire carries the time that is left, so the server's deadline is a
    // little off.
    EXPECT_LT(absl::AbsDuration(attempt.deadline - context.deadline),
              kPatience / 2);
  }
}

TEST_F(RetryInterceptorTest, TheCallerGetsTheLastAttemptsMetadata) {
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  stub->GetMovie(&context, MovieSeven(), &movie);
  EXPECT_EQ(context.GetServerInitialMetadata().find("x-attempt")->second, "3");
  EXPECT_EQ(context.GetServerTrailingMetadata().find("x-attempt-was")->second,
            "3");
}

TEST_F(RetryInterceptorTest, TheCallerGetsTheLastAttemptsStatus) {
  service_.Fail(100);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  const grpc::Status status = stub->GetMovie(&context, MovieSeven(), &movie);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "starting up");
  EXPECT_EQ(status.error_details(), "details");
  EXPECT_EQ(context.GetServerTrailingMetadata().find("x-attempt-was")->second,
            "4");
  EXPECT_EQ(service_.seen().size(), 4u);
}

TEST_F(RetryInterceptorTest, TheDecisionHearsWhatTheServerSaid) {
  std::promise<FailedAttempt> failure;
  options_.decide = [&failure](const FailedAttempt& failed) {
    failure.set_value(failed);
    return std::nullopt;
  };
  service_.Fail(1, "1234");
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  stub->GetMovie(&context, MovieSeven(), &movie);
  const FailedAttempt failed = failure.get_future().get();
  EXPECT_TRUE(failed.repeatable);
  EXPECT_EQ(failed.attempt, 1);
  EXPECT_EQ(failed.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(failed.pushback, "1234");
  EXPECT_LT(absl::AbsDuration(failed.deadline - context.deadline),
            absl::Milliseconds(1));
}

TEST_F(RetryInterceptorTest, ItWaitsAsLongAsTheDecisionSays) {
  FakeTimers timers;
  options_.new_timer = [&timers] { return timers.New(); };
  options_.decide = [](const FailedAttempt& failed) {
    return std::optional(absl::Seconds(failed.attempt));
  };
  service_.Fail(2);
  const auto stub = NewStub();
  std::future<grpc::Status> call = std::async(std::launch::async, [&stub] {
    Context context;
    v1::Movie movie;
    return stub->GetMovie(&context, MovieSeven(), &movie);
  });
  EXPECT_EQ(timers.WaitForStart(), absl::Seconds(1));
  EXPECT_EQ(service_.seen().size(), 1u);
  timers.Elapse();
  EXPECT_EQ(timers.WaitForStart(), absl::Seconds(2));
  EXPECT_EQ(service_.seen().size(), 2u);
  timers.Elapse();
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(service_.seen().size(), 3u);
}

TEST_F(RetryInterceptorTest, ACancellationEndsTheWait) {
  FakeTimers timers;
  options_.new_timer = [&timers] { return timers.New(); };
  service_.Fail(1);
  const auto stub = NewStub();
  Context context;
  std::future<grpc::Status> call =
      std::async(std::launch::async, [&stub, &context] {
        v1::Movie movie;
        return stub->GetMovie(&context, MovieSeven(), &movie);
      });
  ASSERT_TRUE(timers.WaitForStart().has_value());
  context.TryCancel();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(service_.seen().size(), 1u);
}

TEST_F(RetryInterceptorTest,
       ACallThatWasCancelledBeforeItStartedIsNotRepeated) {
  service_.Fail(1);
  const auto stub = NewStub();
  Context context;
  context.TryCancel();
  v1::Movie movie;
  EXPECT_EQ(stub->GetMovie(&context, MovieSeven(), &movie).error_code(),
            grpc::StatusCode::CANCELLED);
  EXPECT_THAT(service_.seen(), IsEmpty());
}

TEST_F(RetryInterceptorTest, AMethodThatIsNotMarkedPassesThrough) {
  service_.Fail(1);
  const auto stub = NewStub();
  Context context;
  v1::MovieScore score;
  EXPECT_EQ(stub->RateMovie(&context, v1::MovieRating(), &score).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.seen().size(), 1u);
}

TEST_F(RetryInterceptorTest, AStreamPassesThrough) {
  const auto stub = NewStub();
  {
    Context context;
    const auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
    v1::Movie movie;
    int movies = 0;
    while (reader->Read(&movie)) ++movies;
    EXPECT_EQ(movies, 3);
    EXPECT_TRUE(reader->Finish().ok());
  }
  service_.Fail(1);
  Context context;
  const auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.seen().size(), 2u);
}

TEST_F(RetryInterceptorTest, WhenTheBudgetIsSpentNothingIsRepeated) {
  // Two tokens of four may go.
  options_.budget = std::make_shared<RetryBudget>(4, 1);
  service_.Fail(100);
  const auto stub = NewStub();
  for (int call = 0; call < 3; ++call) {
    Context context;
    v1::Movie movie;
    EXPECT_FALSE(stub->GetMovie(&context, MovieSeven(), &movie).ok());
  }
  // The first call failed, was repeated, and failed: half of the tokens are
  // left. Calls are made all the same, once each.
  EXPECT_EQ(service_.seen().size(), 4u);

  // The next three attempts succeed and fill it up: from 0 to 3.
  service_.Fail(0);
  for (int call = 0; call < 4; ++call) {
    Context context;
    v1::Movie movie;
    EXPECT_TRUE(stub->GetMovie(&context, MovieSeven(), &movie).ok());
  }
  service_.Fail(1);
  Context context;
  v1::Movie movie;
  EXPECT_TRUE(stub->GetMovie(&context, MovieSeven(), &movie).ok());
}

TEST_F(RetryInterceptorTest, SettingsThatItCannotReadAreMadeForEachAttempt) {
  std::atomic<int> configured{0};
  options_.configure_attempt = [&configured](grpc::ClientContext& context) {
    context.set_wait_for_ready(true);
    ++configured;
  };
  service_.Fail(2);
  const auto stub = NewStub();
  Context context;
  v1::Movie movie;
  EXPECT_TRUE(stub->GetMovie(&context, MovieSeven(), &movie).ok());
  EXPECT_EQ(configured, 3);
}

TEST_F(RetryInterceptorTest, ManyCallsAtOnceDoNotMixUp) {
  options_.decide = [](const FailedAttempt& failed) {
    return failed.attempt < 1000 ? std::optional(absl::ZeroDuration())
                                 : std::nullopt;
  };
  service_.Fail(50);
  const auto stub = NewStub();
  std::vector<std::thread> threads;
  for (int thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&stub, thread] {
      for (int call = 0; call < 10; ++call) {
        Context context;
        v1::MovieID request;
        request.set_mid(thread * 100 + call);
        v1::Movie movie;
        EXPECT_TRUE(stub->GetMovie(&context, request, &movie).ok());
        EXPECT_EQ(movie.mid(), request.mid());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(service_.seen().size(), 90u);
}

TEST_F(RetryInterceptorTest, ACancellationMayComeAtAnyMoment) {
  service_.Fail(1'000'000);
  options_.decide = [](const FailedAttempt&) {
    return std::optional(absl::ZeroDuration());
  };
  const auto stub = NewStub();
  for (int call = 0; call < 50; ++call) {
    Context context;
    std::future<grpc::Status> status =
        std::async(std::launch::async, [&stub, &context] {
          v1::Movie movie;
          return stub->GetMovie(&context, MovieSeven(), &movie);
        });
    // Before the first attempt, or while one is running, or between two.
    service_.WaitForAttempts(service_.seen().size() + call % 3);
    context.TryCancel();
    EXPECT_EQ(status.get().error_code(), grpc::StatusCode::CANCELLED);
  }
}

// Answers nothing until its call is cancelled.
class HangingService : public v1::MoviesService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext*,
                                     const v1::MovieID*, v1::Movie*) override {
    struct Reactor : grpc::ServerUnaryReactor {
      explicit Reactor(HangingService* service) : service(*service) {}
      void OnCancel() override {
        service.cancelled.Notify();
        Finish(grpc::Status::CANCELLED);
      }
      void OnDone() override { delete this; }
      HangingService& service;
    };
    auto* reactor = new Reactor(this);
    called.Notify();
    return reactor;
  }

  absl::Notification called;
  absl::Notification cancelled;
};

TEST(RetryInterceptorCancelTest, ACancellationReachesTheAttemptInFlight) {
  HangingService service;
  support::TestServer server(&service);
  RetryInterceptorOptions options;
  options.decide = AtOnce;
  support::LoopbackOptions channel;
  channel.interceptors.push_back(NewRetryInterceptorFactory(options));
  const auto stub =
      v1::MoviesService::NewStub(server.NewChannel(std::move(channel)));
  Context context;
  std::future<grpc::Status> call =
      std::async(std::launch::async, [&stub, &context] {
        v1::Movie movie;
        return stub->GetMovie(&context, MovieSeven(), &movie);
      });
  ASSERT_TRUE(service.called.WaitForNotificationWithTimeout(kPatience));
  context.TryCancel();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(service.cancelled.WaitForNotificationWithTimeout(kPatience));
}

}  // namespace
}  // namespace movies
