#include "support/etcd/etcd_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

TEST(EtcdServerTest, ServesTwoAtOnce) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> one = EtcdServer::Start();
  absl::StatusOr<std::unique_ptr<EtcdServer>> two = EtcdServer::Start();

  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_NE((*one)->address(), (*two)->address());
}

// What else it does, etcd_test.cc proves of the stand-in too.
TEST(EtcdServerTest, EndsALeaseThatNobodyKeepsAlive) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  const std::shared_ptr<grpc::Channel> channel =
      LoopbackChannel((*etcd)->address());
  const absl::Time before = absl::Now();
  grpc::ClientContext grant_context;
  etcdserverpb::LeaseGrantRequest grant;
  grant.set_ttl(1);
  etcdserverpb::LeaseGrantResponse granted;
  ASSERT_TRUE(etcdserverpb::Lease::NewStub(channel)
                  ->LeaseGrant(&grant_context, grant, &granted)
                  .ok());
  grpc::ClientContext put_context;
  etcdserverpb::PutRequest put;
  put.set_key("a");
  put.set_lease(granted.id());
  etcdserverpb::PutResponse done;
  ASSERT_TRUE(
      etcdserverpb::KV::NewStub(channel)->Put(&put_context, put, &done).ok());

  grpc::ClientContext watch_context;
  watch_context.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  auto watch = etcdserverpb::Watch::NewStub(channel)->Watch(&watch_context);
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("a");
  request.mutable_create_request()->set_start_revision(
      done.header().revision() + 1);
  watch->Write(request);
  etcdserverpb::WatchResponse response;
  while (watch->Read(&response) && response.events_size() == 0) {
  }
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.events(0).type(), mvccpb::Event::DELETE);
  EXPECT_GT(absl::Now() - before, absl::Milliseconds(900));
  watch_context.TryCancel();
  watch->Finish();
}

TEST(EtcdServerTest, SaysWhyItCannotStart) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  EtcdServer::Options options;
  options.port = std::stoi((*etcd)->address().substr(10));

  absl::StatusOr<std::unique_ptr<EtcdServer>> second =
      EtcdServer::Start(options);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find("address already in use"),
            std::string::npos)
      << second.status();
}

}  // namespace
}  // namespace support
