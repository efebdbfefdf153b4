// What a keepalive is answered with, and how waiting for one ends.

#include "keep_alive_stream.h"

#include <cstdint>
#include <future>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;

absl::Time Soon() { return absl::Now() + Patience(); }

class KeepAliveStreamTest : public ::testing::Test {
 protected:
  // Returns a new lease of a minute.
  int64_t Grant() {
    grpc::ClientContext context;
    etcdserverpb::LeaseGrantRequest request;
    request.set_ttl(60);
    etcdserverpb::LeaseGrantResponse response;
    grpc::Status status = leases_->LeaseGrant(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.id();
  }

  std::unique_ptr<support::EtcdStandIn> etcd_ = support::EtcdStandIn::Start();
  std::unique_ptr<etcdserverpb::Lease::Stub> leases_ =
      etcdserverpb::Lease::NewStub(support::LoopbackChannel(etcd_->address()));
};

TEST_F(KeepAliveStreamTest, ReturnsTheTimeThatTheLeaseHas) {
  const int64_t lease = Grant();
  KeepAliveStream stream(*leases_);
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<absl::Duration> left = stream.KeepAlive(lease, Soon());
    ASSERT_TRUE(left.ok()) << left.status();
    EXPECT_EQ(*left, absl::Minutes(1));
  }
  EXPECT_EQ(etcd_->keep_alives(), 3);
}

TEST_F(KeepAliveStreamTest, ReturnsZeroForALeaseThatIsGone) {
  const int64_t lease = Grant();
  KeepAliveStream stream(*leases_);
  ASSERT_TRUE(stream.KeepAlive(lease, Soon()).ok());
  etcd_->ExpireLease(lease);
  absl::StatusOr<absl::Duration> left = stream.KeepAlive(lease, Soon());
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_EQ(*left, absl::ZeroDuration());
}

TEST_F(KeepAliveStreamTest, SaysThatEtcdIsGone) {
  KeepAliveStream stream(*leases_);
  ASSERT_TRUE(stream.KeepAlive(Grant(), Soon()).ok());
  ASSERT_TRUE(etcd_->Stop().ok());
  EXPECT_EQ(stream.KeepAlive(1, Soon()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(stream.KeepAlive(1, Soon()).status().code(),
            absl::StatusCode::kUnavailable)
      << "Nor does it come back.";
}

TEST_F(KeepAliveStreamTest, MayBeDestroyedAtOnce) {
  for (int i = 0; i < 20; ++i) KeepAliveStream stream(*leases_);
}

// Takes keepalives and answers none; or ends the stream at once.
class MuteEtcd : public etcdserverpb::Lease::Service {
 public:
  explicit MuteEtcd(bool patient) : patient_(patient) {}

  absl::Notification received;

 private:
  grpc::Status LeaseKeepAlive(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<etcdserverpb::LeaseKeepAliveResponse,
                               etcdserverpb::LeaseKeepAliveRequest>* stream)
      override {
    etcdserverpb::LeaseKeepAliveRequest request;
    stream->Read(&request);
    received.Notify();
    while (patient_ && stream->Read(&request)) {
    }
    return grpc::Status::OK;
  }

  const bool patient_;
};

TEST(KeepAliveStreamEndTest, DoesNotWaitForEverForAnAnswer) {
  MuteEtcd etcd(/*patient=*/true);
  support::TestServer server(&etcd);
  auto leases = etcdserverpb::Lease::NewStub(server.NewChannel());
  KeepAliveStream stream(*leases);
  EXPECT_EQ(
      stream.KeepAlive(1, absl::Now() + absl::Milliseconds(50)).status().code(),
      absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(stream.KeepAlive(1, Soon()).status().code(),
            absl::StatusCode::kCancelled)
      << "A late answer could be taken for that to another request.";
}

TEST(KeepAliveStreamEndTest, AsksNothingAfterAMissedDeadline) {
  absl::StatusOr<std::unique_ptr<support::TcpProxy>> proxy =
      support::TcpProxy::Start("127.0.0.1:1");
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  (*proxy)->BlackHole();
  auto leases = etcdserverpb::Lease::NewStub(
      support::LoopbackChannel((*proxy)->address()));
  KeepAliveStream stream(*leases);
  EXPECT_EQ(stream.KeepAlive(1, absl::InfinitePast()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(stream.KeepAlive(1, Soon()).status().code(),
            absl::StatusCode::kCancelled)
      << "The first request still waits for a connection; a second one beside "
         "it would end the program.";
}

TEST(KeepAliveStreamEndTest, IsCancelledWhileItWaits) {
  MuteEtcd etcd(/*patient=*/true);
  support::TestServer server(&etcd);
  auto leases = etcdserverpb::Lease::NewStub(server.NewChannel());
  KeepAliveStream stream(*leases);
  std::future<absl::StatusOr<absl::Duration>> left = std::async(
      std::launch::async, [&] { return stream.KeepAlive(1, Soon()); });
  EXPECT_TRUE(etcd.received.WaitForNotificationWithTimeout(Patience()));
  stream.Cancel();
  EXPECT_EQ(left.get().status().code(), absl::StatusCode::kCancelled);
}

TEST(KeepAliveStreamEndTest, SaysThatEtcdHasEndedTheStream) {
  MuteEtcd etcd(/*patient=*/false);
  support::TestServer server(&etcd);
  auto leases = etcdserverpb::Lease::NewStub(server.NewChannel());
  KeepAliveStream stream(*leases);
  EXPECT_EQ(stream.KeepAlive(1, Soon()).status(),
            absl::UnavailableError("etcd ended the stream"));
}

}  // namespace
}  // namespace movies
