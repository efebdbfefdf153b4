// A registration lives as long as its server, whatever becomes of etcd.

#include "registration.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "etcd_keys.h"
#include "gtest/gtest.h"
#include "support/etcd/etcd.h"
#include "support/etcd/etcd_server.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Etcd;
using ::support::Patience;

constexpr char kAddress[] = "127.0.0.1:50051";

// For what takes the deadline of a keepalive, or the end of the shortest lease.
absl::Duration ALease() { return absl::Seconds(2) + Patience(); }

// What a registration reports, in order.
class Statuses {
 public:
  void Add(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    statuses_.push_back(status);
  }

  // Waits for the next one. UNKNOWN if none comes.
  absl::Status Next(absl::Duration timeout = ALease()) {
    absl::MutexLock lock(&mutex_);
    auto there = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !statuses_.empty();
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&there), timeout)) {
      return absl::UnknownError("no status was reported");
    }
    absl::Status status = statuses_.front();
    statuses_.pop_front();
    return status;
  }

  // Waits for the next one that is not OK. UNKNOWN if none comes.
  absl::Status NextFailure() {
    absl::Status status = Next();
    while (status.ok()) status = Next();
    return status;
  }

  bool empty() {
    absl::MutexLock lock(&mutex_);
    return statuses_.empty();
  }

 private:
  absl::Mutex mutex_;
  std::deque<absl::Status> statuses_ ABSL_GUARDED_BY(mutex_);
};

// What the tests ask of an etcd.
class EtcdClient {
 public:
  explicit EtcdClient(const std::string& etcd,
                      const std::string& server = kAddress)
      : key_(absl::StrCat("movies/", server)),
        channel_(NewChannel(etcd)),
        kv_(etcdserverpb::KV::NewStub(channel_)),
        watch_(etcdserverpb::Watch::NewStub(channel_)) {}

  // Returns the server's lease, 0 for none; -1 if the server is not there.
  int64_t Lease() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
    etcdserverpb::RangeRequest request;
    request.set_key(key_);
    etcdserverpb::RangeResponse response;
    grpc::Status status = kv_->Range(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    revision_ = response.header().revision();
    return response.kvs_size() == 1 ? response.kvs(0).lease() : -1;
  }

  // Waits for the key's deletion after the last Lease(). Returns whether it
  // came within `timeout`.
  bool Deleted(absl::Duration timeout) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    auto stream = watch_->Watch(&context);
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key(key_);
    request.mutable_create_request()->set_start_revision(revision_ + 1);
    stream->Write(request);
    bool deleted = false;
    etcdserverpb::WatchResponse response;
    while (!deleted && stream->Read(&response)) {
      for (const mvccpb::Event& event : response.events()) {
        deleted = deleted || event.type() == mvccpb::Event::DELETE;
      }
    }
    context.TryCancel();
    stream->Finish();
    return deleted;
  }

  void Delete() {
    const absl::Status status = EtcdKeys(channel_).Delete(key_);
    EXPECT_TRUE(status.ok()) << status;
  }

 private:
  // Connects again soon after etcd has come back.
  static std::shared_ptr<grpc::Channel> NewChannel(const std::string& address) {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
    return support::LoopbackChannel(address, args);
  }

  const std::string key_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  const std::unique_ptr<etcdserverpb::Watch::Stub> watch_;
  int64_t revision_ = 0;
};

// A lease of a minute, so that a busy machine ends none, and many keepalives.
// Reports to `statuses`, which must outlive the registration.
RegistrationOptions Options(const std::string& etcd, Statuses* statuses) {
  RegistrationOptions options;
  options.etcd = etcd;
  options.service = "movies";
  options.address = kAddress;
  options.ttl = absl::Minutes(1);
  options.keep_alive_interval = absl::Milliseconds(10);
  options.initial_backoff = absl::Milliseconds(10);
  options.max_backoff = absl::Milliseconds(50);
  options.on_status = [statuses](const absl::Status& status) {
    statuses->Add(status);
  };
  return options;
}

struct Kind {
  std::string name;
  absl::StatusOr<std::unique_ptr<Etcd>> (*start)();
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

// On a stand-in, and on a real etcd.
class RegistrationTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Etcd>> etcd = GetParam().start();
    ASSERT_TRUE(etcd.ok()) << etcd.status();
    etcd_ = *std::move(etcd);
    client_ = std::make_unique<EtcdClient>(etcd_->address());
  }

  std::unique_ptr<Registration> Register() {
    return std::make_unique<Registration>(
        Options(etcd_->address(), &statuses_));
  }

  std::unique_ptr<Etcd> etcd_;
  std::unique_ptr<EtcdClient> client_;
  Statuses statuses_;
};

TEST_P(RegistrationTest, BeginsAndEndsWithTheObject) {
  std::unique_ptr<Registration> registration = Register();
  ASSERT_TRUE(registration->WaitUntilRegistered(Patience()));
  EXPECT_GT(client_->Lease(), 0);
  EXPECT_TRUE(statuses_.Next().ok());

  registration.reset();

  EXPECT_EQ(client_->Lease(), -1) << "It had a minute left.";
  EXPECT_TRUE(statuses_.empty()) << statuses_.Next();
}

TEST_P(RegistrationTest, RegistersAnewWhenEtcdWasRestarted) {
  std::unique_ptr<Registration> registration = Register();
  ASSERT_TRUE(registration->WaitUntilRegistered(Patience()));
  const int64_t lease = client_->Lease();

  ASSERT_TRUE(etcd_->Stop().ok());
  EXPECT_NE(statuses_.NextFailure().code(), absl::StatusCode::kUnknown)
      << "The next keepalive finds no etcd.";
  ASSERT_TRUE(etcd_->Restart().ok());

  ASSERT_TRUE(registration->WaitUntilRegistered(ALease()));
  EXPECT_GT(client_->Lease(), 0);
  EXPECT_NE(client_->Lease(), lease);
}

absl::StatusOr<std::unique_ptr<Etcd>> StartStandIn() {
  return support::EtcdStandIn::Start();
}

absl::StatusOr<std::unique_ptr<Etcd>> StartServer() {
  return support::EtcdServer::Start();
}

INSTANTIATE_TEST_SUITE_P(, RegistrationTest,
                         ::testing::Values(Kind{"StandIn", &StartStandIn},
                                           Kind{"Real", &StartServer}),
                         [](const ::testing::TestParamInfo<Kind>& info) {
                           return info.param.name;
                         });

// Only a real etcd ends leases by itself. With the shortest TTL, and as many
// keepalives as that takes.
TEST(RegistrationTtlTest, ServersLeaveWhenTheyDieAndNoSooner) {
  absl::StatusOr<std::unique_ptr<Etcd>> etcd = StartServer();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  Statuses statuses;
  RegistrationOptions options = Options((*etcd)->address(), &statuses);
  options.address = "127.0.0.1:50052";
  options.ttl = absl::Seconds(1);
  options.keep_alive_interval.reset();
  Registration alive(options);
  ASSERT_TRUE(alive.WaitUntilRegistered(Patience()));

  absl::StatusOr<std::unique_ptr<support::TcpProxy>> proxy =
      support::TcpProxy::Start((*etcd)->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  options.etcd = (*proxy)->address();
  options.address = kAddress;
  Registration dying(options);
  ASSERT_TRUE(dying.WaitUntilRegistered(Patience()));
  EtcdClient client((*etcd)->address());
  ASSERT_GT(client.Lease(), 0);

  // To etcd it looks as if that server were dead.
  proxy->reset();

  EXPECT_TRUE(client.Deleted(ALease()));
  EXPECT_GT(EtcdClient((*etcd)->address(), "127.0.0.1:50052").Lease(), 0)
      << "It came first, and lives.";
}

class RegistrationStandInTest : public ::testing::Test {
 protected:
  RegistrationOptions StandInOptions() {
    return Options(etcd_->address(), &statuses_);
  }

  std::unique_ptr<Registration> Register() {
    return std::make_unique<Registration>(StandInOptions());
  }

  std::unique_ptr<support::EtcdStandIn> etcd_ = support::EtcdStandIn::Start();
  EtcdClient client_{etcd_->address()};
  Statuses statuses_;
};

TEST_F(RegistrationStandInTest, KeepsOneLeaseForItsWholeLife) {
  std::unique_ptr<Registration> registration = Register();
  ASSERT_TRUE(registration->WaitUntilRegistered(Patience()));
  const int64_t lease = client_.Lease();
  EXPECT_TRUE(etcd_->WaitForKeepAlives(4, Patience()));
  EXPECT_EQ(client_.Lease(), lease);
  EXPECT_EQ(etcd_->grants(), 1);
}

TEST_F(RegistrationStandInTest, RegistersAnewWhenTheLeaseIsGone) {
  std::unique_ptr<Registration> registration = Register();
  EXPECT_TRUE(statuses_.Next().ok());
  const int64_t lease = client_.Lease();
  EXPECT_TRUE(etcd_->ExpireLease(lease));

  EXPECT_EQ(statuses_.Next(), absl::NotFoundError("the lease is gone"));
  EXPECT_TRUE(statuses_.Next().ok());
  EXPECT_GT(client_.Lease(), lease);
}

TEST_F(RegistrationStandInTest, RegistersOnceEtcdIsThere) {
  ASSERT_TRUE(etcd_->Stop().ok());
  std::unique_ptr<Registration> registration = Register();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(statuses_.Next().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_FALSE(registration->WaitUntilRegistered(absl::ZeroDuration()));

  ASSERT_TRUE(etcd_->Restart().ok());

  EXPECT_TRUE(registration->WaitUntilRegistered(Patience()));
  EXPECT_GT(client_.Lease(), 0);
}

TEST_F(RegistrationStandInTest, LeavesAConnectionThatIsDead) {
  absl::StatusOr<std::unique_ptr<support::TcpProxy>> proxy =
      support::TcpProxy::Start(etcd_->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  RegistrationOptions options = Options((*proxy)->address(), &statuses_);
  options.ttl = absl::Seconds(1);
  Registration registration(options);
  ASSERT_TRUE(registration.WaitUntilRegistered(Patience()));

  const int before = (*proxy)->accepted_connections();
  (*proxy)->BlackHole();
  EXPECT_NE(statuses_.NextFailure().code(), absl::StatusCode::kUnknown);
  EXPECT_TRUE((*proxy)->WaitForConnections(before + 1, ALease()))
      << "It has tried again, over the connection that said nothing.";
  EXPECT_FALSE(registration.WaitUntilRegistered(absl::ZeroDuration()));
  (*proxy)->Restore();

  EXPECT_TRUE(registration.WaitUntilRegistered(ALease()));
}

TEST_F(RegistrationStandInTest, LeavesADeletedKeyDeleted) {
  std::unique_ptr<Registration> registration = Register();
  ASSERT_TRUE(registration->WaitUntilRegistered(Patience()));
  client_.Delete();
  const int before = etcd_->keep_alives();
  EXPECT_TRUE(etcd_->WaitForKeepAlives(before + 2, ALease()));
  EXPECT_EQ(client_.Lease(), -1)
      << "Somebody took the server out, and its lease lives.";
  EXPECT_EQ(etcd_->grants(), 1);
}

TEST_F(RegistrationStandInTest, WaitsLongerAfterEveryFailure) {
  ASSERT_TRUE(etcd_->Stop().ok());
  RegistrationOptions options = StandInOptions();
  options.initial_backoff = absl::Milliseconds(20);
  options.max_backoff = absl::Milliseconds(50);
  options.random = [] { return 1.0; };
  const absl::Time start = absl::Now();
  Registration registration(options);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(statuses_.Next().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(20 + 40 + 50 + 50))
      << "Four waits lie between five attempts.";
}

TEST_F(RegistrationStandInTest, WaitsARandomPartOfIt) {
  ASSERT_TRUE(etcd_->Stop().ok());
  RegistrationOptions options = StandInOptions();
  options.initial_backoff = absl::Hours(1);
  options.max_backoff = absl::Hours(1);
  options.random = [] { return 0.0; };
  Registration registration(options);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(statuses_.Next().code(), absl::StatusCode::kUnavailable);
  }
}

TEST_F(RegistrationStandInTest, StopsWhileItWaits) {
  ASSERT_TRUE(etcd_->Stop().ok());
  RegistrationOptions options = StandInOptions();
  options.initial_backoff = absl::Hours(1);
  options.max_backoff = absl::Hours(1);
  options.random = [] { return 1.0; };
  auto registration = std::make_unique<Registration>(options);
  EXPECT_EQ(statuses_.Next().code(), absl::StatusCode::kUnavailable);
  const absl::Time start = absl::Now();
  registration.reset();
  EXPECT_LT(absl::Now() - start, Patience());
}

TEST_F(RegistrationStandInTest, StopsAfterItsTimeoutIfEtcdHangs) {
  absl::StatusOr<std::unique_ptr<support::TcpProxy>> proxy =
      support::TcpProxy::Start(etcd_->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  RegistrationOptions options = Options((*proxy)->address(), &statuses_);
  options.call_timeout = absl::Milliseconds(200);
  auto registration = std::make_unique<Registration>(options);
  // On a busy machine only a later attempt may be quick enough.
  EXPECT_TRUE(registration->WaitUntilRegistered(Patience()));
  (*proxy)->BlackHole();

  const absl::Time start = absl::Now();
  registration.reset();

  EXPECT_LT(absl::Now() - start, Patience());
  EXPECT_EQ(statuses_.NextFailure().code(), absl::StatusCode::kDeadlineExceeded)
      << "The lease could not be revoked, and the log should say so.";
  EXPECT_GT(client_.Lease(), 0) << "The key stays until the lease ends.";
}

TEST_F(RegistrationStandInTest, MayBeDestroyedAtOnce) {
  for (int i = 0; i < 20; ++i) Register();
  EXPECT_TRUE(etcd_->Leases().empty())
      << "A lease was granted and nobody revoked it.";
}

}  // namespace
}  // namespace movies
