#include "query_movie_reactor.h"

#include <grpc/grpc.h>
#include <grpcpp/support/server_interceptor.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<v1::Movie> MakeMovies(int count, int bytes) {
  std::vector<v1::Movie> movies(count);
  for (int i = 0; i < count; ++i) {
    movies[i].set_mid(i + 1);
    movies[i].set_movie_description(std::string(bytes, 'x'));
  }
  return movies;
}

// Answers QueryMovie with a QueryMovieReactor over the same movies each time,
// and keeps the reports of those that are gone. Other methods would be sync.
class ReactorService : public v1::MoviesService::WithCallbackMethod_QueryMovie<
                           v1::MoviesService::Service> {
 public:
  explicit ReactorService(std::vector<v1::Movie> movies)
      : movies_(std::move(movies)) {}

  grpc::ServerWriteReactor<v1::Movie>* QueryMovie(
      grpc::CallbackServerContext*, const v1::MovieQueryParams*) override {
    {
      absl::MutexLock lock(&mutex_);
      ++born_;
    }
    return new QueryMovieReactor(movies_, [this](const StreamReport& report) {
      absl::MutexLock lock(&mutex_);
      reports_.push_back(report);
    });
  }

  // Waits until `count` reactors were made. False if that takes too long.
  bool WaitUntilBorn(int count) {
    absl::MutexLock lock(&mutex_);
    auto born = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return born_ >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&born), Patience());
  }

  // Waits until no reactor is left. False if that takes too long.
  bool WaitUntilGone() {
    absl::MutexLock lock(&mutex_);
    auto gone = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int>(reports_.size()) == born_;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&gone), Patience());
  }

  std::vector<StreamReport> reports() {
    absl::MutexLock lock(&mutex_);
    return reports_;
  }

 private:
  const std::vector<v1::Movie> movies_;
  absl::Mutex mutex_;
  int born_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<StreamReport> reports_ ABSL_GUARDED_BY(mutex_);
};

// The statuses that a server's calls were ended with, whether or not a client
// was still there to get them.
class Endings {
 public:
  void Add(grpc::StatusCode code) {
    absl::MutexLock lock(&mutex_);
    codes_.push_back(code);
  }

  std::vector<grpc::StatusCode> codes() {
    absl::MutexLock lock(&mutex_);
    return codes_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<grpc::StatusCode> codes_ ABSL_GUARDED_BY(mutex_);
};

// Sees what a server's call hands to gRPC, and keeps the status.
class EndingWatcher : public grpc::experimental::Interceptor {
 public:
  explicit EndingWatcher(Endings* endings) : endings_(*endings) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      endings_.Add(batch->GetSendStatus().error_code());
    }
    batch->Proceed();
  }

 private:
  Endings& endings_;
};

class EndingWatcherFactory
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit EndingWatcherFactory(Endings* endings) : endings_(endings) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo*) override {
    return new EndingWatcher(endings_);
  }

 private:
  Endings* const endings_;
};

// A call to QueryMovie, its reading left to the test.
struct Call {
  explicit Call(v1::MoviesService::Stub& stub) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
    reader = stub.QueryMovie(&context, v1::MovieQueryParams());
  }

  std::vector<int> ReadAll() {
    std::vector<int> mids;
    v1::Movie movie;
    while (reader->Read(&movie)) mids.push_back(movie.mid());
    return mids;
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader;
};

class QueryMovieReactorTest : public ::testing::Test {
 protected:
  ~QueryMovieReactorTest() override {
    if (service_ == nullptr || service_->WaitUntilGone()) return;
    // A server waits for every reactor's OnDone. One that never comes would
    // keep this test waiting for ever, so the server stays behind.
    ADD_FAILURE() << "The test's calls are over and a reactor is still there. "
                     "A reactor goes in two steps: Finish(), once per call, "
                     "lets OnDone() come, and OnDone() deletes it, for nobody "
                     "else does. A server with a reactor that never finishes "
                     "cannot shut down.";
    (void)server_.release();
    (void)service_.release();
    (void)endings_.release();
  }

  void Start(std::vector<v1::Movie> movies) {
    service_ = std::make_unique<ReactorService>(std::move(movies));
    support::TestServerOptions options;
    options.configure = [this](grpc::ServerBuilder& builder) {
      std::vector<std::unique_ptr<
          grpc::experimental::ServerInterceptorFactoryInterface>>
          interceptors;
      interceptors.push_back(
          std::make_unique<EndingWatcherFactory>(endings_.get()));
      builder.experimental().SetInterceptorCreators(std::move(interceptors));
    };
    server_ = std::make_unique<support::TestServer>(service_.get(), options);
    // The window stays at 64 kB, and does not grow with the traffic.
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    stub_ = v1::MoviesService::NewStub(server_->NewChannel(args));
  }

  std::unique_ptr<Endings> endings_ = std::make_unique<Endings>();
  std::unique_ptr<ReactorService> service_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(QueryMovieReactorTest, SendsEveryMovieInOrderAndFinishes) {
  Start(MakeMovies(3, 10));
  Call call(*stub_);
  EXPECT_THAT(call.ReadAll(), ElementsAre(1, 2, 3))
      << "The client should have read movies 1, 2 and 3. StartWrite() starts "
         "one; OnWriteDone() says when the next may be started. If only the "
         "last came: a StartWrite() before the one before it was done takes "
         "its place, or ends the program.";
  const grpc::Status status = call.reader->Finish();
  EXPECT_TRUE(status.ok())
      << "The stream ended with the status \"" << status.error_message()
      << "\". A reactor ends its call by Finish(), whose status the client "
         "gets; without it the client waits until its deadline.";
}

TEST_F(QueryMovieReactorTest, NoMoviesFinishAtOnce) {
  Start({});
  Call call(*stub_);
  EXPECT_THAT(call.ReadAll(), IsEmpty());
  const grpc::Status status = call.reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(QueryMovieReactorTest, IsDeletedOnceDone) {
  Start(MakeMovies(3, 10));
  Call call(*stub_);
  call.ReadAll();
  call.reader->Finish();
  ASSERT_TRUE(service_->WaitUntilGone())
      << "The call is over and its reactor still exists. The handler made it "
         "with `new` and gRPC does not own it; OnDone() is the last thing that "
         "it hears, and the only safe place to delete it.";
  ASSERT_EQ(service_->reports().size(), 1u);
  EXPECT_EQ(service_->reports()[0].started, 3u)
      << "Three writes were to be started, each counted in next_.";
  EXPECT_FALSE(service_->reports()[0].cancelled) << "Nobody cancelled.";
}

TEST_F(QueryMovieReactorTest, StopsWhenTheClientCancels) {
  // 20 MB, far more than the client's window: the stream cannot be done before
  // the client, which reads one movie only, cancels.
  Start(MakeMovies(2000, 10'000));
  Call call(*stub_);
  v1::Movie movie;
  ASSERT_TRUE(call.reader->Read(&movie)) << "No movie arrived.";
  call.context.TryCancel();
  EXPECT_EQ(call.reader->Finish().error_code(), grpc::StatusCode::CANCELLED);

  ASSERT_TRUE(service_->WaitUntilGone())
      << "The client cancelled and the reactor is still there. The write in "
         "flight came back as OnWriteDone(false), and even a call that is over "
         "must be finished: Finish() is what lets OnDone() come.";
  const std::vector<StreamReport> reports = service_->reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_TRUE(reports[0].cancelled) << "OnCancel() was never called.";
  EXPECT_LT(reports[0].started, 2000u)
      << "The client cancelled after one movie, and all 2000 writes were "
         "started. OnWriteDone's argument says that the call is over.";
  EXPECT_THAT(endings_->codes(), ElementsAre(grpc::StatusCode::CANCELLED))
      << "The client cancelled midway, a write failed, and the reactor called "
         "Finish() with another status than CANCELLED. No client hears it, but "
         "logs and metrics would count the call as a success.";
}

TEST_F(QueryMovieReactorTest, SlowClientsCostNoThreads) {
  // Each stream is larger than its client's window, so that all of them stand
  // still until somebody reads. A handler with a thread of its own each would
  // need a hundred.
  constexpr int kSlow = 100;
  constexpr int kMovies = 30;
  Start(MakeMovies(kMovies, 10'000));
  std::vector<std::unique_ptr<Call>> slow;
  for (int i = 0; i < kSlow; ++i) {
    slow.push_back(std::make_unique<Call>(*stub_));
  }
  ASSERT_TRUE(service_->WaitUntilBorn(kSlow)) << "Not every call was answered.";

  Call quick(*stub_);
  ASSERT_EQ(quick.ReadAll().size(), 30u)
      << "A hundred clients read nothing, and one that reads did not get its "
         "30 movies.";
  EXPECT_TRUE(quick.reader->Finish().ok());

  for (const std::unique_ptr<Call>& call : slow) call->context.TryCancel();
  for (const std::unique_ptr<Call>& call : slow) call->reader->Finish();
  ASSERT_TRUE(service_->WaitUntilGone())
      << "A hundred clients cancelled, and a reactor is still there: after a "
         "write that failed, Finish() the call.";
  const std::vector<StreamReport> reports = service_->reports();
  const auto stood_still =
      std::count_if(reports.begin(), reports.end(), [](const auto& report) {
        return report.cancelled && report.started < kMovies;
      });
  EXPECT_EQ(stood_still, kSlow)
      << "A hundred clients read nothing and cancelled, so a hundred streams "
         "should have stood still before their last movie. The next write is "
         "started when the last one is done, and a slow client's is not.";
}

}  // namespace
}  // namespace movies
