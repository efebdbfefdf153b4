// The whole way, from a key in etcd to who answers a call: with a real etcd and
// with the stand-in.

#include "etcd_resolver.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "etcd_keys.h"
#include "follow_servers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/etcd/etcd.h"
#include "support/etcd/etcd_server.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/resolver.h"
#include "support/steady_clock.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "to_absl_status.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Only something broken makes a test wait that long.
constexpr absl::Duration kPatience = absl::Seconds(15);

// The etcd of targets without an authority: one that is away.
const std::string& DefaultEtcd() {
  static auto& port = *new support::UnservedPort;
  return port.address();
}

// Registers the scheme, once in this process.
absl::Status RegisterEtcd() {
  static const auto& status = *new absl::Status([] {
    EtcdResolverOptions options;
    options.etcd = DefaultEtcd();
    options.initial_backoff = absl::Milliseconds(10);
    options.max_backoff = absl::Milliseconds(50);
    return support::RegisterResolver(
        std::make_shared<EtcdResolverBuilder>(options));
  }());
  return status;
}

std::string Address(const std::string& peer) {
  return std::string(absl::StripPrefix(peer, "ipv4:"));
}

// Makes a call and returns who answered, or why nobody did.
absl::StatusOr<std::string> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                bool wait_for_ready) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  context.set_wait_for_ready(wait_for_ready);
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  const grpc::Status status =
      v1::MoviesService::NewStub(channel)->GetMovie(&context, request, &movie);
  if (status.ok()) return Address(context.peer());
  return ToAbslStatus(status);
}

// Calls until twelve calls in a row went to these servers, all of them, and to
// no other. No call may fail.
testing::AssertionResult AskUntil(const std::shared_ptr<grpc::Channel>& channel,
                                  const std::set<std::string>& servers) {
  const absl::Time give_up = absl::Now() + kPatience;
  std::set<std::string> answered;
  while (absl::Now() < give_up) {
    answered.clear();
    for (int i = 0; i < 12; ++i) {
      // Waits only before the first list.
      absl::StatusOr<std::string> server = Ask(channel, true);
      if (!server.ok()) return testing::AssertionFailure() << server.status();
      answered.insert(*std::move(server));
    }
    if (answered == servers) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "the calls go to " << testing::PrintToString(answered)
         << ", not to " << testing::PrintToString(servers);
}

// Servers that can be called, as many as a test likes.
class Backends {
 public:
  std::string Start() {
    servers_.push_back(std::make_unique<support::TestServer>(&service_));
    return servers_.back()->address();
  }

 private:
  MovieStore store_;
  CatalogueService service_{&store_};
  std::vector<std::unique_ptr<support::TestServer>> servers_;
};

struct Kind {
  std::string name;
  absl::StatusOr<std::unique_ptr<support::Etcd>> (*start)();
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

class EtcdResolverTest : public ::testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(RegisterEtcd().ok()) << RegisterEtcd();
  }

  void SetUp() override {
    absl::StatusOr<std::unique_ptr<support::Etcd>> etcd = GetParam().start();
    ASSERT_TRUE(etcd.ok()) << etcd.status();
    etcd_ = *std::move(etcd);
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    keys_.emplace(support::LoopbackChannel(etcd_->address(), args));
    channel_ = support::LoopbackChannel(
        absl::StrCat("etcd://", etcd_->address(), "/movies"), args);
  }

  void Register(const std::string& address, int64_t lease = 0) {
    const absl::Status status = keys_->Put("movies/" + address, address, lease);
    ASSERT_TRUE(status.ok()) << status;
  }

  void Unregister(const std::string& address) {
    const absl::Status status = keys_->Delete("movies/" + address);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::unique_ptr<support::Etcd> etcd_;
  Backends backends_;
  std::optional<EtcdKeys> keys_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_P(EtcdResolverTest, AServerThatRegistersGetsCalls) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  EXPECT_TRUE(AskUntil(channel_, {a}));

  Register(b);

  EXPECT_TRUE(AskUntil(channel_, {a, b}));
}

TEST_P(EtcdResolverTest, AServerThatLeavesGetsNone) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  Register(b);
  EXPECT_TRUE(AskUntil(channel_, {a, b}));

  Unregister(a);

  EXPECT_TRUE(AskUntil(channel_, {b}));
}

TEST_P(EtcdResolverTest, CallsWaitForTheFirstServer) {
  const absl::StatusOr<std::string> before = Ask(channel_, false);
  EXPECT_EQ(before.status().code(), absl::StatusCode::kUnavailable);

  const std::string a = backends_.Start();
  Register(a);

  EXPECT_TRUE(AskUntil(channel_, {a}));
}

TEST_P(EtcdResolverTest, OtherServersAreNoneOfItsBusiness) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  ASSERT_TRUE(keys_->Put("moviestars/1", b).ok());
  ASSERT_TRUE(keys_->Put("movies", b).ok());
  Register(a);

  EXPECT_TRUE(AskUntil(channel_, {a}));
}

TEST_P(EtcdResolverTest, WhatIsNoAddressSpoilsNoneOfTheOthers) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  for (const char* bad : {"", "tokyo:50051", "127.0.0.1", "127.0.0.1:",
                          "127.0.0.1:0", "127.0.0.1:99999", "[::1:50051"}) {
    ASSERT_TRUE(keys_->Put(absl::StrCat("movies/bad/", bad), bad).ok());
  }
  EXPECT_TRUE(AskUntil(channel_, {a}));

  Register(b);

  EXPECT_TRUE(AskUntil(channel_, {a, b}));
}

TEST_P(EtcdResolverTest, ADeadServerIsGoneWhenItsLeaseExpires) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  const absl::StatusOr<int64_t> lease = keys_->Grant(1);
  ASSERT_TRUE(lease.ok()) << lease.status();
  Register(a, *lease);
  Register(b);
  EXPECT_TRUE(AskUntil(channel_, {a, b}));

  // Nobody keeps the lease alive; the test need not wait for the stand-in's.
  auto* stand_in = dynamic_cast<support::EtcdStandIn*>(etcd_.get());
  if (stand_in != nullptr) {
    EXPECT_TRUE(stand_in->ExpireLease(*lease));
  }

  EXPECT_TRUE(AskUntil(channel_, {b}));
}

TEST_P(EtcdResolverTest, CallsGoOnWhileEtcdIsAway) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  Register(b);
  EXPECT_TRUE(AskUntil(channel_, {a, b}));

  ASSERT_TRUE(etcd_->Stop().ok());

  for (int i = 0; i < 200; ++i) {
    const absl::StatusOr<std::string> server = Ask(channel_, false);
    ASSERT_TRUE(server.ok()) << "call " << i << ": " << server.status();
  }
  EXPECT_TRUE(AskUntil(channel_, {a, b}));
}

TEST_P(EtcdResolverTest, FollowsAgainWhenEtcdIsBack) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  EXPECT_TRUE(AskUntil(channel_, {a}));

  ASSERT_TRUE(etcd_->Stop().ok());
  ASSERT_TRUE(etcd_->Restart().ok());
  EXPECT_TRUE(AskUntil(channel_, {a}));
  Register(b);
  EXPECT_TRUE(AskUntil(channel_, {a, b}));
  Unregister(a);

  EXPECT_TRUE(AskUntil(channel_, {b}));
}

TEST_P(EtcdResolverTest, EtcdMayComeLater) {
  const std::string a = backends_.Start();
  Register(a);
  ASSERT_TRUE(etcd_->Stop().ok());

  const absl::StatusOr<std::string> before = Ask(channel_, false);
  EXPECT_EQ(before.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(before.status().message()),
              HasSubstr(absl::StrCat("etcd at ", etcd_->address())));
  ASSERT_TRUE(etcd_->Restart().ok());

  EXPECT_TRUE(AskUntil(channel_, {a}));
}

// A resolver must not wait for its calls to etcd where it is destroyed: on one
// of gRPC's threads, or that of the channel.
TEST_P(EtcdResolverTest, AChannelMayGoWhileEtcdTellsOfChanges) {
  const std::string a = backends_.Start();
  Register(a);
  std::atomic<bool> over = false;
  std::thread changes([&] {
    while (!over) {
      EXPECT_TRUE(keys_->Put("movies/b", a).ok());
      EXPECT_TRUE(keys_->Delete("movies/b").ok());
    }
  });
  for (int i = 0; i < 100; ++i) {
    auto channel = support::LoopbackChannel(
        absl::StrCat("etcd://", etcd_->address(), "/movies"));
    const absl::StatusOr<std::string> server = Ask(channel, true);
    EXPECT_TRUE(server.ok()) << server.status();
  }
  over = true;
  changes.join();
}

TEST_P(EtcdResolverTest, TwoChannelsFollowEachItsOwnName) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  ASSERT_TRUE(keys_->Put("test/movies/1", b).ok());

  auto other = support::LoopbackChannel(
      absl::StrCat("etcd://", etcd_->address(), "/test/movies"));

  EXPECT_TRUE(AskUntil(channel_, {a}));
  EXPECT_TRUE(AskUntil(other, {b}));
}

// What FollowServers() relies on, and only a real etcd can prove: a watch from
// the next revision misses nothing.
TEST_P(EtcdResolverTest, NothingIsMissedBetweenTheReadAndTheWatch) {
  ASSERT_TRUE(keys_->Put("movies/a", "a").ok());
  FollowContexts contexts;
  contexts.watch.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  std::vector<std::vector<std::string>> lists;

  const grpc::Status why = FollowServers(
      NewEtcdStubs(support::LoopbackChannel(etcd_->address())), "movies/",
      contexts, [&](std::vector<std::string> addresses) {
        // The first list comes between the two.
        if (lists.empty()) {
          EXPECT_TRUE(keys_->Put("movies/b", "b").ok());
          EXPECT_TRUE(keys_->Delete("movies/a").ok());
        }
        lists.push_back(std::move(addresses));
        if (lists.back() == std::vector<std::string>{"b"}) {
          contexts.watch.TryCancel();
        }
      });

  EXPECT_EQ(why.error_code(), grpc::StatusCode::CANCELLED)
      << why.error_message();
  ASSERT_FALSE(lists.empty());
  EXPECT_THAT(lists.back(), ElementsAre("b"));
}

TEST_P(EtcdResolverTest, ACompactedWatchIsOver) {
  FollowContexts contexts;
  contexts.watch.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));

  const grpc::Status why =
      FollowServers(NewEtcdStubs(support::LoopbackChannel(etcd_->address())),
                    "movies/", contexts, [&](const std::vector<std::string>&) {
                      EXPECT_TRUE(keys_->Put("movies/a", "a").ok());
                      EXPECT_TRUE(keys_->Put("movies/b", "b").ok());
                      EXPECT_TRUE(keys_->Compact().ok());
                    });

  EXPECT_EQ(why.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(why.error_message(), HasSubstr("is compacted"));
}

INSTANTIATE_TEST_SUITE_P(
    , EtcdResolverTest,
    ::testing::Values(
        Kind{"RealEtcd",
             []() -> absl::StatusOr<std::unique_ptr<support::Etcd>> {
               return support::EtcdServer::Start();
             }},
        Kind{"StandIn",
             []() -> absl::StatusOr<std::unique_ptr<support::Etcd>> {
               return support::EtcdStandIn::Start();
             }}),
    [](const auto& info) { return info.param.name; });

// What a real etcd does only when it likes.
class EtcdTroubleTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(RegisterEtcd().ok()) << RegisterEtcd();
  }

  void Register(const std::string& address) {
    const absl::Status status = keys_.Put("movies/" + address, address);
    ASSERT_TRUE(status.ok()) << status;
  }

  Backends backends_;
  const std::unique_ptr<support::EtcdStandIn> etcd_ =
      support::EtcdStandIn::Start();
  EtcdKeys keys_{support::LoopbackChannel(etcd_->address())};
  const std::shared_ptr<grpc::Channel> channel_ = support::LoopbackChannel(
      absl::StrCat("etcd://", etcd_->address(), "/movies"));
};

TEST_F(EtcdTroubleTest, ReadsAnewWhenEtcdCancelsTheWatch) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  EXPECT_TRUE(AskUntil(channel_, {a}));
  ASSERT_TRUE(etcd_->WaitForWatches(1, kPatience));

  etcd_->CancelWatches();
  Register(b);

  EXPECT_TRUE(AskUntil(channel_, {a, b}));
}

TEST_F(EtcdTroubleTest, ReadsAnewWhenTheChangesAreCompacted) {
  const std::string a = backends_.Start();
  const std::string b = backends_.Start();
  Register(a);
  etcd_->AfterNextRange([&] {
    Register(b);
    EXPECT_TRUE(keys_.Delete("movies/" + a).ok());
    EXPECT_TRUE(keys_.Compact().ok());
  });

  EXPECT_TRUE(AskUntil(channel_, {b}));
}

TEST_F(EtcdTroubleTest, ASeriesOfWatchesLosesNoCall) {
  const std::string a = backends_.Start();
  Register(a);
  EXPECT_TRUE(AskUntil(channel_, {a}));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(etcd_->WaitForWatches(1, kPatience));
    etcd_->CancelWatches();
    EXPECT_TRUE(AskUntil(channel_, {a}));
  }
}

TEST_F(EtcdTroubleTest, WithoutAnAuthorityAsksTheEtcdOfTheOptions) {
  const absl::StatusOr<std::string> answer =
      Ask(support::LoopbackChannel("etcd:///movies"), false);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status().message()),
              HasSubstr(absl::StrCat("etcd at ", DefaultEtcd())));
}

TEST_F(EtcdTroubleTest, RefusesBadTargets) {
  for (const auto& [target, fault] :
       std::vector<std::pair<std::string, std::string>>{
           {"etcd:", "has no name"},
           {"etcd:///", "has no name"},
           {"etcd://127.0.0.1:2379", "has no name"},
           {"etcd:///movies/", "slash at its end"},
           {"etcd:////movies", "empty part"},
           {"etcd:///prod//movies", "empty part"},
           {"etcd:///movies?region=eu", "query"},
           {"etcd:///movies#top", "fragment"},
       }) {
    const absl::StatusOr<std::string> answer =
        Ask(support::LoopbackChannel(target), true);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument)
        << target;
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr(fault))
        << target;
  }
}

TEST_F(EtcdTroubleTest, SomebodyHasToSayWhereEtcdIs) {
  support::ResolverTarget target;
  target.scheme = "etcd";
  target.path = "/movies";
  const EtcdResolverBuilder builder{EtcdResolverOptions()};
  EXPECT_EQ(builder.CheckTarget(target).code(),
            absl::StatusCode::kInvalidArgument);
  target.authority = "127.0.0.1:2379";
  EXPECT_TRUE(builder.CheckTarget(target).ok());
}

// Writes down what a resolver reports, in place of a channel.
class FakeConnection : public support::ClientConnection {
 public:
  absl::Status UpdateState(support::ResolverState state) override {
    absl::MutexLock lock(&mutex_);
    addresses_ = std::move(state.addresses);
    return absl::OkStatus();
  }

  void ReportError(const absl::Status& error) override {
    absl::MutexLock lock(&mutex_);
    errors_.push_back({support::SteadyNow(), error});
  }

  // Waits until the last list is this one.
  bool Await(const std::vector<std::string>& addresses) {
    absl::MutexLock lock(&mutex_);
    const auto told = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return addresses_ == addresses;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&told), kPatience);
  }

  // Waits for so many errors. The time of the last one, by SteadyNow(), or the
  // infinite past.
  absl::Time AwaitErrors(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return errors_.size() >= count;
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience)) {
      return absl::InfinitePast();
    }
    return errors_[count - 1].first;
  }

 private:
  absl::Mutex mutex_;
  std::optional<std::vector<std::string>> addresses_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<absl::Time, absl::Status>> errors_
      ABSL_GUARDED_BY(mutex_);
};

// Without gRPC around it: when it asks etcd again, and how it ends.
class EtcdResolverAloneTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(RegisterEtcd().ok()) << RegisterEtcd();
  }

  std::unique_ptr<support::Resolver> Build(const std::string& etcd) {
    support::ResolverTarget target;
    target.scheme = "etcd";
    target.authority = etcd;
    target.path = "/movies";
    absl::StatusOr<std::unique_ptr<support::Resolver>> resolver =
        EtcdResolverBuilder(options_).Build(target, connection_);
    EXPECT_TRUE(resolver.ok()) << resolver.status();
    return *std::move(resolver);
  }

  EtcdResolverOptions options_;
  const std::shared_ptr<FakeConnection> connection_ =
      std::make_shared<FakeConnection>();
};

TEST_F(EtcdResolverAloneTest, WaitsTwiceAsLongEachTime) {
  support::UnservedPort away;
  options_.initial_backoff = absl::Milliseconds(20);
  options_.max_backoff = absl::Milliseconds(80);
  options_.random = [] { return 1.0; };
  const auto resolver = Build(away.address());

  const absl::Time first = connection_->AwaitErrors(1);
  const absl::Time fifth = connection_->AwaitErrors(5);

  // 20 + 40 + 80 + 80; less would be another backoff, more is a busy machine.
  EXPECT_GE(fifth - first, absl::Milliseconds(220));
}

TEST_F(EtcdResolverAloneTest, WaitsLongerEachTimeForAnEtcdThatHangs) {
  auto etcd = support::EtcdStandIn::Start();
  auto proxy = support::TcpProxy::Start(etcd->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  (*proxy)->BlackHole();
  options_.read_timeout = absl::Milliseconds(100);
  options_.initial_backoff = absl::Milliseconds(20);
  options_.max_backoff = absl::Milliseconds(80);
  options_.random = [] { return 1.0; };
  const auto resolver = Build((*proxy)->address());

  const absl::Time first = connection_->AwaitErrors(1);
  const absl::Time fifth = connection_->AwaitErrors(5);

  // 20 + 40 + 80 + 80, and four reads; without doubling it would be 480.
  EXPECT_GE(fifth - first, absl::Milliseconds(600));
}

// Knows no server, ends each watch at once, and says whether it was asked to
// end it when the cluster has no leader.
class NotingEtcd : public etcdserverpb::KV::Service,
                   public etcdserverpb::Watch::Service {
 public:
  grpc::Status Range(grpc::ServerContext* /*context*/,
                     const etcdserverpb::RangeRequest* /*request*/,
                     etcdserverpb::RangeResponse* /*response*/) override {
    return grpc::Status::OK;
  }

  grpc::Status Watch(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<etcdserverpb::WatchResponse,
                               etcdserverpb::WatchRequest>* /*stream*/)
      override {
    const auto found = context->client_metadata().find("hasleader");
    if (found != context->client_metadata().end() && found->second == "true") {
      needs_leader.Notify();
    }
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "etcdserver: no leader");
  }

  absl::Notification needs_leader;
};

TEST_F(EtcdResolverAloneTest, AsksAMemberWithoutALeaderToEndTheWatch) {
  NotingEtcd etcd;
  support::TestServer server(
      {static_cast<etcdserverpb::KV::Service*>(&etcd),
       static_cast<etcdserverpb::Watch::Service*>(&etcd)});
  options_.initial_backoff = absl::Hours(1);
  options_.max_backoff = absl::Hours(1);
  options_.random = [] { return 1.0; };
  const auto resolver = Build(server.address());

  EXPECT_NE(connection_->AwaitErrors(1), absl::InfinitePast());
  EXPECT_TRUE(etcd.needs_leader.HasBeenNotified());
}

TEST_F(EtcdResolverAloneTest, WaitsARandomPartOfIt) {
  support::UnservedPort away;
  options_.initial_backoff = absl::Hours(1);
  options_.max_backoff = absl::Hours(1);
  options_.random = [] { return 0.0; };
  const auto resolver = Build(away.address());

  EXPECT_NE(connection_->AwaitErrors(3), absl::InfinitePast());
}

TEST_F(EtcdResolverAloneTest, EndsAtOnceWhileItWaits) {
  support::UnservedPort away;
  options_.initial_backoff = absl::Hours(1);
  options_.max_backoff = absl::Hours(1);
  options_.random = [] { return 1.0; };
  auto resolver = Build(away.address());
  ASSERT_NE(connection_->AwaitErrors(1), absl::InfinitePast());

  const absl::Time start = support::SteadyNow();
  resolver.reset();
  EXPECT_LT(support::SteadyNow() - start, absl::Seconds(2));
}

TEST_F(EtcdResolverAloneTest, EndsAtOnceWhileItWatches) {
  auto etcd = support::EtcdStandIn::Start();
  auto resolver = Build(etcd->address());
  ASSERT_TRUE(etcd->WaitForWatches(1, kPatience));

  const absl::Time start = support::SteadyNow();
  resolver.reset();
  EXPECT_LT(support::SteadyNow() - start, absl::Seconds(2));
  EXPECT_TRUE(etcd->WaitForWatches(0, kPatience)) << "etcd still watches";
}

TEST_F(EtcdResolverAloneTest, EndsAtOnceWhileEtcdDoesNotAnswer) {
  auto etcd = support::EtcdStandIn::Start();
  auto proxy = support::TcpProxy::Start(etcd->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  (*proxy)->BlackHole();
  auto resolver = Build((*proxy)->address());
  ASSERT_TRUE((*proxy)->WaitForConnections(1, kPatience));

  const absl::Time start = support::SteadyNow();
  resolver.reset();
  EXPECT_LT(support::SteadyNow() - start, absl::Seconds(2));
}

TEST_F(EtcdResolverAloneTest, EndsAtOnceAtAnyMoment) {
  auto etcd = support::EtcdStandIn::Start();
  for (int i = 0; i < 50; ++i) Build(etcd->address());
  EXPECT_TRUE(etcd->WaitForWatches(0, kPatience));
}

TEST_F(EtcdResolverAloneTest, NoticesAnEtcdThatFallsSilent) {
  auto etcd = support::EtcdStandIn::Start();
  auto proxy = support::TcpProxy::Start(etcd->address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  EtcdKeys keys(support::LoopbackChannel(etcd->address()));
  options_.keepalive_time = absl::Milliseconds(500);
  options_.keepalive_timeout = absl::Milliseconds(100);
  options_.read_timeout = absl::Milliseconds(500);
  options_.initial_backoff = absl::Milliseconds(10);
  options_.max_backoff = absl::Milliseconds(50);
  const auto resolver = Build((*proxy)->address());
  ASSERT_TRUE(connection_->Await({}));
  ASSERT_TRUE(etcd->WaitForWatches(1, kPatience));

  // Nothing comes through any more, and nothing says so.
  (*proxy)->BlackHole();

  EXPECT_NE(connection_->AwaitErrors(1), absl::InfinitePast());
  ASSERT_TRUE(keys.Put("movies/1", "127.0.0.1:1").ok());
  (*proxy)->Restore();
  EXPECT_TRUE(connection_->Await({"127.0.0.1:1"}));
}

TEST_F(EtcdResolverAloneTest, SaysWhatGoesWrong) {
  support::UnservedPort away;
  absl::Notification told;
  options_.initial_backoff = absl::Hours(1);
  options_.on_trouble = [&](const absl::Status& trouble) {
    EXPECT_EQ(trouble.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(trouble.message()), HasSubstr(away.address()));
    told.Notify();
  };
  options_.random = [] { return 1.0; };
  const auto resolver = Build(away.address());
  EXPECT_TRUE(told.WaitForNotificationWithTimeout(kPatience));
}

}  // namespace
}  // namespace movies
