// What the stand-in does beyond an etcd; etcd_test.cc has the rest.

#include "support/etcd/etcd_stand_in.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <stdint.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace support {
namespace {

using ::etcdserverpb::WatchResponse;

class Context : public grpc::ClientContext {
 public:
  Context() {
    set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }
};

class EtcdStandInTest : public testing::Test {
 protected:
  using WatchStream =
      grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                        WatchResponse>;

  // Puts a key with a lease of a minute and returns the lease.
  int64_t PutWithLease(const std::string& key) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_ttl(60);
    etcdserverpb::LeaseGrantResponse response;
    Context context;
    grpc::Status status = lease_->LeaseGrant(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    Put(key, response.id());
    return response.id();
  }

  void Put(const std::string& key, int64_t lease) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_lease(lease);
    etcdserverpb::PutResponse response;
    Context context;
    grpc::Status status = kv_->Put(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  etcdserverpb::RangeResponse Range() {
    etcdserverpb::RangeRequest request;
    request.set_key("movies/");
    request.set_range_end("movies0");
    etcdserverpb::RangeResponse response;
    Context context;
    grpc::Status status = kv_->Range(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // Opens one more watch on a stream and waits until it is open.
  void Open(WatchStream* stream) {
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key("movies/");
    request.mutable_create_request()->set_range_end("movies0");
    ASSERT_TRUE(stream->Write(request));
    WatchResponse created;
    ASSERT_TRUE(stream->Read(&created));
    EXPECT_TRUE(created.created()) << created.ShortDebugString();
  }

  std::unique_ptr<EtcdStandIn> etcd_ = EtcdStandIn::Start();
  std::unique_ptr<etcdserverpb::KV::Stub> kv_ =
      etcdserverpb::KV::NewStub(LoopbackChannel(etcd_->address()));
  std::unique_ptr<etcdserverpb::Lease::Stub> lease_ =
      etcdserverpb::Lease::NewStub(LoopbackChannel(etcd_->address()));
  std::unique_ptr<etcdserverpb::Watch::Stub> watch_ =
      etcdserverpb::Watch::NewStub(LoopbackChannel(etcd_->address()));
};

TEST_F(EtcdStandInTest, ExpiresOneLeaseAtOnce) {
  const int64_t alien = PutWithLease("movies/alien");
  const int64_t heat = PutWithLease("movies/heat");
  EXPECT_EQ(etcd_->grants(), 2);

  EXPECT_TRUE(etcd_->ExpireLease(alien));
  EXPECT_FALSE(etcd_->ExpireLease(alien));

  EXPECT_EQ(etcd_->Leases(), std::vector<int64_t>({heat}));
  ASSERT_EQ(Range().kvs_size(), 1);
  EXPECT_EQ(Range().kvs(0).key(), "movies/heat");
}

TEST_F(EtcdStandInTest, CountsAndCancelsOpenWatchesAndLeavesTheStreams) {
  Context context;
  auto stream = watch_->Watch(&context);
  Open(stream.get());
  Open(stream.get());
  EXPECT_TRUE(etcd_->WaitForWatches(2, absl::ZeroDuration()));
  EXPECT_FALSE(etcd_->WaitForWatches(1, absl::ZeroDuration()));

  etcd_->CancelWatches();

  EXPECT_TRUE(etcd_->WaitForWatches(0, absl::ZeroDuration()));
  for (int id : {0, 1}) {
    WatchResponse canceled;
    ASSERT_TRUE(stream->Read(&canceled));
    EXPECT_EQ(canceled.watch_id(), id);
    EXPECT_TRUE(canceled.canceled());
    EXPECT_EQ(canceled.compact_revision(), 0);
    EXPECT_NE(canceled.cancel_reason(), "");
  }
  Open(stream.get());
  EXPECT_TRUE(etcd_->WaitForWatches(1, absl::ZeroDuration()));

  context.TryCancel();
  stream->Finish();

  EXPECT_TRUE(etcd_->WaitForWatches(0, Patience()));
}

TEST_F(EtcdStandInTest, CountsNoWatchWhileStopped) {
  Context context;
  auto stream = watch_->Watch(&context);
  Open(stream.get());

  ASSERT_TRUE(etcd_->Stop().ok());

  EXPECT_TRUE(etcd_->WaitForWatches(0, absl::ZeroDuration()));
  stream->Finish();
}

TEST_F(EtcdStandInTest, CountsKeepAlives) {
  EXPECT_FALSE(etcd_->WaitForKeepAlives(1, absl::ZeroDuration()));
  Context context;
  auto stream = lease_->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(PutWithLease("movies/alien"));

  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Write(request));

  EXPECT_TRUE(etcd_->WaitForKeepAlives(2, Patience()));
  EXPECT_EQ(etcd_->keep_alives(), 2);
  context.TryCancel();
  stream->Finish();
}

TEST_F(EtcdStandInTest, LetsSomethingHappenAfterARangeAndBeforeItsAnswer) {
  etcd_->AfterNextRange([this] { Put("movies/alien", 0); });

  const etcdserverpb::RangeResponse first = Range();
  const etcdserverpb::RangeResponse second = Range();

  EXPECT_EQ(first.kvs_size(), 0);
  EXPECT_EQ(first.header().revision(), 1);
  EXPECT_EQ(second.kvs_size(), 1);
  EXPECT_EQ(second.header().revision(), 2);
}

}  // namespace
}  // namespace support
