#include "follow_servers.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <memory>
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
#include "etcd_keys.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"
#include "to_absl_status.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Addresses = std::vector<std::string>;

// Nobody connects to these.
constexpr char kA[] = "127.0.0.1:1";
constexpr char kB[] = "127.0.0.1:2";
constexpr char kC[] = "127.0.0.1:3";

constexpr char kDoesNotRead[] =
    "The servers that are registered already come with the read: Range() for "
    "all keys of the prefix.";

constexpr char kDoesNotWatch[] =
    "What happens after the read comes by the watch: write one request to the "
    "stream, then read responses for as long as there are any.";

// Opens watches as another stub does, but does not let gRPC end the program,
// without a word, for a context that had a call already.
class CarefulWatch : public etcdserverpb::Watch::StubInterface {
 public:
  explicit CarefulWatch(std::unique_ptr<StubInterface> watch)
      : watch_(std::move(watch)) {
    expired_.set_deadline(absl::ToChronoTime(absl::Now()));
  }

 private:
  grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                    etcdserverpb::WatchResponse>*
  WatchRaw(grpc::ClientContext* context) override {
    if (context->c_call() == nullptr) return watch_->Watch(context).release();
    ADD_FAILURE()
        << "Watch() got the ClientContext that Range() had. A context "
           "is good for one call, and outside of this test gRPC ends "
           "the program for that: \"assertion failed: call_ == "
           "nullptr\". There are two in FollowContexts.";
    return watch_->Watch(&expired_).release();
  }

  grpc::ClientAsyncReaderWriterInterface<etcdserverpb::WatchRequest,
                                         etcdserverpb::WatchResponse>*
  AsyncWatchRaw(grpc::ClientContext* context, grpc::CompletionQueue* queue,
                void* tag) override {
    return watch_->AsyncWatch(context, queue, tag).release();
  }

  grpc::ClientAsyncReaderWriterInterface<etcdserverpb::WatchRequest,
                                         etcdserverpb::WatchResponse>*
  PrepareAsyncWatchRaw(grpc::ClientContext* context,
                       grpc::CompletionQueue* queue) override {
    return watch_->PrepareAsyncWatch(context, queue).release();
  }

  const std::unique_ptr<StubInterface> watch_;
  grpc::ClientContext expired_;  // For a stream that ends at once.
};

// Runs FollowServers() on a thread and writes down what it tells.
class Following {
 public:
  explicit Following(const std::shared_ptr<grpc::Channel>& etcd,
                     std::string prefix = "movies/")
      : etcd_(NewEtcdStubs(etcd)), prefix_(std::move(prefix)) {
    etcd_.watch = std::make_unique<CarefulWatch>(std::move(etcd_.watch));
    // However it goes wrong, this ends it.
    const auto deadline = absl::ToChronoTime(absl::Now() + absl::Seconds(10));
    contexts_.range.set_deadline(deadline);
    contexts_.watch.set_deadline(deadline);
    thread_ = std::thread([this] { Run(); });
  }

  ~Following() {
    Cancel();
    thread_.join();
  }

  void Cancel() {
    contexts_.range.TryCancel();
    contexts_.watch.TryCancel();
  }

  // Waits until the last report is `addresses`. Whether that comes true while
  // FollowServers() runs.
  bool Await(const Addresses& addresses) {
    absl::MutexLock lock(&mutex_);
    const auto told = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return ended_ || (!reports_.empty() && reports_.back() == addresses);
    };
    mutex_.AwaitWithTimeout(absl::Condition(&told), Patience());
    return !reports_.empty() && reports_.back() == addresses;
  }

  // Waits until it has returned by itself. Whether it does.
  bool AwaitEnd() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&ended_), Patience());
  }

  // What it has told so far.
  std::vector<Addresses> reports() {
    absl::MutexLock lock(&mutex_);
    return reports_;
  }

  // What it returned; OK as long as it has not.
  grpc::Status status() {
    absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  void Run() {
    const grpc::Status status =
        FollowServers(etcd_, prefix_, contexts_, [this](Addresses addresses) {
          absl::MutexLock lock(&mutex_);
          reports_.push_back(std::move(addresses));
        });
    absl::MutexLock lock(&mutex_);
    status_ = status;
    ended_ = true;
  }

  EtcdStubs etcd_;
  const std::string prefix_;
  FollowContexts contexts_;
  absl::Mutex mutex_;
  std::vector<Addresses> reports_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// How a test's failure shows what FollowServers() has come to.
std::string Says(Following& following) {
  const grpc::Status status = following.status();
  std::string told = "it told of nothing";
  if (!following.reports().empty()) {
    told = absl::StrCat("what it told last was ",
                        ::testing::PrintToString(following.reports().back()));
  }
  if (status.ok()) return absl::StrCat(" (It still runs, and ", told, ".)");
  return absl::StrCat(" (It returned ", ToAbslStatus(status).ToString(),
                      ", and ", told, ".)");
}

class FollowServersTest : public ::testing::Test {
 protected:
  // Registers a server by `key` under the prefix.
  void Put(const std::string& key, const std::string& address) {
    const absl::Status status = keys_.Put("movies/" + key, address);
    ASSERT_TRUE(status.ok()) << status;
  }

  void Delete(const std::string& key) {
    const absl::Status status = keys_.Delete("movies/" + key);
    ASSERT_TRUE(status.ok()) << status;
  }

  // Waits until etcd has an open watch.
  bool AwaitWatch() { return etcd_->WaitForWatches(1, Patience()); }

  const std::unique_ptr<support::EtcdStandIn> etcd_ =
      support::EtcdStandIn::Start();
  const std::shared_ptr<grpc::Channel> channel_ =
      support::LoopbackChannel(etcd_->address());
  EtcdKeys keys_{support::LoopbackChannel(etcd_->address())};
};

TEST_F(FollowServersTest, TellsOfTheServersThatAreThere) {
  Put("tokyo", kB);
  Put("berlin", kA);
  ASSERT_TRUE(keys_.Put("moviestars/1", kC).ok());
  Following following(channel_);
  EXPECT_TRUE(following.Await({kA, kB}))
      << "Etcd has the keys movies/tokyo, whose value is " << kB
      << ", and movies/berlin with " << kA << ", and another one, moviestars/1,"
      << " that is not of this prefix. " << kDoesNotRead
      << " The addresses are their values." << Says(following);
}

TEST_F(FollowServersTest, ThePrefixIsTheCallersChoice) {
  Put("a", kA);
  ASSERT_TRUE(keys_.Put("books/b", kB).ok());
  Following following(channel_, "books/");
  ASSERT_TRUE(following.Await({kB}))
      << "The prefix was \"books/\", not \"movies/\"." << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Put("c", kC);
  ASSERT_TRUE(keys_.Put("books/a", kA).ok());
  EXPECT_TRUE(following.Await({kA, kB}))
      << "The prefix was \"books/\", not \"movies/\", for the watch as well."
      << Says(following);
}

TEST_F(FollowServersTest, TellsOfAServerThatComes) {
  Put("a", kA);
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA})) << kDoesNotRead << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Put("b", kB);
  EXPECT_TRUE(following.Await({kA, kB}))
      << "A server registered while the watch was open. A change brings what "
         "is new, and what is told is the whole list."
      << Says(following);
}

TEST_F(FollowServersTest, TellsOfAServerThatLeaves) {
  Put("a", kA);
  Put("b", kB);
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA, kB})) << kDoesNotRead << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Delete("a");
  EXPECT_TRUE(following.Await({kB}))
      << "The key of a server was deleted, and the server is still in the "
         "list: its clients go on calling a dead one. A DELETE has the key "
         "and no value, so the key is what tells which server it was."
      << Says(following);
}

TEST_F(FollowServersTest, AServerThatMovesIsNoLongerWhereItWas) {
  Put("a", kA);
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA})) << kDoesNotRead << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Put("a", kB);
  EXPECT_TRUE(following.Await({kB}))
      << "A server put its key again, with another address. A PUT replaces "
         "what the key had: one key is one server."
      << Says(following);
}

TEST_F(FollowServersTest, TwoKeysMayHaveOneAddress) {
  Put("old", kA);
  Put("new", kA);
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA}))
      << "Two keys have the same address, which is told once. "
      << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Delete("old");
  Put("b", kB);
  EXPECT_TRUE(following.Await({kA, kB}))
      << "Two keys had the address " << kA
      << ", and one of them was deleted. The other one is still there, and so "
         "is its server."
      << Says(following);
}

TEST_F(FollowServersTest, MissesNothingBetweenTheReadAndTheWatch) {
  Put("a", kA);
  etcd_->AfterNextRange([this] {
    Put("b", kB);
    Delete("a");
  });
  Following following(channel_);
  EXPECT_TRUE(following.Await({kB}))
      << "After etcd had read the keys, and before the watch was opened, a "
         "server came and another one left. Nobody will ever tell of that "
         "again, unless the watch starts where the read ended: the read's "
         "header says which revision that was."
      << Says(following);
}

TEST_F(FollowServersTest, TellsOfEachChangeOnce) {
  Put("a", kA);
  Put("old", kC);
  Delete("old");
  Following following(channel_);
  EXPECT_TRUE(AwaitWatch())
      << "No watch was opened. " << kDoesNotWatch << Says(following);
  Put("b", kB);
  following.Await({kA, kB});
  EXPECT_THAT(following.reports(),
              ElementsAre(ElementsAre(kA), ElementsAre(kA, kB)))
      << "One server was there, and then one came: two lists. More of them "
         "means that the watch brought changes that the read had seen "
         "already, or that a response without a change was told. A watch "
         "starts with the revision that it is given, so that has to be the "
         "first one after the read; the newest of the keys may be older, as "
         "the deletion of another one was a change, too."
      << Says(following);
}

TEST_F(FollowServersTest, ReadsOnce) {
  Put("a", kA);
  Following following(channel_);
  EXPECT_TRUE(AwaitWatch())
      << "No watch was opened. " << kDoesNotWatch << Says(following);
  const auto read_again = std::make_shared<absl::Notification>();
  etcd_->AfterNextRange([read_again] { read_again->Notify(); });
  Put("b", kB);
  EXPECT_TRUE(following.Await({kA, kB})) << kDoesNotWatch << Says(following);
  EXPECT_FALSE(read_again->HasBeenNotified())
      << "A server came, and all keys were read again. If every client did so "
         "at every change, etcd would have much to do, for nothing: the "
         "watch's events say all that changed.";
}

TEST_F(FollowServersTest, ChangesThatCameTogetherAreToldTogether) {
  Put("a", kA);
  Put("b", kB);
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA, kB})) << kDoesNotRead << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  ASSERT_TRUE(keys_.DeletePrefix("movies/").ok());
  following.Await({});
  EXPECT_THAT(following.reports(), ElementsAre(ElementsAre(kA, kB), IsEmpty()))
      << "Two servers left in one transaction, which is one response with two "
         "events. Make all changes of a response before you tell: what lies "
         "between them never was in etcd."
      << Says(following);
}

TEST_F(FollowServersTest, NoServerIsNewsToo) {
  Following following(channel_);
  ASSERT_TRUE(following.Await({}))
      << "No server is registered, and that was not told. Whoever waits for "
         "the first list cannot tell it from an etcd that does not answer."
      << Says(following);
  EXPECT_TRUE(AwaitWatch()) << "No watch was opened. " << kDoesNotWatch;
  Put("a", kA);
  ASSERT_TRUE(following.Await({kA})) << kDoesNotWatch << Says(following);
  Delete("a");
  EXPECT_TRUE(following.Await({}))
      << "The last server left, and that was not told: its clients go on "
         "calling a dead one."
      << Says(following);
}

TEST_F(FollowServersTest, AnEtcdThatIsAwayHasNotSaidThatThereIsNoServer) {
  support::UnservedPort away;
  Following following(support::LoopbackChannel(away.address()));
  ASSERT_TRUE(following.AwaitEnd())
      << "Etcd is away, so the read fails, and FollowServers() does not "
         "return.";
  EXPECT_THAT(following.reports(), IsEmpty())
      << "The read failed, and a list was told even so. It takes all servers "
         "from clients that could still reach them: look at the status first.";
  EXPECT_EQ(following.status().error_code(), grpc::StatusCode::UNAVAILABLE)
      << "Return the status by which the read failed." << Says(following);
}

TEST_F(FollowServersTest, ReturnsWhyTheStreamBroke) {
  Put("a", kA);
  Following following(channel_);
  EXPECT_TRUE(AwaitWatch())
      << "No watch was opened. " << kDoesNotWatch << Says(following);
  ASSERT_TRUE(etcd_->Stop().ok());
  ASSERT_TRUE(following.AwaitEnd())
      << "Etcd crashed, and FollowServers() does not return.";
  EXPECT_FALSE(following.status().ok())
      << "Etcd crashed, which ends the stream, and FollowServers() returned "
         "OK. Why a stream ended only Finish() knows.";
  EXPECT_THAT(following.reports(), ElementsAre(ElementsAre(kA)))
      << "That the stream broke says nothing of the servers.";
}

TEST_F(FollowServersTest, ReturnsWhenEtcdCancelsTheWatch) {
  Put("a", kA);
  Following following(channel_);
  EXPECT_TRUE(AwaitWatch())
      << "No watch was opened. " << kDoesNotWatch << Says(following);
  etcd_->CancelWatches();
  EXPECT_TRUE(following.AwaitEnd())
      << "Etcd cancelled the watch: a response had `canceled`, and nothing "
         "will ever come after it. The stream stays open, so neither Read() "
         "nor Finish() ends, and the servers of this moment stay for ever.";
  EXPECT_EQ(following.status().error_code(), grpc::StatusCode::ABORTED)
      << "The header says what to return then." << Says(following);
}

TEST_F(FollowServersTest, ReturnsWhenTheChangesAreNoLongerKnown) {
  Put("a", kA);
  etcd_->AfterNextRange([this] {
    Put("b", kB);
    Put("c", kC);
    ASSERT_TRUE(keys_.Compact().ok());
  });
  Following following(channel_);
  EXPECT_TRUE(following.AwaitEnd())
      << "Between the read and the watch two servers came, and etcd compacted "
         "its history, so it can no longer tell of the first one. It cancels "
         "the watch right after creating it, and says so by `canceled`."
      << Says(following);
  EXPECT_EQ(following.status().error_code(), grpc::StatusCode::ABORTED)
      << "The header says what to return then." << Says(following);
}

TEST_F(FollowServersTest, StartsInTheMiddleOfALongHistory) {
  for (int i = 0; i < 5; ++i) Put("a", kC);
  Put("a", kA);
  ASSERT_TRUE(keys_.Compact().ok());
  Following following(channel_);
  ASSERT_TRUE(following.Await({kA})) << kDoesNotRead << Says(following);
  EXPECT_TRUE(AwaitWatch())
      << "Etcd has forgotten its first revisions, and refused the watch. It "
         "has to start after the revision of the read, not at the beginning."
      << Says(following);
  Put("b", kB);
  EXPECT_TRUE(following.Await({kA, kB})) << kDoesNotWatch << Says(following);
}

// Refuses a watch as etcd does, and says when the stream of it has ended.
class RefusingEtcd : public etcdserverpb::KV::Service,
                     public etcdserverpb::Watch::Service {
 public:
  grpc::Status Range(grpc::ServerContext* /*context*/,
                     const etcdserverpb::RangeRequest* /*request*/,
                     etcdserverpb::RangeResponse* response) override {
    response->mutable_header()->set_revision(7);
    return grpc::Status::OK;
  }

  grpc::Status Watch(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<etcdserverpb::WatchResponse,
                               etcdserverpb::WatchRequest>* stream) override {
    etcdserverpb::WatchRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    etcdserverpb::WatchResponse response;
    response.set_watch_id(-1);
    response.set_created(true);
    response.set_canceled(true);
    response.set_cancel_reason("permission denied");
    stream->Write(response);
    const bool cancelled = support::WaitUntilCancelled(*context, Patience());
    absl::MutexLock lock(&mutex_);
    cancelled_ = cancelled;
    return grpc::Status::OK;
  }

  bool WaitUntilStreamIsCancelled() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), Patience());
  }

 private:
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(FollowServersRefusedTest, AWatchCanBeRefusedByItsFirstResponse) {
  RefusingEtcd etcd;
  support::TestServer server(
      {static_cast<etcdserverpb::KV::Service*>(&etcd),
       static_cast<etcdserverpb::Watch::Service*>(&etcd)});
  Following following(server.NewChannel());
  EXPECT_TRUE(following.AwaitEnd())
      << "Etcd refused the watch: its first response has `created` and "
         "`canceled`. Look at the latter first.";
  EXPECT_EQ(following.status().error_code(), grpc::StatusCode::ABORTED)
      << "The header says what to return then." << Says(following);
  EXPECT_TRUE(etcd.WaitUntilStreamIsCancelled())
      << "The watch is over, and its stream is still open. Nobody will use it "
         "any more, so it has to be cancelled: AbortWatch() does that.";
}

TEST_F(FollowServersTest, ItsCallerCanEndIt) {
  Put("a", kA);
  Following following(channel_);
  EXPECT_TRUE(AwaitWatch())
      << "No watch was opened. " << kDoesNotWatch << Says(following);
  following.Cancel();
  ASSERT_TRUE(following.AwaitEnd())
      << "Both contexts were cancelled, and FollowServers() does not return.";
  EXPECT_EQ(following.status().error_code(), grpc::StatusCode::CANCELLED)
      << "Return the status by which the stream ended." << Says(following);
}

TEST_F(FollowServersTest, ItsCallerCanEndTheReadToo) {
  absl::Notification read;
  absl::Notification answer;
  etcd_->AfterNextRange([&] {
    read.Notify();
    answer.WaitForNotificationWithTimeout(Patience());
  });
  {
    Following following(channel_);
    EXPECT_TRUE(read.WaitForNotificationWithTimeout(Patience()))
        << kDoesNotRead << Says(following);
    following.Cancel();
    EXPECT_TRUE(following.AwaitEnd())
        << "Etcd does not answer the read, both contexts were cancelled, and "
           "FollowServers() does not return. Range() takes the context that "
           "its caller made for it, or nobody can end it.";
    EXPECT_EQ(following.status().error_code(), grpc::StatusCode::CANCELLED)
        << "Return the status by which the read failed." << Says(following);
    answer.Notify();
  }
  // The callback is over before what it uses is.
  etcd_->Stop().IgnoreError();
}

}  // namespace
}  // namespace movies
