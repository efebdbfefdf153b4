#include "balanced_channel.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend_calls.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/mortal_server.h"
#include "support/steady_clock.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::MortalServer;
using ::support::Patience;

constexpr int kBackends = 3;

// The catalogue's service, until it is told to misbehave. Thread-safe.
class TroubledService final : public CatalogueService {
 public:
  using CatalogueService::CatalogueService;

  // The next `calls` calls, of any method, fail with `code`.
  void Fail(int calls, grpc::StatusCode code = grpc::UNAVAILABLE) {
    absl::MutexLock lock(&mutex_);
    failures_ = calls;
    code_ = code;
  }

  // The next GetMovie keeps its handler until it is cancelled; so does the next
  // QueryMovie, when it has written a movie.
  void HoldNext(bool hold) {
    absl::MutexLock lock(&mutex_);
    hold_next_ = hold;
  }
  bool is_holding() const { return is_holding_; }

  // When each call came, of those that came since Forget().
  std::vector<absl::Time> attempts() {
    absl::MutexLock lock(&mutex_);
    return attempts_;
  }
  void Forget() {
    absl::MutexLock lock(&mutex_);
    attempts_.clear();
  }
  // What the last call said of its client.
  std::string user_agent() {
    absl::MutexLock lock(&mutex_);
    return user_agent_;
  }

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    const grpc::Status status = Trouble(*context);
    if (!status.ok()) return status;
    if (TakeHold()) return Hold(*context);
    return CatalogueService::GetMovie(context, request, response);
  }
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    const grpc::Status status = Trouble(*context);
    if (!status.ok()) return status;
    if (TakeHold()) {
      writer->Write(v1::Movie());
      return Hold(*context);
    }
    return CatalogueService::QueryMovie(context, request, writer);
  }
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override {
    const grpc::Status status = Trouble(*context);
    if (!status.ok()) return status;
    return CatalogueService::AddMovies(context, reader, response);
  }
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override {
    const grpc::Status status = Trouble(*context);
    if (!status.ok()) return status;
    return CatalogueService::RateMovie(context, request, response);
  }
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override {
    const grpc::Status status = Trouble(*context);
    if (!status.ok()) return status;
    return CatalogueService::RateMovies(context, stream);
  }

 private:
  grpc::Status Trouble(const grpc::ServerContext& context) {
    absl::MutexLock lock(&mutex_);
    attempts_.push_back(support::SteadyNow());
    const auto agent = context.client_metadata().find("user-agent");
    if (agent != context.client_metadata().end()) {
      user_agent_.assign(agent->second.data(), agent->second.size());
    }
    if (failures_ == 0) return grpc::Status::OK;
    --failures_;
    return grpc::Status(code_, "failed on purpose");
  }
  bool TakeHold() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(hold_next_, false);
  }
  grpc::Status Hold(const grpc::ServerContext& context) {
    is_holding_ = true;
    support::WaitUntilCancelled(context, absl::Seconds(5));
    return grpc::Status(grpc::StatusCode::CANCELLED, "its server died");
  }

  absl::Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::StatusCode code_ ABSL_GUARDED_BY(mutex_) = grpc::UNAVAILABLE;
  bool hold_next_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<absl::Time> attempts_ ABSL_GUARDED_BY(mutex_);
  std::string user_agent_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> is_holding_{false};
};

// A server of its own, with its own troubles.
struct Backend {
  explicit Backend(MovieStore* store) : service(store) {}

  TroubledService service;
  MortalServer server{&service};
};

std::string Counts(const std::map<std::string, int>& calls) {
  return absl::StrJoin(calls, "\n", absl::PairFormatter("  -> "));
}

class BalancedChannelTest : public ::testing::Test {
 protected:
  void StartBackends(int count) {
    for (int i = 0; i < count; ++i) {
      backends_.push_back(std::make_unique<Backend>(&store_));
    }
    stub_ = v1::MoviesService::NewStub(NewChannel());
  }

  // A channel to all backends, on its own connections.
  std::shared_ptr<grpc::Channel> NewChannel(
      grpc::ChannelArguments arguments = {}) {
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    const std::string addresses = absl::StrJoin(
        backends_, ",",
        [](std::string* out, const std::unique_ptr<Backend>& backend) {
          out->append(backend->server.address());
        });
    return BalancedChannel("ipv4:" + addresses,
                           grpc::InsecureChannelCredentials(), arguments);
  }

  Answer Call() {
    CallOptions options;
    options.timeout = 4 * Patience();
    return CallBackend(*stub_, options);
  }

  // Calls until every one of `backends` has answered. A channel uses those that
  // it has reached, and reaching them takes a moment. Returns whether they
  // have.
  bool AwaitAnswersFrom(std::vector<const Backend*> backends) {
    const absl::Time end = absl::Now() + Patience();
    while (!backends.empty() && absl::Now() < end) {
      const Answer answer = Call();
      for (std::size_t i = 0; i < backends.size(); ++i) {
        if (answer.status.ok() &&
            answer.backend == backends[i]->server.peer()) {
          backends.erase(backends.begin() + i);
          break;
        }
      }
    }
    return backends.empty();
  }
  bool AwaitAnswersFromAll() {
    std::vector<const Backend*> all;
    for (const auto& backend : backends_) all.push_back(backend.get());
    return AwaitAnswersFrom(all);
  }

  MovieStore store_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(BalancedChannelTest, TheServiceConfigIsValid) {
  StartBackends(1);
  const Answer answer = Call();
  EXPECT_TRUE(answer.status.ok())
      << "A call to a server that is there failed with " << Text(answer.status)
      << ". If that is code 3, \"Failed to create secure client channel\": it "
         "is what each call of a channel gets whose service config gRPC does "
         "not take. Its log, above, names the field.";
}

TEST_F(BalancedChannelTest, EachServerGetsTheSameNumberOfCalls) {
  StartBackends(kBackends);
  ASSERT_TRUE(AwaitAnswersFromAll())
      << "The target has " << kBackends
      << " servers, and not all of them get calls. Of 30 more calls each "
         "answered:\n"
      << Counts(CallsPerBackend(*stub_, 30))
      << "\nWithout a loadBalancingConfig a channel picks the first server "
         "that it reaches, and stays there. gRPC ignores a field of the "
         "service config whose name it does not know.";
  // From here on all are connected, and the policy promises exact turns.
  const std::map<std::string, int> calls = CallsPerBackend(*stub_, 30);
  for (const auto& backend : backends_) {
    EXPECT_EQ(calls.count(backend->server.peer())
                  ? calls.at(backend->server.peer())
                  : 0,
              10)
        << "30 calls to 3 connected servers in turn are 10 each, exactly. "
           "Counted were:\n"
        << Counts(calls);
  }
}

TEST_F(BalancedChannelTest, TheCallersArgumentsStillHold) {
  StartBackends(1);
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("movie-night/1.0");
  stub_ = v1::MoviesService::NewStub(NewChannel(arguments));
  EXPECT_TRUE(Call().status.ok());
  EXPECT_EQ(backends_[0]->service.user_agent().rfind("movie-night/1.0", 0), 0u)
      << "The caller's channel arguments have a user-agent prefix, "
         "movie-night/1.0. The server was told '"
      << backends_[0]->service.user_agent()
      << "'. The service config is to be added to the caller's arguments.";
}

TEST_F(BalancedChannelTest, ACallWhoseServerDiesIsMadeAgainElsewhere) {
  StartBackends(2);
  ASSERT_TRUE(Call().status.ok());
  for (auto& backend : backends_) backend->service.HoldNext(true);
  std::future<Answer> answer =
      std::async(std::launch::async, [this] { return Call(); });
  Backend* holding = nullptr;
  const absl::Time end = absl::Now() + Patience();
  while (holding == nullptr && absl::Now() < end) {
    for (auto& backend : backends_) {
      if (backend->service.is_holding()) holding = backend.get();
    }
    std::this_thread::yield();
  }
  for (auto& backend : backends_) backend->service.HoldNext(false);
  ASSERT_NE(holding, nullptr)
      << "The call came to no server: " << Text(answer.get().status);
  holding->server.Die();
  const Answer got = answer.get();
  EXPECT_TRUE(got.status.ok())
      << "The server died while its handler of GetMovie ran, and the call "
         "failed with "
      << Text(got.status)
      << ". The other server was there all the time. GetMovie may run twice, "
         "so the retryPolicy has to make this call again.";
  if (got.status.ok()) {
    EXPECT_NE(got.backend, holding->server.peer());
  }
}

TEST_F(BalancedChannelTest, AStreamThatHasBegunIsNotMadeAgain) {
  StartBackends(1);
  backends_[0]->service.HoldNext(true);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + 4 * Patience()));
  const auto reader = stub_->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  EXPECT_TRUE(reader->Read(&movie)) << "The server writes one movie at once.";
  backends_[0]->server.Die();
  EXPECT_FALSE(reader->Read(&movie));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "The server died after the first movie, which the caller has. No "
         "retry can take it back, so the caller is to be told. It was told "
      << Text(status);
  EXPECT_EQ(backends_[0]->service.attempts().size(), 1u);
}

TEST_F(BalancedChannelTest, WithoutServersACallFails) {
  StartBackends(kBackends);
  for (auto& backend : backends_) backend->server.Die();
  const grpc::Status status = Call().status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "All servers are dead, and the call did not say that it waits for "
         "ready. It was to fail when its attempts are used up, long before its "
         "deadline. It failed with "
      << Text(status) << ". Has the methodConfig a field too many?";
}

TEST_F(BalancedChannelTest, AServerThatDiesCostsNoCall) {
  StartBackends(kBackends);
  ASSERT_TRUE(Call().status.ok());
  std::atomic<bool> stop{false};
  std::atomic<int> made{0};
  std::future<grpc::Status> calls = std::async(std::launch::async, [&] {
    grpc::Status status;
    while (!stop && status.ok()) {
      status = Call().status;
      ++made;
    }
    return status;
  });
  const auto wait_for_calls = [&](int count) {
    const absl::Time end = absl::Now() + Patience();
    const int enough = made + count;
    while (made < enough && absl::Now() < end &&
           calls.wait_for(std::chrono::milliseconds(1)) !=
               std::future_status::ready) {
    }
  };
  for (int i = 0; i + 1 < kBackends; ++i) {
    wait_for_calls(20);
    backends_[i]->server.Die();
  }
  wait_for_calls(20);
  stop = true;
  const grpc::Status status = calls.get();
  EXPECT_TRUE(status.ok())
      << "Two of three servers died while calls were made, one after another. "
         "Call "
      << made << " failed with " << Text(status)
      << ". One server was there all the time.";
}

TEST_F(BalancedChannelTest, AServerThatComesBackGetsCallsAgain) {
  StartBackends(2);
  ASSERT_TRUE(AwaitAnswersFromAll())
      << "The target has two servers, and one of them gets no call.";
  Backend& backend = *backends_[0];
  backend.server.Die();
  ASSERT_TRUE(AwaitAnswersFrom({backends_[1].get()}))
      << "One of two servers died, and the other one gets no calls: "
      << Text(Call().status);
  backend.server.Start();
  EXPECT_TRUE(AwaitAnswersFrom({&backend}))
      << "A server died and came back at the same address. The channel goes "
         "on trying to reach it, every 100 ms in this test, and should then "
         "give it calls. Of 10 more calls each server answered:\n"
      << Counts(CallsPerBackend(*stub_, 10));
}

// A method that may be run twice.
struct Method {
  std::string name;
  grpc::Status (*call)(v1::MoviesService::Stub& stub,
                       grpc::ClientContext* context);
};

// For GoogleTest.
void PrintTo(const Method& method, std::ostream* out) { *out << method.name; }

class RepeatableTest : public BalancedChannelTest,
                       public ::testing::WithParamInterface<Method> {
 protected:
  grpc::Status CallMethod() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + 4 * Patience()));
    return GetParam().call(*stub_, &context);
  }
};

INSTANTIATE_TEST_SUITE_P(
    , RepeatableTest,
    ::testing::Values(
        Method{"GetMovie",
               [](v1::MoviesService::Stub& stub, grpc::ClientContext* context) {
                 v1::MovieID request;
                 request.set_mid(1);
                 v1::Movie movie;
                 return stub.GetMovie(context, request, &movie);
               }},
        Method{"QueryMovie",
               [](v1::MoviesService::Stub& stub, grpc::ClientContext* context) {
                 const auto reader =
                     stub.QueryMovie(context, v1::MovieQueryParams());
                 v1::Movie movie;
                 while (reader->Read(&movie)) {
                 }
                 return reader->Finish();
               }},
        Method{"AddMovies",
               [](v1::MoviesService::Stub& stub, grpc::ClientContext* context) {
                 v1::AddMoviesSummary summary;
                 const auto writer = stub.AddMovies(context, &summary);
                 writer->WritesDone();
                 return writer->Finish();
               }}),
    [](const auto& info) { return info.param.name; });

TEST_P(RepeatableTest, IsMadeAgainAfterUnavailable) {
  StartBackends(1);
  backends_[0]->service.Fail(2);
  const grpc::Status status = CallMethod();
  EXPECT_TRUE(status.ok() && backends_[0]->service.attempts().size() == 3)
      << "Two attempts of " << GetParam().name
      << " fail with UNAVAILABLE, and a third one would succeed. The call "
         "ended with "
      << Text(status) << ", after " << backends_[0]->service.attempts().size()
      << " attempts. A methodConfig is for the methods that it names: the "
         "service with its package, and the method.";
}

TEST_F(BalancedChannelTest, WhatIsNotRepeatableIsNotMadeAgain) {
  StartBackends(1);
  backends_[0]->service.Fail(1);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + 4 * Patience()));
  v1::MovieScore score;
  const grpc::Status status =
      stub_->RateMovie(&context, v1::MovieRating(), &score);
  EXPECT_EQ(backends_[0]->service.attempts().size(), 1u)
      << "RateMovie failed with UNAVAILABLE, and was made again. The server "
         "may have counted the rating before it died: it would count twice.";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << Text(status);

  backends_[0]->service.Forget();
  backends_[0]->service.Fail(1);
  grpc::ClientContext stream_context;
  stream_context.set_deadline(absl::ToChronoTime(absl::Now() + 4 * Patience()));
  const auto stream = stub_->RateMovies(&stream_context);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(backends_[0]->service.attempts().size(), 1u)
      << "RateMovies failed with UNAVAILABLE, and was made again; its ratings "
         "could count twice.";
}

TEST_F(BalancedChannelTest, OtherCodesAreNotRetried) {
  StartBackends(1);
  for (const grpc::StatusCode code :
       {grpc::CANCELLED, grpc::UNKNOWN, grpc::INVALID_ARGUMENT,
        grpc::DEADLINE_EXCEEDED, grpc::NOT_FOUND, grpc::ALREADY_EXISTS,
        grpc::PERMISSION_DENIED, grpc::RESOURCE_EXHAUSTED,
        grpc::FAILED_PRECONDITION, grpc::ABORTED, grpc::OUT_OF_RANGE,
        grpc::UNIMPLEMENTED, grpc::INTERNAL, grpc::DATA_LOSS,
        grpc::UNAUTHENTICATED}) {
    backends_[0]->service.Forget();
    backends_[0]->service.Fail(1, code);
    EXPECT_EQ(Call().status.error_code(), code)
        << "The server answered with code " << code
        << ". That is an answer, and the caller's to handle.";
    EXPECT_EQ(backends_[0]->service.attempts().size(), 1u)
        << "After code " << code << " no other attempt was expected.";
    backends_[0]->service.Fail(0);
  }
}

TEST_F(BalancedChannelTest, ThereAreFourAttemptsWithDoublingBackoff) {
  StartBackends(1);
  TroubledService& service = backends_[0]->service;
  // gRPC takes up to 20 % off and adds as much. A busy machine adds more, but
  // not each time.
  bool quick_enough = false;
  std::string gaps;
  const absl::Time end = support::SteadyNow() + 2 * Patience();
  while (!quick_enough && !HasFailure() && support::SteadyNow() < end) {
    service.Forget();
    service.Fail(100);
    EXPECT_EQ(Call().status.error_code(), grpc::StatusCode::UNAVAILABLE);
    service.Fail(0);
    const std::vector<absl::Time> attempts = service.attempts();
    ASSERT_EQ(attempts.size(), 4u)
        << "Every attempt fails with UNAVAILABLE. After the fourth one the "
           "call was expected to fail.";
    quick_enough = true;
    for (int i = 1; i < 4; ++i) {
      const absl::Duration gap = attempts[i] - attempts[i - 1];
      const absl::Duration backoff = absl::Milliseconds(50) * (1 << (i - 1));
      EXPECT_GE(gap, 0.75 * backoff)
          << "Attempt " << i + 1 << " is to begin about " << backoff
          << " after the one before it: 0.05 s, then twice as long each time.";
      if (gap > 1.2 * backoff + absl::Milliseconds(25)) quick_enough = false;
      absl::StrAppend(&gaps, i == 1 ? "\n  " : ", ", absl::FormatDuration(gap));
    }
  }
  EXPECT_TRUE(quick_enough)
      << "Between the attempts are to be about 0.05 s, 0.1 s and 0.2 s. It was "
         "more:"
      << gaps;
}

TEST_F(BalancedChannelTest, ManyFaultsDoNotEndTheRetries) {
  StartBackends(1);
  for (int i = 1; i <= 12; ++i) {
    backends_[0]->service.Fail(1);
    const grpc::Status status = Call().status;
    ASSERT_TRUE(status.ok())
        << "Each call's first attempt fails with UNAVAILABLE, and the second "
           "one would succeed. Call "
        << i << " failed with " << Text(status)
        << ". Nobody asked for a limit to the retries of all calls together.";
  }
}

}  // namespace
}  // namespace movies
