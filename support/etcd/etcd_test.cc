// What the lessons rely on in an etcd, of the real one and of the stand-in.

#include "support/etcd/etcd.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <stdint.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "support/etcd/etcd_server.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

using ::etcdserverpb::WatchResponse;
using ::grpc::StatusCode;

struct Kind {
  std::string name;
  absl::StatusOr<std::unique_ptr<Etcd>> (*start)();
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

// A call's context that ends on its own where an answer never comes.
class Context : public grpc::ClientContext {
 public:
  Context() {
    set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }
};

std::string ToString(const grpc::Status& status) {
  return absl::StrCat(status.error_code(), " ", status.error_message());
}

// One watch on a stream of its own.
class WatchCall {
 public:
  WatchCall(etcdserverpb::Watch::Stub& stub, const std::string& key,
            const std::string& range_end, int64_t start_revision)
      : stream_(stub.Watch(&context_)) {
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key(key);
    request.mutable_create_request()->set_range_end(range_end);
    request.mutable_create_request()->set_start_revision(start_revision);
    stream_->Write(request);
  }

  ~WatchCall() {
    if (stream_ != nullptr) {
      context_.TryCancel();
      Finish();
    }
  }

  void Cancel(int64_t watch_id) {
    etcdserverpb::WatchRequest request;
    request.mutable_cancel_request()->set_watch_id(watch_id);
    stream_->Write(request);
  }

  void WritesDone() { stream_->WritesDone(); }

  // Returns the next response, or one with cancel_reason "ended".
  WatchResponse Next() {
    WatchResponse response;
    if (!stream_->Read(&response)) response.set_cancel_reason("ended");
    return response;
  }

  // Returns the next response's events: "PUT k=v@revision", "DELETE
  // k@revision", or what else it is.
  std::string NextEvents() {
    const WatchResponse response = Next();
    if (response.created()) return "created";
    if (response.canceled()) return "canceled";
    if (response.events_size() == 0) return response.ShortDebugString();
    std::vector<std::string> events;
    for (const mvccpb::Event& event : response.events()) {
      const mvccpb::KeyValue& kv = event.kv();
      events.push_back(event.type() == mvccpb::Event::PUT
                           ? absl::StrCat("PUT ", kv.key(), "=", kv.value(),
                                          "@", kv.mod_revision())
                           : absl::StrCat("DELETE ", kv.key(), kv.value(), "@",
                                          kv.mod_revision()));
    }
    return absl::StrJoin(events, ", ");
  }

  grpc::Status Finish() {
    WatchResponse response;
    while (stream_->Read(&response)) {
    }
    grpc::Status status = stream_->Finish();
    stream_.reset();
    return status;
  }

 private:
  Context context_;
  std::unique_ptr<grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                                    WatchResponse>>
      stream_;
};

class EtcdTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Etcd>> etcd = GetParam().start();
    ASSERT_TRUE(etcd.ok()) << etcd.status();
    etcd_ = *std::move(etcd);
    Connect();
  }

  void Connect() {
    std::shared_ptr<grpc::Channel> channel = LoopbackChannel(etcd_->address());
    kv_ = etcdserverpb::KV::NewStub(channel);
    lease_ = etcdserverpb::Lease::NewStub(channel);
    watch_ = etcdserverpb::Watch::NewStub(channel);
  }

  // Returns "k=v k=v" and leaves the answer's revision in `revision_`.
  std::string Range(const std::string& key, const std::string& range_end = "") {
    Context context;
    etcdserverpb::RangeRequest request;
    request.set_key(key);
    request.set_range_end(range_end);
    range_.Clear();
    grpc::Status status = kv_->Range(&context, request, &range_);
    if (!status.ok()) return ToString(status);
    revision_ = range_.header().revision();
    return absl::StrJoin(range_.kvs(), " ",
                         [](std::string* out, const mvccpb::KeyValue& kv) {
                           absl::StrAppend(out, kv.key(), "=", kv.value());
                         });
  }

  grpc::Status Put(const std::string& key, const std::string& value,
                   int64_t lease = 0) {
    Context context;
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    request.set_lease(lease);
    etcdserverpb::PutResponse response;
    grpc::Status status = kv_->Put(&context, request, &response);
    if (status.ok()) revision_ = response.header().revision();
    return status;
  }

  // Returns how many were deleted.
  int64_t Delete(const std::string& key, const std::string& range_end = "") {
    Context context;
    etcdserverpb::DeleteRangeRequest request;
    request.set_key(key);
    request.set_range_end(range_end);
    etcdserverpb::DeleteRangeResponse response;
    grpc::Status status = kv_->DeleteRange(&context, request, &response);
    EXPECT_TRUE(status.ok()) << ToString(status);
    revision_ = response.header().revision();
    return response.deleted();
  }

  grpc::Status Compact(int64_t revision) {
    Context context;
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    etcdserverpb::CompactionResponse response;
    return kv_->Compact(&context, request, &response);
  }

  grpc::Status Grant(int64_t ttl, int64_t id,
                     etcdserverpb::LeaseGrantResponse* response) {
    Context context;
    etcdserverpb::LeaseGrantRequest request;
    request.set_ttl(ttl);
    request.set_id(id);
    return lease_->LeaseGrant(&context, request, response);
  }

  // Returns the lease's ID.
  int64_t Grant(int64_t ttl) {
    etcdserverpb::LeaseGrantResponse response;
    grpc::Status status = Grant(ttl, 0, &response);
    EXPECT_TRUE(status.ok()) << ToString(status);
    EXPECT_NE(response.id(), 0);
    return response.id();
  }

  grpc::Status Revoke(int64_t id) {
    Context context;
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(id);
    etcdserverpb::LeaseRevokeResponse response;
    return lease_->LeaseRevoke(&context, request, &response);
  }

  // Returns the TTL that each keepalive for `id` was answered with.
  std::vector<int64_t> KeepAlive(int64_t id, int times) {
    Context context;
    auto stream = lease_->LeaseKeepAlive(&context);
    std::vector<int64_t> ttls;
    for (int i = 0; i < times; ++i) {
      etcdserverpb::LeaseKeepAliveRequest request;
      request.set_id(id);
      stream->Write(request);
      etcdserverpb::LeaseKeepAliveResponse response;
      if (!stream->Read(&response)) break;
      EXPECT_EQ(response.id(), id);
      ttls.push_back(response.ttl());
    }
    stream->WritesDone();
    grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << ToString(status);
    return ttls;
  }

  WatchCall Watch(const std::string& key, const std::string& range_end,
                  int64_t start_revision) {
    return WatchCall(*watch_, key, range_end, start_revision);
  }

  std::unique_ptr<Etcd> etcd_;
  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  std::unique_ptr<etcdserverpb::Lease::Stub> lease_;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch_;
  etcdserverpb::RangeResponse range_;  // Of the last Range().
  int64_t revision_ = 0;  // Of the last answer to Range, Put or Delete.
};

TEST_P(EtcdTest, IsEmptyAtRevisionOne) {
  EXPECT_EQ(Range("a", "z"), "");
  EXPECT_EQ(revision_, 1);
}

TEST_P(EtcdTest, ReadsOneKeyOrARangeInOrder) {
  for (const char* key : {"b/2", "a", "b/1", "b0", "c"}) {
    ASSERT_TRUE(Put(key, "x").ok());
  }

  EXPECT_EQ(Range("b/1"), "b/1=x");
  EXPECT_EQ(Range("b/"), "");
  EXPECT_EQ(Range("b/", "b0"), "b/1=x b/2=x");
  EXPECT_EQ(Range("b", std::string(1, '\0')), "b/1=x b/2=x b0=x c=x");
  EXPECT_EQ(revision_, 6);
}

TEST_P(EtcdTest, CountsRevisionsOfTheStoreAndVersionsOfTheKey) {
  ASSERT_TRUE(Put("a", "1").ok());
  EXPECT_EQ(revision_, 2);
  ASSERT_TRUE(Put("b", "1").ok());
  ASSERT_TRUE(Put("a", "2").ok());
  EXPECT_EQ(revision_, 4);

  EXPECT_EQ(Range("a"), "a=2");
  ASSERT_EQ(range_.kvs_size(), 1);
  EXPECT_EQ(range_.kvs(0).create_revision(), 2);
  EXPECT_EQ(range_.kvs(0).mod_revision(), 4);
  EXPECT_EQ(range_.kvs(0).version(), 2);
  EXPECT_EQ(range_.kvs(0).lease(), 0);
}

TEST_P(EtcdTest, CountsADeletionOfSeveralKeysOnceAndOfNoneNever) {
  ASSERT_TRUE(Put("a/1", "x").ok());
  ASSERT_TRUE(Put("a/2", "x").ok());

  EXPECT_EQ(Delete("b"), 0);
  EXPECT_EQ(revision_, 3);
  EXPECT_EQ(Delete("a/", "a0"), 2);
  EXPECT_EQ(revision_, 4);
  EXPECT_EQ(Range("a", "z"), "");

  ASSERT_TRUE(Put("a/1", "y").ok());
  EXPECT_EQ(Range("a/1"), "a/1=y");
  ASSERT_EQ(range_.kvs_size(), 1);
  EXPECT_EQ(range_.kvs(0).create_revision(), 5);
  EXPECT_EQ(range_.kvs(0).version(), 1);
}

TEST_P(EtcdTest, RefusesAnEmptyKey) {
  EXPECT_EQ(Range(""), "3 etcdserver: key is not provided");
  EXPECT_EQ(ToString(Put("", "x")), "3 etcdserver: key is not provided");
}

TEST_P(EtcdTest, RefusesToPutWithALeaseThatIsNotThere) {
  EXPECT_EQ(ToString(Put("a", "x", 77)),
            "5 etcdserver: requested lease not found");
  EXPECT_EQ(Range("a"), "");
  EXPECT_EQ(revision_, 1);
}

TEST_P(EtcdTest, GrantsTheLeaseThatIsAskedForButNoShorterThanItsMinimum) {
  etcdserverpb::LeaseGrantResponse response;
  grpc::Status status = Grant(60, 0, &response);
  ASSERT_TRUE(status.ok()) << ToString(status);
  EXPECT_EQ(response.ttl(), 60);
  EXPECT_NE(response.id(), 0);
  EXPECT_EQ(response.error(), "");
  EXPECT_NE(Grant(60), response.id());

  status = Grant(0, 0, &response);
  ASSERT_TRUE(status.ok()) << ToString(status);
  EXPECT_EQ(response.ttl(), 1);

  status = Grant(60, 4711, &response);
  ASSERT_TRUE(status.ok()) << ToString(status);
  EXPECT_EQ(response.id(), 4711);
  EXPECT_EQ(ToString(Grant(60, 4711, &response)),
            "9 etcdserver: lease already exists");
  EXPECT_EQ(ToString(Grant(9'000'000'001, 0, &response)),
            "11 etcdserver: too large lease TTL");
}

TEST_P(EtcdTest, DeletesTheKeysOfARevokedLeaseAsOneChange) {
  const int64_t lease = Grant(60);
  ASSERT_TRUE(Put("a/2", "x", lease).ok());
  ASSERT_TRUE(Put("a/1", "x", lease).ok());
  ASSERT_TRUE(Put("a/3", "x").ok());
  EXPECT_EQ(Range("a/1"), "a/1=x");
  ASSERT_EQ(range_.kvs_size(), 1);
  EXPECT_EQ(range_.kvs(0).lease(), lease);
  WatchCall watch = Watch("a/", "a0", 0);
  EXPECT_EQ(watch.NextEvents(), "created");

  EXPECT_EQ(ToString(Revoke(lease)), "0 ");

  EXPECT_EQ(watch.NextEvents(), "DELETE a/1@5, DELETE a/2@5");
  EXPECT_EQ(Range("a/", "a0"), "a/3=x");
  EXPECT_EQ(revision_, 5);
  EXPECT_EQ(ToString(Revoke(lease)), "5 etcdserver: requested lease not found");
}

TEST_P(EtcdTest, TakesAKeyFromItsLeaseWhenItIsPutWithout) {
  const int64_t one = Grant(60);
  const int64_t two = Grant(60);
  ASSERT_TRUE(Put("a", "x", one).ok());
  ASSERT_TRUE(Put("b", "x", one).ok());
  ASSERT_TRUE(Put("a", "y").ok());
  ASSERT_TRUE(Put("b", "y", two).ok());

  ASSERT_TRUE(Revoke(one).ok());

  EXPECT_EQ(Range("a", "z"), "a=y b=y");
}

TEST_P(EtcdTest, AnswersKeepAlivesWithTheTimeAndForNoLeaseWithZero) {
  const int64_t lease = Grant(60);

  EXPECT_EQ(KeepAlive(lease, 2), std::vector<int64_t>({60, 60}));
  ASSERT_TRUE(Revoke(lease).ok());
  EXPECT_EQ(KeepAlive(lease, 2), std::vector<int64_t>({0, 0}));
}

TEST_P(EtcdTest, TellsAWatchOfEachChangeFromNowOn) {
  ASSERT_TRUE(Put("a/1", "x").ok());
  WatchCall watch = Watch("a/", "a0", 0);
  const WatchResponse created = watch.Next();
  EXPECT_TRUE(created.created());
  EXPECT_EQ(created.watch_id(), 0);
  EXPECT_EQ(created.header().revision(), 2);

  ASSERT_TRUE(Put("a/2", "y").ok());
  ASSERT_TRUE(Put("b", "y").ok());
  Delete("a/1");

  const WatchResponse put = watch.Next();
  EXPECT_EQ(put.header().revision(), 3);
  ASSERT_EQ(put.events_size(), 1);
  EXPECT_EQ(put.events(0).type(), mvccpb::Event::PUT);
  EXPECT_EQ(put.events(0).kv().key(), "a/2");
  EXPECT_EQ(put.events(0).kv().value(), "y");
  EXPECT_EQ(put.events(0).kv().version(), 1);
  const WatchResponse deletion = watch.Next();
  EXPECT_EQ(deletion.header().revision(), 5);
  ASSERT_EQ(deletion.events_size(), 1);
  EXPECT_EQ(deletion.events(0).type(), mvccpb::Event::DELETE);
  EXPECT_EQ(deletion.events(0).kv().key(), "a/1");
  EXPECT_EQ(deletion.events(0).kv().value(), "");
  EXPECT_EQ(deletion.events(0).kv().mod_revision(), 5);
}

TEST_P(EtcdTest, TellsAWatchOfWhatHappenedSinceItsRevision) {
  ASSERT_TRUE(Put("a/1", "x").ok());
  ASSERT_TRUE(Put("a/2", "x").ok());
  ASSERT_TRUE(Put("a/1", "y").ok());
  ASSERT_TRUE(Put("b", "x").ok());
  Delete("a/2");

  WatchCall watch = Watch("a/", "a0", 3);

  EXPECT_EQ(watch.NextEvents(), "created");
  EXPECT_EQ(watch.NextEvents(), "PUT a/2=x@3, PUT a/1=y@4, DELETE a/2@6");
  ASSERT_TRUE(Put("a/3", "x").ok());
  EXPECT_EQ(watch.NextEvents(), "PUT a/3=x@7");
}

TEST_P(EtcdTest, LetsAWatchStartInTheFuture) {
  WatchCall watch = Watch("a/", "a0", 4);
  EXPECT_EQ(watch.NextEvents(), "created");

  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put("a/1", "x").ok());

  EXPECT_EQ(watch.NextEvents(), "PUT a/1=x@4");
}

TEST_P(EtcdTest, CancelsAWatchOnDemandAndLeavesTheStreamOpen) {
  WatchCall watch = Watch("a/", "a0", 0);
  EXPECT_EQ(watch.NextEvents(), "created");

  watch.Cancel(0);

  const WatchResponse canceled = watch.Next();
  EXPECT_TRUE(canceled.canceled());
  EXPECT_EQ(canceled.watch_id(), 0);
  EXPECT_EQ(canceled.compact_revision(), 0);
  EXPECT_EQ(canceled.events_size(), 0);
}

TEST_P(EtcdTest, GoesOnWatchingAfterTheLastRequest) {
  WatchCall watch = Watch("a/", "a0", 0);
  EXPECT_EQ(watch.NextEvents(), "created");

  watch.WritesDone();
  ASSERT_TRUE(Put("a/1", "x").ok());

  EXPECT_EQ(watch.NextEvents(), "PUT a/1=x@2");
}

TEST_P(EtcdTest, CompactsOnceAndNotTheFuture) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put("a", "x").ok());

  EXPECT_EQ(ToString(Compact(5)),
            "11 etcdserver: mvcc: required revision is a future revision");
  EXPECT_EQ(ToString(Compact(3)), "0 ");
  EXPECT_EQ(ToString(Compact(3)),
            "11 etcdserver: mvcc: required revision has been compacted");
  EXPECT_EQ(ToString(Compact(2)),
            "11 etcdserver: mvcc: required revision has been compacted");
  EXPECT_EQ(Range("a"), "a=x");
  EXPECT_EQ(revision_, 4);
}

TEST_P(EtcdTest, CancelsAWatchThatStartsInForgottenHistory) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put("a", "x").ok());
  ASSERT_TRUE(Compact(3).ok());

  WatchCall watch = Watch("a", "", 2);

  EXPECT_EQ(watch.NextEvents(), "created");
  const WatchResponse canceled = watch.Next();
  EXPECT_TRUE(canceled.canceled());
  EXPECT_EQ(canceled.compact_revision(), 3);
  EXPECT_EQ(canceled.events_size(), 0);
}

TEST_P(EtcdTest, WatchesAfterACompactionFromTheNextRevision) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Put("a", "x").ok());
  WatchCall before = Watch("a", "", 0);
  EXPECT_EQ(before.NextEvents(), "created");
  ASSERT_TRUE(Compact(4).ok());

  WatchCall after = Watch("a", "", 5);
  EXPECT_EQ(after.NextEvents(), "created");
  ASSERT_TRUE(Put("a", "y").ok());

  EXPECT_EQ(before.NextEvents(), "PUT a=y@5");
  EXPECT_EQ(after.NextEvents(), "PUT a=y@5");
}

TEST_P(EtcdTest, BreaksStreamsWhenStopped) {
  WatchCall watch = Watch("a", "", 0);
  EXPECT_EQ(watch.NextEvents(), "created");
  Context context;
  auto keep_alive = lease_->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(1);
  ASSERT_TRUE(keep_alive->Write(request));
  etcdserverpb::LeaseKeepAliveResponse response;
  ASSERT_TRUE(keep_alive->Read(&response));

  absl::Status stopped = etcd_->Stop();

  ASSERT_TRUE(stopped.ok()) << stopped;
  EXPECT_EQ(watch.Finish().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_FALSE(keep_alive->Read(&response));
  EXPECT_EQ(keep_alive->Finish().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(Put("a", "x").error_code(), StatusCode::UNAVAILABLE);
}

TEST_P(EtcdTest, HasKeysHistoryAndLeasesAfterARestart) {
  const std::string address = etcd_->address();
  const int64_t lease = Grant(60);
  ASSERT_TRUE(Put("a", "x", lease).ok());
  ASSERT_TRUE(Put("a", "y", lease).ok());

  ASSERT_TRUE(etcd_->Stop().ok());
  absl::Status restarted = etcd_->Restart();

  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_EQ(etcd_->address(), address);
  Connect();
  EXPECT_EQ(Range("a"), "a=y");
  EXPECT_EQ(revision_, 3);
  WatchCall watch = Watch("a", "", 2);
  EXPECT_EQ(watch.NextEvents(), "created");
  EXPECT_EQ(watch.NextEvents(), "PUT a=x@2, PUT a=y@3");
  EXPECT_EQ(KeepAlive(lease, 1), std::vector<int64_t>({60}));
  ASSERT_TRUE(Revoke(lease).ok());
  EXPECT_EQ(watch.NextEvents(), "DELETE a@4");
}

absl::StatusOr<std::unique_ptr<Etcd>> StartStandIn() {
  return EtcdStandIn::Start();
}

absl::StatusOr<std::unique_ptr<Etcd>> StartServer() {
  return EtcdServer::Start();
}

INSTANTIATE_TEST_SUITE_P(Both, EtcdTest,
                         testing::Values(Kind{"StandIn", &StartStandIn},
                                         Kind{"Real", &StartServer}),
                         [](const testing::TestParamInfo<Kind>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace support
