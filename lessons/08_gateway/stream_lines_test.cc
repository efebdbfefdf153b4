#include "stream_lines.h"

#include <grpc/grpc.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/byte_buffer.h"
#include "support/fake_http_exchange.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::FakeHttpExchange;
using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What the service does in a call to QueryMovie.
struct Script {
  int movies = 0;
  // Size of each description.
  int bytes = 10;
  // How the call ends after the last movie; if `silent`, it does not, until it
  // is cancelled.
  grpc::Status end = grpc::Status::OK;
  bool silent = false;
};

// What happened in all calls together.
struct Tally {
  absl::Mutex mutex;
  int writes ABSL_GUARDED_BY(mutex) = 0;
  int cancelled ABSL_GUARDED_BY(mutex) = 0;
};

class ScriptReactor final : public grpc::ServerWriteReactor<v1::Movie> {
 public:
  ScriptReactor(Script script, std::shared_ptr<Tally> tally)
      : script_(std::move(script)), tally_(std::move(tally)) {
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      End(grpc::Status::CANCELLED);
    }
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&tally_->mutex);
      ++tally_->cancelled;
    }
    if (script_.silent) End(grpc::Status::CANCELLED);
  }

  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (mid_ == script_.movies) {
      if (!script_.silent) End(script_.end);
      return;
    }
    {
      absl::MutexLock lock(&tally_->mutex);
      ++tally_->writes;
    }
    movie_.set_mid(++mid_);
    movie_.set_movie_description(std::string(script_.bytes, 'x'));
    StartWrite(&movie_);
  }

  // The client may leave while the last write is on its way.
  void End(const grpc::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      ended_ = true;
    }
    Finish(status);
  }

  const Script script_;
  const std::shared_ptr<Tally> tally_;
  int mid_ = 0;
  v1::Movie movie_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// Asked for "quick", it sends one movie; asked for anything else, it follows
// the script.
class ScriptService : public v1::MoviesService::WithCallbackMethod_QueryMovie<
                          v1::MoviesService::Service> {
 public:
  explicit ScriptService(std::shared_ptr<Tally> tally)
      : tally_(std::move(tally)) {}

  void set_script(Script script) {
    absl::MutexLock lock(&mutex_);
    script_ = std::move(script);
  }

  grpc::ServerWriteReactor<v1::Movie>* QueryMovie(
      grpc::CallbackServerContext*,
      const v1::MovieQueryParams* request) override {
    if (request->query() == "quick") {
      return new ScriptReactor({/*movies=*/1}, std::make_shared<Tally>());
    }
    absl::MutexLock lock(&mutex_);
    return new ScriptReactor(script_, tally_);
  }

 private:
  const std::shared_ptr<Tally> tally_;
  absl::Mutex mutex_;
  Script script_ ABSL_GUARDED_BY(mutex_);
};

class StreamLinesTest : public ::testing::Test {
 protected:
  StreamLinesTest() {
    // The windows stay at 64 kB, and do not grow with the traffic.
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    stub_ = std::make_unique<grpc::GenericStub>(server_->NewChannel(args));
  }

  ~StreamLinesTest() override {
    // Whatever a call waits for, its client leaves now.
    for (const auto& exchange : exchanges_) {
      EXPECT_EQ(exchange->broken_rules(), "")
          << "support/http_server.h says how an exchange is answered: Start(), "
             "then one Write() at a time, each when the one before it was "
             "taken, then Finish().";
      exchange->Leave();
    }
    if (WaitUntilGone()) return;
    ADD_FAILURE()
        << "The calls are over, and a StreamLines is still there. Start() took "
           "a hold, and OnDone() comes when it is removed: RemoveHold() once, "
           "wherever it is certain that nothing more will be read: after the "
           "last message, after a line that was not taken, after a message "
           "that is no JSON. A hold that is left over is a leak for each "
           "stream.";
    // Neither of them could be destroyed.
    (void)server_.release();
    (void)service_.release();
  }

  // Makes a call to QueryMovie for a new exchange.
  std::shared_ptr<FakeHttpExchange> Call(
      FakeHttpExchange::Client client = FakeHttpExchange::Client::kQuick,
      const std::string& query = "") {
    auto exchange = std::make_shared<FakeHttpExchange>(
        support::HttpRequest{"GET", "/v1/movies", {}, ""}, client);
    exchanges_.push_back(exchange);
    v1::MovieQueryParams params;
    params.set_query(query);
    OutgoingCall call;
    call.alive = Alive();
    call.method = "/movies.v1.MoviesService/QueryMovie";
    call.context = std::make_shared<grpc::ClientContext>();
    call.context->set_deadline(
        absl::ToChronoTime(absl::Now() + 5 * Patience()));
    call.requests.push_back(support::ToByteBuffer(params));
    StreamLines::Start(exchange, std::move(call), Format(), *stub_);
    return exchange;
  }

  // Movie 1 is {"mid":1}; an error is {"code":5}, or HTTP 404 with that.
  LineFormat Format() {
    LineFormat format;
    format.to_json =
        [this](const grpc::ByteBuffer& bytes) -> absl::StatusOr<std::string> {
      v1::Movie movie;
      if (!support::FromByteBuffer(bytes, &movie).ok()) {
        return absl::InternalError("not a movie");
      }
      if (movie.mid() == no_json_) return absl::InternalError("no JSON");
      return absl::StrCat("{\"mid\":", movie.mid(), "}");
    };
    format.to_error = [](const grpc::Status& status) {
      return support::HttpResponse{
          status.error_code() == grpc::StatusCode::NOT_FOUND ? 404 : 500,
          {},
          absl::StrCat("{\"code\":", status.error_code(), "}")};
    };
    return format;
  }

  // Waits until `count` calls were cancelled on the service's side.
  bool WaitUntilCancelled(int count) {
    absl::MutexLock lock(&tally_->mutex);
    auto cancelled = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                         tally_->mutex) { return tally_->cancelled >= count; };
    return tally_->mutex.AwaitWithTimeout(absl::Condition(&cancelled),
                                          Patience());
  }

  int writes() {
    absl::MutexLock lock(&tally_->mutex);
    return tally_->writes;
  }

  // Waits until no StreamLines is left.
  bool WaitUntilGone() {
    absl::MutexLock lock(&mutex_);
    auto gone = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return alive_ == 0;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&gone), Patience());
  }

  const std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
  std::unique_ptr<ScriptService> service_ =
      std::make_unique<ScriptService>(tally_);
  std::unique_ptr<support::TestServer> server_ =
      std::make_unique<support::TestServer>(service_.get());
  std::unique_ptr<grpc::GenericStub> stub_;
  // The movie that cannot be JSON; set before a call.
  int no_json_ = -1;

 private:
  // Something that lives as long as whoever holds it.
  std::shared_ptr<void> Alive() {
    absl::MutexLock lock(&mutex_);
    ++alive_;
    return std::shared_ptr<void>(nullptr, [this](void*) {
      absl::MutexLock lock(&mutex_);
      --alive_;
    });
  }

  std::vector<std::shared_ptr<FakeHttpExchange>> exchanges_;
  absl::Mutex mutex_;
  int alive_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_F(StreamLinesTest, SendsALineForEachMessage) {
  service_->set_script({/*movies=*/3});
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered())
      << "The call has ended and the HTTP answer has not. OnReadDone(false) "
         "means that there are no more messages; OnDone(), which ends the "
         "answer, comes when the hold is removed.";
  EXPECT_THAT(exchange->parts(), ElementsAre("{\"result\":{\"mid\":1}}\n",
                                             "{\"result\":{\"mid\":2}}\n",
                                             "{\"result\":{\"mid\":3}}\n"))
      << "The service sent three movies. Each is written to the exchange by "
         "itself, as {\"result\":…} with to_json()'s JSON and a line break, in "
         "the order in which they came.";
  EXPECT_EQ(exchange->answer().status, 200);
}

TEST_F(StreamLinesTest, AnEmptyStreamIsAnEmptyAnswer) {
  service_->set_script({/*movies=*/0});
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered())
      << "The call ended without a message, and the HTTP answer did not end.";
  EXPECT_EQ(exchange->answer().status, 200)
      << "No movie matches: that is no error. " << exchange->answer().body;
  EXPECT_THAT(exchange->parts(), IsEmpty());
}

TEST_F(StreamLinesTest, AnErrorBeforeTheFirstMessageHasItsOwnStatus) {
  service_->set_script(
      {/*movies=*/0, 10, grpc::Status(grpc::StatusCode::NOT_FOUND, "none")});
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered()) << "The answer did not end.";
  EXPECT_EQ(exchange->answer().status, 404)
      << "The call failed before its first message, so the HTTP status was "
         "still free to say so. Start the answer with the first message, not "
         "before: afterwards it is 200 for good.";
  EXPECT_FALSE(exchange->started());
}

TEST_F(StreamLinesTest, AnErrorAfterTheFirstMessageIsTheLastLine) {
  service_->set_script(
      {/*movies=*/1, 10, grpc::Status(grpc::StatusCode::NOT_FOUND, "gone")});
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered()) << "The answer did not end.";
  EXPECT_THAT(exchange->parts(), ElementsAre("{\"result\":{\"mid\":1}}\n",
                                             "{\"error\":{\"code\":5}}\n"))
      << "The service sent a movie and then failed. OnDone() writes the error "
         "as the last line, once all messages were written.";
}

TEST_F(StreamLinesTest, ReadsTheNextMessageWhenTheLineWasTaken) {
  // 20 MB: much more than fits into gRPC's windows and buffers.
  constexpr int kMovies = 2000;
  service_->set_script({kMovies, /*bytes=*/10'000});
  const auto slow = Call(FakeHttpExchange::Client::kSlow);
  ASSERT_TRUE(slow->WaitForParts(1)) << "The first message was not written.";
  // By the time that a later call on the same connection has been answered,
  // whatever was to be read of the first one has been read.
  const auto quick = Call(FakeHttpExchange::Client::kQuick, "quick");
  ASSERT_TRUE(quick->WaitUntilAnswered());
  EXPECT_EQ(slow->parts().size(), 1u)
      << "The client has not taken the first line, and more were written. "
         "Write() calls its function when the line was taken: only there "
         "belongs the next StartRead().";
  EXPECT_LT(writes(), kMovies)
      << "A client that takes nothing should keep the service waiting. All "
         "movies left it, so they are in this program's memory.";

  ASSERT_TRUE(slow->Take());
  EXPECT_TRUE(slow->WaitForParts(2))
      << "The client took the first line and the second did not come. "
         "StartRead() in the function that Write() is given.";
}

TEST_F(StreamLinesTest, CancelsTheCallWhenALineIsNotTaken) {
  service_->set_script({/*movies=*/1, 10, grpc::Status::OK, /*silent=*/true});
  const auto exchange = Call(FakeHttpExchange::Client::kSlow);
  ASSERT_TRUE(exchange->WaitForParts(1))
      << "The first message was not written.";
  ASSERT_TRUE(exchange->Take(false));
  EXPECT_TRUE(WaitUntilCancelled(1))
      << "The client did not take a line: it is gone, or too slow. The service "
         "still works for it. Write()'s function is told false then, and the "
         "call's context has TryCancel().";
  EXPECT_TRUE(WaitUntilGone())
      << "A line was not taken, so nothing more is to be read, and the hold is "
         "still there: RemoveHold() in this case, too.";
}

TEST_F(StreamLinesTest, CancelsTheCallOfAClientThatLeaves) {
  service_->set_script({/*movies=*/1, 10, grpc::Status::OK, /*silent=*/true});
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitForParts(1))
      << "The first message was not written.";
  exchange->Leave();
  EXPECT_TRUE(WaitUntilCancelled(1))
      << "The client left while the service was silent, and the call goes on.";
  EXPECT_TRUE(WaitUntilGone())
      << "The call is cancelled: the read that waited comes back not ok.";
}

TEST_F(StreamLinesTest, AMessageThatIsNoJsonEndsTheStream) {
  service_->set_script({/*movies=*/2, 10, grpc::Status::OK, /*silent=*/true});
  no_json_ = 2;
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered())
      << "to_json() failed for the second message, and the answer did not end. "
         "Fail() keeps the error and cancels the call; OnDone() tells the "
         "client, once the hold is removed.";
  EXPECT_THAT(exchange->parts(), ElementsAre("{\"result\":{\"mid\":1}}\n",
                                             "{\"error\":{\"code\":13}}\n"))
      << "The last line should be the error of to_json(), which Fail() keeps.";
  EXPECT_TRUE(WaitUntilCancelled(1)) << "The service was not cancelled.";
}

TEST_F(StreamLinesTest, AFirstMessageThatIsNoJsonHasItsOwnStatus) {
  service_->set_script({/*movies=*/1, 10, grpc::Status::OK, /*silent=*/true});
  no_json_ = 1;
  const auto exchange = Call();
  ASSERT_TRUE(exchange->WaitUntilAnswered()) << "The answer did not end.";
  EXPECT_EQ(exchange->answer().status, 500)
      << "to_json() failed for the first message, before any line was sent: "
         "the HTTP status was still free to say so. So the answer starts when "
         "there is a line to write, and not before.";
  EXPECT_FALSE(exchange->started());
}

TEST_F(StreamLinesTest, SlowClientsCostNoThreads) {
  service_->set_script({/*movies=*/3});
  std::vector<std::shared_ptr<FakeHttpExchange>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(Call(FakeHttpExchange::Client::kSlow));
  }
  const auto quick = Call(FakeHttpExchange::Client::kQuick, "quick");
  EXPECT_TRUE(quick->WaitUntilAnswered())
      << "Forty clients do not take their lines, and one that does gets "
         "nothing. A reaction runs on a thread of gRPC's, and there are few: "
         "it must return at once, and never wait.";
  EXPECT_THAT(quick->answer().body, StartsWith("{\"result\":"));
}

}  // namespace
}  // namespace movies
