#include "movie_feed.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/client_interceptor.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
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

// How long a server that nobody slows down is given to show itself. It needs a
// few milliseconds; one that is slowed down never does.
constexpr absl::Duration kTimeToRunAhead = absl::Milliseconds(400);

// As large as the window: the server can finish few writes ahead of the reader.
constexpr int kWindow = 64 * 1024;
constexpr int kMovies = 200;
// Writes that may be done and not be taken: what the feed fetches ahead, what
// fills the window, and what is on its way between the two.
constexpr int kMaxAhead = 6;

v1::Movie MakeMovie(int mid, int bytes = 10) {
  v1::Movie movie;
  movie.set_mid(mid);
  movie.set_movie_description(std::string(bytes, 'x'));
  return movie;
}

// A server whose answer to QueryMovie is up to the test, and that counts the
// writes that are done.
class ScriptedService : public v1::MoviesService::Service {
 public:
  // Writes a movie; false if the call is over.
  using WriteMovie = std::function<bool(const v1::Movie&)>;
  using Script = std::function<grpc::Status(const WriteMovie&)>;

  explicit ScriptedService(Script script) : script_(std::move(script)) {}

  grpc::Status QueryMovie(grpc::ServerContext*,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    EXPECT_EQ(request->query(), "robot");
    return script_([this, writer](const v1::Movie& movie) {
      if (!writer->Write(movie)) return false;
      absl::MutexLock lock(&mutex_);
      ++written_;
      return true;
    });
  }

  int written() {
    absl::MutexLock lock(&mutex_);
    return written_;
  }

  // Waits until more than `count` writes are done. False if that takes longer
  // than `timeout`.
  bool WaitUntilWrittenMoreThan(int count, absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    auto more = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return written_ > count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&more), timeout);
  }

 private:
  const Script script_;
  absl::Mutex mutex_;
  int written_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Sees what gRPC answers a client's call, and counts the reads: with a message,
// or with none at the end.
class ReadCounter : public grpc::experimental::Interceptor {
 public:
  explicit ReadCounter(std::atomic<int>* reads) : reads_(*reads) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::POST_RECV_MESSAGE)) {
      ++reads_;
    }
    batch->Proceed();
  }

 private:
  std::atomic<int>& reads_;
};

class ReadCounterFactory
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit ReadCounterFactory(std::atomic<int>* reads) : reads_(reads) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new ReadCounter(reads_);
  }

 private:
  std::atomic<int>* const reads_;
};

class MovieFeedTest : public ::testing::Test {
 protected:
  void Start(ScriptedService::Script script) {
    service_ = std::make_unique<ScriptedService>(std::move(script));
    server_ = std::make_unique<support::TestServer>(service_.get());
    // The client grants the window for what the server sends. By default gRPC
    // lets it grow with the traffic, within its own estimate of the network.
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindow);
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::vector<
        std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
        interceptors;
    interceptors.push_back(std::make_unique<ReadCounterFactory>(&reads_));
    stub_ = v1::MoviesService::NewStub(
        grpc::experimental::CreateCustomChannelWithInterceptors(
            server_->address(), grpc::InsecureChannelCredentials(), args,
            std::move(interceptors)));
    deadline_ = absl::Now() + Patience() + kTimeToRunAhead;
    feed_ = std::make_unique<MovieFeed>(*stub_, "robot", deadline_);
  }

  // Takes what the feed yields, but no more than `limit`.
  std::vector<int> TakeUpTo(int limit) {
    std::vector<int> mids;
    while (static_cast<int>(mids.size()) < limit) {
      std::optional<v1::Movie> movie = feed_->Next();
      if (!movie.has_value()) break;
      mids.push_back(movie->mid());
    }
    return mids;
  }

  absl::Notification handler_stopped_;
  // How many calls of StartRead() gRPC has answered.
  std::atomic<int> reads_{0};
  absl::Time deadline_;
  std::unique_ptr<ScriptedService> service_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
  std::unique_ptr<MovieFeed> feed_;
};

TEST_F(MovieFeedTest, YieldsEveryMovieInOrder) {
  Start([](const ScriptedService::WriteMovie& write) {
    for (int mid : {1, 2, 3}) write(MakeMovie(mid));
    return grpc::Status::OK;
  });
  EXPECT_THAT(TakeUpTo(10), ElementsAre(1, 2, 3))
      << "The server streamed movies 1, 2 and 3. The constructor asked gRPC "
         "for the first with StartRead(); gRPC answers each StartRead() with "
         "one "
         "OnReadDone(), and sends nothing that was not asked for.";
  EXPECT_LT(absl::Now(), deadline_)
      << "The stream had ended, and Next() waited on until the deadline. "
         "OnReadDone(false) brings no movie: it says that there are no more.";
  const grpc::Status status = feed_->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(MovieFeedTest, AnEmptyStreamEndsAtOnce) {
  Start([](const ScriptedService::WriteMovie&) { return grpc::Status::OK; });
  EXPECT_THAT(TakeUpTo(10), IsEmpty())
      << "OnReadDone(false) brings no movie: it says that there are no more.";
  const grpc::Status status = feed_->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(MovieFeedTest, AStreamThatBreaksMidwayIsAnError) {
  Start([](const ScriptedService::WriteMovie& write) {
    write(MakeMovie(1));
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "the disk is gone");
  });
  EXPECT_THAT(TakeUpTo(10), ElementsAre(1))
      << "The server sent movie 1 and broke off. What did arrive is delivered.";
  EXPECT_EQ(feed_->Finish().error_code(), grpc::StatusCode::DATA_LOSS)
      << "The stream broke off. The feed ends at OnReadDone(false), good or "
         "bad; the status comes to OnDone(), and Finish() waits for it.";
}

TEST_F(MovieFeedTest, AsksForTheNextMovieOnlyIfThereWasOne) {
  Start([](const ScriptedService::WriteMovie& write) {
    for (int mid : {1, 2, 3}) write(MakeMovie(mid));
    return grpc::Status::OK;
  });
  EXPECT_THAT(TakeUpTo(10), ElementsAre(1, 2, 3))
      << "The server streamed movies 1, 2 and 3.";
  // After Finish() every StartRead() has its answer.
  EXPECT_TRUE(feed_->Finish().ok()) << "The server ended the stream with OK, "
                                       "and the feed has another status.";
  EXPECT_EQ(reads_, 4)
      << "Three movies and the end of the stream are four reads, and "
         "StartRead() was called "
      << reads_
      << " times. When Take() has brought no movie, there is nothing more to "
         "ask for: the stream has ended, or the deadline has passed while a "
         "read is still in flight, and a second one beside it ends the "
         "program.";
}

TEST_F(MovieFeedTest, ASlowConsumerSlowsTheServer) {
  // 13 MB. Taken or not, the writes of a server that nobody slows down would
  // all be done after some milliseconds.
  Start([](const ScriptedService::WriteMovie& write) {
    const v1::Movie movie = MakeMovie(1, kWindow);
    for (int i = 0; i < kMovies; ++i) {
      if (!write(movie)) {
        return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
      }
    }
    return grpc::Status::OK;
  });
  ASSERT_EQ(TakeUpTo(1).size(), 1u)
      << "The server writes, and no movie came out of Next().";
  ASSERT_FALSE(
      service_->WaitUntilWrittenMoreThan(1 + kMaxAhead, kTimeToRunAhead))
      << "The consumer has taken one movie, and the server has written more "
         "than "
      << 1 + kMaxAhead
      << " already: they pile up in the client's memory. Each StartRead() "
         "opens "
         "the window by a message, so a StartRead() for a movie that nobody "
         "waits for takes the brake off.";

  // The brake is off as soon as the consumer goes on.
  for (int taken = 2; taken <= kMovies; ++taken) {
    ASSERT_EQ(TakeUpTo(1).size(), 1u)
        << "Movie " << taken << " of " << kMovies << " did not come.";
    ASSERT_LE(service_->written() - taken, kMaxAhead)
        << "The server got far ahead of the consumer.";
  }
  EXPECT_THAT(TakeUpTo(1), IsEmpty()) << "There were no more movies.";
  const grpc::Status status = feed_->Finish();
  EXPECT_TRUE(status.ok())
      << "All movies were taken and the server ended the stream with OK, but "
         "the feed's status is \""
      << status.error_message() << "\".";
}

TEST_F(MovieFeedTest, FinishingEarlyStopsTheServer) {
  Start([this](const ScriptedService::WriteMovie& write) {
    while (write(MakeMovie(1))) {
    }
    handler_stopped_.Notify();
    return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
  });
  ASSERT_EQ(TakeUpTo(2).size(), 2u) << "Two movies were to come, and more.";
  EXPECT_EQ(feed_->Finish().error_code(), grpc::StatusCode::CANCELLED)
      << "The consumer has had enough after two movies of an endless stream; "
         "finishing early cancels the call.";
  EXPECT_TRUE(handler_stopped_.WaitForNotificationWithTimeout(Patience()))
      << "The feed is finished and the server is still writing.";
}

}  // namespace
}  // namespace movies
