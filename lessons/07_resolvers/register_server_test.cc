#include "register_server.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/etcd/etcd.h"
#include "support/etcd/etcd_server.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Etcd;
using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kAlien[] = "127.0.0.1:50051";
constexpr char kBrazil[] = "127.0.0.1:50052";

// For calls that answer at once.
absl::Time Soon() { return absl::Now() + Patience(); }

// On an etcd inside the test; at the end one test is on a real one.
class RegisterServerTest : public ::testing::Test {
 protected:
  explicit RegisterServerTest(absl::StatusOr<std::unique_ptr<Etcd>> etcd =
                                  support::EtcdStandIn::Start())
      : etcd_(std::move(etcd)) {}

  void SetUp() override {
    ASSERT_TRUE(etcd_.ok()) << etcd_.status();
    std::shared_ptr<grpc::Channel> channel =
        support::LoopbackChannel((*etcd_)->address());
    kv_ = etcdserverpb::KV::NewStub(channel);
    leases_ = etcdserverpb::Lease::NewStub(channel);
  }

  absl::StatusOr<ServerLease> Register(const std::string& address,
                                       absl::Duration ttl = absl::Seconds(60),
                                       const std::string& service = "movies") {
    return RegisterServer(*kv_, *leases_, service, address, ttl, Soon());
  }

  // Returns all that etcd stores.
  std::vector<mvccpb::KeyValue> Stored() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon()));
    etcdserverpb::RangeRequest request;
    request.set_key(std::string(1, '\0'));
    request.set_range_end(std::string(1, '\0'));
    etcdserverpb::RangeResponse response;
    grpc::Status status = kv_->Range(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.kvs().begin(), response.kvs().end()};
  }

  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    for (const mvccpb::KeyValue& kv : Stored()) keys.push_back(kv.key());
    return keys;
  }

  // Ends a lease, as etcd does by itself when its time has passed.
  void End(int64_t lease) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon()));
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(lease);
    etcdserverpb::LeaseRevokeResponse response;
    grpc::Status status = leases_->LeaseRevoke(&context, request, &response);
    EXPECT_TRUE(status.ok())
        << "etcd has no lease with the ID " << lease
        << ", which RegisterServer returned: " << status.error_message();
  }

  absl::StatusOr<std::unique_ptr<Etcd>> etcd_;
  std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  std::unique_ptr<etcdserverpb::Lease::Stub> leases_;
};

TEST_F(RegisterServerTest, PutsTheAddressUnderServiceAndAddress) {
  absl::StatusOr<ServerLease> lease = Register(kAlien);
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  const std::vector<mvccpb::KeyValue> stored = Stored();
  ASSERT_EQ(stored.size(), 1)
      << "One server was registered: etcd should store one key.";
  EXPECT_EQ(stored[0].key(), "movies/127.0.0.1:50051")
      << "Whoever looks for the servers of \"movies\" reads all keys that "
         "begin with \"movies/\".";
  EXPECT_EQ(stored[0].value(), kAlien)
      << "The value is what clients connect to: the address and nothing else.";
}

TEST_F(RegisterServerTest, TheKeyEndsWithTheLease) {
  absl::StatusOr<ServerLease> lease = Register(kAlien);
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  const std::vector<mvccpb::KeyValue> stored = Stored();
  ASSERT_EQ(stored.size(), 1);
  EXPECT_EQ(stored[0].lease(), lease->id)
      << "etcd deletes a key with its lease if the key was put with the "
         "lease's ID. 0 means with none: then a server that crashed stays in "
         "the list for ever.";
  End(lease->id);
  EXPECT_THAT(Keys(), IsEmpty()) << "The lease has ended, and the key of the "
                                    "server that it stood for is still there.";
}

TEST_F(RegisterServerTest, EveryServerHasAKeyAndALeaseOfItsOwn) {
  absl::StatusOr<ServerLease> alien = Register(kAlien);
  absl::StatusOr<ServerLease> brazil = Register(kBrazil);
  ASSERT_TRUE(alien.ok()) << "RegisterServer returned " << alien.status();
  ASSERT_TRUE(brazil.ok())
      << "A second server was registered, and RegisterServer returned "
      << brazil.status();
  EXPECT_THAT(Keys(),
              ElementsAre("movies/127.0.0.1:50051", "movies/127.0.0.1:50052"))
      << "Two servers of one service were registered. With the same key the "
         "second one overwrites the first.";
  ASSERT_NE(alien->id, brazil->id) << "Each server needs a lease of its own.";
  End(alien->id);
  EXPECT_THAT(Keys(), ElementsAre("movies/127.0.0.1:50052"))
      << "The first server's lease has ended; the second one lives.";
}

TEST_F(RegisterServerTest, TheKeyBeginsWithTheService) {
  absl::StatusOr<ServerLease> lease =
      Register(kAlien, absl::Seconds(60), "books");
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_THAT(Keys(), ElementsAre("books/127.0.0.1:50051"))
      << "A server of \"books\" was registered.";
}

TEST_F(RegisterServerTest, AsksForTheTtlInSeconds) {
  absl::StatusOr<ServerLease> lease = Register(kAlien, absl::Seconds(10));
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_EQ(lease->ttl, absl::Seconds(10))
      << "etcd counts in seconds and granted " << lease->ttl
      << " where 10 were wanted: a dead server stays in the list that long.";
}

TEST_F(RegisterServerTest, RoundsTheTtlUp) {
  absl::StatusOr<ServerLease> lease =
      Register(kAlien, absl::Seconds(2) + absl::Nanoseconds(1));
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_EQ(lease->ttl, absl::Seconds(3))
      << "A nanosecond more than 2 s was asked for, and etcd only knows whole "
         "seconds. Whoever counts on that would be late with 2.";
}

TEST_F(RegisterServerTest, MovesItsKeyToTheNewLease) {
  absl::StatusOr<ServerLease> old = Register(kAlien);
  ASSERT_TRUE(old.ok()) << "RegisterServer returned " << old.status();
  absl::StatusOr<ServerLease> now = Register(kAlien);
  ASSERT_TRUE(now.ok())
      << "The server was restarted at once, so it registered again while its "
         "former life's lease was still there. RegisterServer returned "
      << now.status();
  EXPECT_NE(now->id, old->id) << "Each registration gets a new lease.";
  End(old->id);
  EXPECT_THAT(Keys(), ElementsAre("movies/127.0.0.1:50051"))
      << "The former life's lease has ended, and took the new one's key along.";
}

class RegisterServerAtARealEtcdTest : public RegisterServerTest {
 protected:
  RegisterServerAtARealEtcdTest()
      : RegisterServerTest(support::EtcdServer::Start()) {}
};

TEST_F(RegisterServerAtARealEtcdTest, TheKeyEndsWithTheLease) {
  absl::StatusOr<ServerLease> lease = Register(kAlien);
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_THAT(Keys(), ElementsAre("movies/127.0.0.1:50051"));
  End(lease->id);
  EXPECT_THAT(Keys(), IsEmpty());
}

// An etcd that goes wrong: each call gets the answer that the test says. It
// grants half a minute more than is asked for.
class FailingEtcd : public etcdserverpb::KV::Service,
                    public etcdserverpb::Lease::Service {
 public:
  grpc::Status LeaseGrant(grpc::ServerContext* context,
                          const etcdserverpb::LeaseGrantRequest* request,
                          etcdserverpb::LeaseGrantResponse* response) override {
    response->set_id(4711);
    response->set_ttl(request->ttl() + 30);
    return grant(*context);
  }

  grpc::Status Put(grpc::ServerContext* context,
                   const etcdserverpb::PutRequest* /*request*/,
                   etcdserverpb::PutResponse* /*response*/) override {
    ++puts;
    return put(*context);
  }

  using Answer = std::function<grpc::Status(const grpc::ServerContext&)>;
  Answer grant = [](const grpc::ServerContext&) { return grpc::Status::OK; };
  Answer put = [](const grpc::ServerContext&) { return grpc::Status::OK; };
  std::atomic<int> puts{0};
};

class RegisterServerFailureTest : public ::testing::Test {
 protected:
  absl::StatusOr<ServerLease> Register(absl::Duration timeout = Patience()) {
    return RegisterServer(*kv_, *leases_, "movies", kAlien, absl::Seconds(60),
                          absl::Now() + timeout);
  }

  // Says nothing until the client has gone, or waited for too long.
  static grpc::Status SayNothing(const grpc::ServerContext& context) {
    support::WaitUntilCancelled(context, Patience());
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the test gave up");
  }

  FailingEtcd etcd_;
  support::TestServer server_{
      {static_cast<etcdserverpb::KV::Service*>(&etcd_),
       static_cast<etcdserverpb::Lease::Service*>(&etcd_)}};
  std::unique_ptr<etcdserverpb::KV::Stub> kv_ =
      etcdserverpb::KV::NewStub(server_.NewChannel());
  std::unique_ptr<etcdserverpb::Lease::Stub> leases_ =
      etcdserverpb::Lease::NewStub(server_.NewChannel());
};

TEST_F(RegisterServerFailureTest, PutsNothingWithoutALease) {
  etcd_.grant = [](const grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                        "etcdserver: mvcc: database space exceeded");
  };
  absl::StatusOr<ServerLease> lease = Register();
  EXPECT_EQ(lease.status(), absl::ResourceExhaustedError(
                                "etcdserver: mvcc: database space exceeded"))
      << "LeaseGrant failed so, and the caller needs to know.";
  EXPECT_EQ(etcd_.puts, 0)
      << "etcd granted no lease, yet a key was put: nothing would ever delete "
         "it. The lease comes first.";
}

TEST_F(RegisterServerFailureTest, ReturnsWhyTheKeyCouldNotBePut) {
  etcd_.put = [](const grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        "etcdserver: requested lease not found");
  };
  EXPECT_EQ(Register().status(),
            absl::NotFoundError("etcdserver: requested lease not found"))
      << "Put failed so: the lease had expired by then. A server that believes "
         "it is registered, and is not, gets no calls and does not know why.";
  EXPECT_EQ(etcd_.puts, 1) << "To try again, later and with a new lease, is up "
                              "to the caller, who was told why.";
}

TEST_F(RegisterServerFailureTest, ReturnsTheTtlThatEtcdGranted) {
  const absl::StatusOr<ServerLease> lease = Register();
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_EQ(lease->ttl, absl::Seconds(90))
      << "60 s were asked for, and this etcd granted 90, as one may. The "
         "response says so; only that tells how often to ask for more time.";
}

// Notes the deadline of each call on a channel.
class DeadlineLog
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit DeadlineLog(std::vector<absl::Time>* deadlines)
      : deadlines_(deadlines) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo* info) override {
    deadlines_->push_back(absl::FromChrono(info->client_context()->deadline()));
    return nullptr;  // Nothing more to see here.
  }

 private:
  std::vector<absl::Time>* const deadlines_;
};

TEST_F(RegisterServerFailureTest, OneDeadlineIsForBothCalls) {
  std::vector<absl::Time> deadlines;
  support::LoopbackOptions options;
  options.interceptors.push_back(std::make_unique<DeadlineLog>(&deadlines));
  std::shared_ptr<grpc::Channel> channel =
      server_.NewChannel(std::move(options));
  kv_ = etcdserverpb::KV::NewStub(channel);
  leases_ = etcdserverpb::Lease::NewStub(channel);
  const absl::StatusOr<ServerLease> lease = Register();
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  ASSERT_EQ(deadlines.size(), 2);
  EXPECT_EQ(deadlines[0], deadlines[1])
      << "LeaseGrant and Put have different deadlines. The caller named one "
         "moment at which both have to be over.";
}

TEST_F(RegisterServerFailureTest, DoesNotWaitForAnEtcdThatIsAway) {
  const support::UnservedPort nobody;
  std::shared_ptr<grpc::Channel> channel =
      support::LoopbackChannel(nobody.address());
  const auto kv = etcdserverpb::KV::NewStub(channel);
  const auto leases = etcdserverpb::Lease::NewStub(channel);
  EXPECT_EQ(RegisterServer(*kv, *leases, "movies", kAlien, absl::Seconds(60),
                           absl::Now() + Patience())
                .status()
                .code(),
            absl::StatusCode::kUnavailable)
      << "Nobody serves there, which LeaseGrant says at once if it is not told "
         "to wait for ready. The caller wants to log that and come back.";
}

TEST_F(RegisterServerFailureTest, PutsTheKeyOnce) {
  const absl::StatusOr<ServerLease> lease = Register();
  ASSERT_TRUE(lease.ok()) << "RegisterServer returned " << lease.status();
  EXPECT_EQ(etcd_.puts, 1)
      << "Each Put is a change that every watcher is told of, and between two "
         "of them the server may die.";
}

TEST_F(RegisterServerFailureTest, DoesNotWaitForALeaseAfterItsDeadline) {
  etcd_.grant = SayNothing;
  EXPECT_EQ(Register(absl::Milliseconds(50)).status().code(),
            absl::StatusCode::kDeadlineExceeded)
      << "LeaseGrant was not answered. Without a deadline in the call's "
         "ClientContext it waits for ever.";
}

TEST_F(RegisterServerFailureTest, DoesNotWaitForThePutAfterItsDeadline) {
  etcd_.put = SayNothing;
  EXPECT_EQ(Register(absl::Milliseconds(50)).status().code(),
            absl::StatusCode::kDeadlineExceeded)
      << "Put was not answered. It is a call of its own, with a ClientContext "
         "of its own, which needs the deadline too.";
}

}  // namespace
}  // namespace movies
