#include "manual_resolver.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "load_generator.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/resolver.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Addresses = std::vector<std::string>;

constexpr char kA[] = "127.0.0.1:1";
constexpr char kB[] = "127.0.0.1:2";

constexpr char kUntold[] =
    "A channel in use was not told, or was told something else. Each one that "
    "joined and has not left is to hear of every list, by UpdateState().";

// What a channel would hear.
class FakeConnection : public support::ClientConnection {
 public:
  absl::Status UpdateState(support::ResolverState state) override {
    if (on_update) std::exchange(on_update, nullptr)();
    absl::MutexLock lock(&mutex_);
    heard_.push_back(std::move(state.addresses));
    return answer;
  }
  void ReportError(const absl::Status&) override {
    ADD_FAILURE() << "There is no error to report: UpdateState() tells the "
                     "channel of a bad address, too.";
  }

  std::vector<Addresses> heard() {
    absl::MutexLock lock(&mutex_);
    return heard_;
  }

  // What UpdateState() returns. Set before anybody else has the connection.
  absl::Status answer;
  // Runs once, before the next list has been heard.
  std::function<void()> on_update;

 private:
  absl::Mutex mutex_;
  std::vector<Addresses> heard_ ABSL_GUARDED_BY(mutex_);
};

// Without gRPC: what the connections hear, and in which order.
class ManualResolverTest : public ::testing::Test {
 protected:
  std::unique_ptr<support::Resolver> Build(
      const std::shared_ptr<FakeConnection>& connection) {
    absl::StatusOr<std::unique_ptr<support::Resolver>> resolver =
        builder_.Build(support::ResolverTarget(), connection);
    EXPECT_TRUE(resolver.ok())
        << "A channel was used, and got no resolver: " << resolver.status();
    return resolver.ok() ? *std::move(resolver) : nullptr;
  }

  void Set(const Addresses& addresses) {
    const absl::Status status = builder_.SetAddresses(addresses);
    EXPECT_TRUE(status.ok())
        << "No channel found a fault, so SetAddresses() is to return OK. It "
           "returned "
        << status;
  }

  ManualResolverBuilder builder_{"manual"};
  const std::shared_ptr<FakeConnection> connection_ =
      std::make_shared<FakeConnection>();
};

TEST_F(ManualResolverTest, AChannelInUseHearsOfNewAddresses) {
  const auto resolver = Build(connection_);
  Set({kA});
  Set({kA, kB});
  EXPECT_THAT(connection_->heard(),
              ElementsAre(ElementsAre(kA), ElementsAre(kA, kB)))
      << kUntold << " A new list takes the place of the old one.";
}

TEST_F(ManualResolverTest, SoDoesEveryOtherOne) {
  const auto other = std::make_shared<FakeConnection>();
  const auto third = std::make_shared<FakeConnection>();
  const auto resolver = Build(connection_);
  const auto other_resolver = Build(other);
  const auto third_resolver = Build(third);
  Set({kA});
  EXPECT_THAT(connection_->heard(), ElementsAre(ElementsAre(kA))) << kUntold;
  EXPECT_THAT(other->heard(), ElementsAre(ElementsAre(kA))) << kUntold;
  EXPECT_THAT(third->heard(), ElementsAre(ElementsAre(kA))) << kUntold;
}

TEST_F(ManualResolverTest, AChannelThatComesLaterStartsWithTheLastAddresses) {
  Set({kA});
  Set({kB});
  const auto resolver = Build(connection_);
  EXPECT_THAT(connection_->heard(), ElementsAre(ElementsAre(kB)))
      << "The program set the addresses before it used this channel. Nobody "
         "will set them again, so who is to tell the channel?";
}

TEST_F(ManualResolverTest, ItIsToldOnce) {
  Set({kA});
  const auto resolver = Build(connection_);
  Set({kB});
  EXPECT_THAT(connection_->heard(),
              ElementsAre(ElementsAre(kA), ElementsAre(kB)))
      << "The channel came after list A and before list B: it is to hear of "
         "each of them, and of each once.";
}

TEST_F(ManualResolverTest, TheSameListAgainIsNewsToo) {
  const auto resolver = Build(connection_);
  Set({kA});
  Set({kA});
  EXPECT_THAT(connection_->heard(),
              ElementsAre(ElementsAre(kA), ElementsAre(kA)))
      << "The same list was set twice. Whoever sets a bad one again is to be "
         "told again that it is bad, and only the channels know.";
}

TEST_F(ManualResolverTest, AChannelThatGoesWhileItComesGetsNoResolver) {
  Set({kA});
  connection_->answer = absl::CancelledError("gone");
  EXPECT_EQ(builder_.Build(support::ResolverTarget(), connection_).status(),
            connection_->answer)
      << "The channel was told of the list as it joined, and said that it is "
         "gone. Join() is to return what UpdateState() said.";
  EXPECT_EQ(connection_.use_count(), 1)
      << "The connection of a channel that is gone is still kept.";
}

TEST_F(ManualResolverTest, BeforeTheFirstAddressesNothingIsSaid) {
  const auto resolver = Build(connection_);
  EXPECT_THAT(connection_->heard(), IsEmpty())
      << "Nobody has set addresses yet. An empty list would say that there is "
         "no server, and calls would fail rather than wait.";
}

TEST_F(ManualResolverTest, AnEmptyListIsSomethingToSay) {
  Set({kA});
  Set({});
  const auto resolver = Build(connection_);
  EXPECT_THAT(connection_->heard(), ElementsAre(IsEmpty()))
      << "The program has said that there is no server. That is known, other "
         "than before the first list: a channel that hears nothing would let "
         "its calls wait for what will not come.";
}

TEST_F(ManualResolverTest, AChannelThatIsGoneIsForgotten) {
  const auto other = std::make_shared<FakeConnection>();
  const auto other_resolver = Build(other);
  auto resolver = Build(connection_);
  Set({kA});
  resolver.reset();
  EXPECT_EQ(connection_.use_count(), 1)
      << "The channel's resolver was destroyed, and its connection is still "
         "kept. A program that opens channels all day would fill its memory.";
  Set({kB});
  EXPECT_THAT(connection_->heard(), ElementsAre(ElementsAre(kA)))
      << "A connection whose resolver was destroyed is told nothing more.";
  EXPECT_THAT(other->heard(), ElementsAre(ElementsAre(kA), ElementsAre(kB)))
      << "One channel has gone, this is the other one. " << kUntold;
}

TEST_F(ManualResolverTest, AFaultIsReturnedAndAllHearOfTheListEvenSo) {
  // Two of three find the fault, so that one who hears comes after another in
  // whatever order they are told.
  connection_->answer = absl::InvalidArgumentError("no address");
  const auto other = std::make_shared<FakeConnection>();
  other->answer = connection_->answer;
  const auto third = std::make_shared<FakeConnection>();
  const auto resolver = Build(connection_);
  const auto other_resolver = Build(other);
  const auto third_resolver = Build(third);
  EXPECT_EQ(builder_.SetAddresses({"nowhere"}), connection_->answer)
      << "Two channels say what is wrong with the list. Whoever set it is to "
         "know.";
  EXPECT_EQ(connection_->heard().size() + other->heard().size() +
                third->heard().size(),
            3u)
      << "One channel's fault keeps no other from hearing.";
}

TEST_F(ManualResolverTest, AChannelThatIsJustGoingIsNoFault) {
  connection_->answer = absl::CancelledError("gone");
  const auto other = std::make_shared<FakeConnection>();
  const auto third = std::make_shared<FakeConnection>();
  const auto resolver = Build(connection_);
  const auto other_resolver = Build(other);
  const auto third_resolver = Build(third);
  const absl::Status status = builder_.SetAddresses({kA});
  EXPECT_TRUE(status.ok())
      << "A connection said CANCELLED: its channel is being destroyed at this "
         "moment, and will leave. Nothing is wrong with the addresses. "
      << status;
  EXPECT_EQ(other->heard().size() + third->heard().size(), 2u) << kUntold;
}

TEST_F(ManualResolverTest, OnesThatAreGoingHideNoFault) {
  // Each of them once the one that finds a fault, so that in whatever order
  // they are told, most times one that is going comes before it and after it.
  const absl::Status fault = absl::InvalidArgumentError("no address");
  constexpr int kChannels = 8;
  for (int finder = 0; finder < kChannels; ++finder) {
    std::vector<std::shared_ptr<FakeConnection>> connections;
    std::vector<std::unique_ptr<support::Resolver>> resolvers;
    for (int i = 0; i < kChannels; ++i) {
      connections.push_back(std::make_shared<FakeConnection>());
      resolvers.push_back(Build(connections.back()));
      connections.back()->answer = i == finder ? fault : absl::CancelledError();
    }
    EXPECT_EQ(builder_.SetAddresses({absl::StrCat("nowhere", finder)}), fault)
        << "Of eight channels seven are going and one finds a fault in the "
           "list.";
    for (const auto& connection : connections) {
      const auto heard = connection->heard();
      EXPECT_TRUE(!heard.empty() && heard.back().size() == 1 &&
                  heard.back()[0] == absl::StrCat("nowhere", finder))
          << "Of eight channels seven are going and one finds a fault. Each of "
             "them is to be told of the list.";
    }
  }
}

TEST_F(ManualResolverTest, ABadListStaysUntilThereIsABetterOne) {
  connection_->answer = absl::InvalidArgumentError("no address");
  Set({"nowhere"});
  const auto resolver = Build(connection_);
  connection_->answer = absl::OkStatus();
  Set({kA});
  EXPECT_THAT(connection_->heard(),
              ElementsAre(ElementsAre("nowhere"), ElementsAre(kA)))
      << "A channel came while the list was bad. It is to be told so, and to "
         "hear of the better list that came next.";
}

// Lets another thread set {B} while somebody hears of {A}, and gives it the
// time to get ahead, if anything lets it.
class OvertakingTest : public ManualResolverTest {
 protected:
  ~OvertakingTest() override {
    if (thread_.joinable()) thread_.join();
  }

  void OvertakeTheNextUpdate() {
    connection_->on_update = [this] {
      thread_ = std::thread([this] {
        Set({kB});
        overtaken_.Notify();
      });
      overtaken_.WaitForNotificationWithTimeout(absl::Milliseconds(50));
    };
  }

  Addresses LastHeard() {
    if (thread_.joinable()) thread_.join();
    const std::vector<Addresses> heard = connection_->heard();
    return heard.empty() ? Addresses() : heard.back();
  }

  std::thread thread_;
  absl::Notification overtaken_;
};

TEST_F(OvertakingTest, TheLastListThatIsSetIsTheLastThatIsHeard) {
  const auto resolver = Build(connection_);
  OvertakeTheNextUpdate();
  Set({kA});
  EXPECT_THAT(LastHeard(), ElementsAre(kB))
      << "Two threads set addresses, A before B, and the channel is left with "
         "another list than the builder, or with none. Which lock is held "
         "while a channel is told?";
}

TEST_F(OvertakingTest, AListThatIsSetWhileAChannelJoinsIsNotMissed) {
  Set({kA});
  OvertakeTheNextUpdate();
  const auto resolver = Build(connection_);
  EXPECT_THAT(LastHeard(), ElementsAre(kB))
      << "While the channel joined and heard of A, another thread set B, and "
         "the channel is left with A, or with nothing. To join and to be told "
         "must be one step.";
}

TEST_F(OvertakingTest, AChannelDoesNotLeaveWhileOthersAreTold) {
  const auto other = std::make_shared<FakeConnection>();
  auto other_resolver = Build(other);
  const auto resolver = Build(connection_);
  absl::Notification left;
  bool left_meanwhile = false;
  connection_->on_update = [&] {
    thread_ = std::thread([&] {
      other_resolver.reset();
      left.Notify();
    });
    left_meanwhile =
        left.WaitForNotificationWithTimeout(absl::Milliseconds(50));
  };
  Set({kA});
  if (thread_.joinable()) thread_.join();
  EXPECT_FALSE(left_meanwhile)
      << "While one channel was told of a list, another one left, on another "
         "thread: the connections changed under the hands of the one who goes "
         "through them. Leave() is to wait its turn.";
}

// Registers schemes "manual-0" and so on, before the first channel, and gives
// each test one of its own.
class Schemes : public ::testing::Environment {
 public:
  void SetUp() override {
    for (int i = 0; i < 8; ++i) {
      unused_.push_back(
          std::make_shared<ManualResolverBuilder>(absl::StrCat("manual-", i)));
      const absl::Status status = support::RegisterResolver(unused_.back());
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  std::shared_ptr<ManualResolverBuilder> Take() {
    std::shared_ptr<ManualResolverBuilder> builder = unused_.back();
    unused_.pop_back();
    return builder;
  }

 private:
  std::vector<std::shared_ptr<ManualResolverBuilder>> unused_;
};

Schemes& schemes =
    static_cast<Schemes&>(*::testing::AddGlobalTestEnvironment(new Schemes));

// Holds a stream open until it is told to end it.
class HoldingService : public CatalogueService {
 public:
  using CatalogueService::CatalogueService;

  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    writer->Write(v1::Movie());
    release.WaitForNotificationWithTimeout(Patience());
    writer->Write(v1::Movie());
    return grpc::Status::OK;
  }

  absl::Notification release;
};

// With channels, and calls on them.
class ManualChannelTest : public ::testing::Test {
 protected:
  static std::string PeerOf(const support::TestServer& server) {
    return movies::PeerOf(server.address());
  }

  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments args = {}) {
    return support::LoopbackChannel(
        absl::StrCat(builder_->Scheme(), ":///movies"), std::move(args));
  }

  void Set(const Addresses& addresses) {
    const absl::Status status = builder_->SetAddresses(addresses);
    EXPECT_TRUE(status.ok()) << status;
  }

  // Returns who answered a call, or its status.
  static std::string Ask(const std::shared_ptr<grpc::Channel>& channel) {
    CallOptions options;
    options.timeout = Patience();
    const Answer answer =
        CallBackend(*v1::MoviesService::NewStub(channel), options);
    return answer.status.ok() ? answer.backend : Text(answer.status);
  }

  // Moves all calls through all the servers, and expects that none is lost.
  void MoveUnderLoad(const std::string& policy) {
    grpc::ChannelArguments args;
    args.SetServiceConfigJSON(
        absl::StrCat(R"({"loadBalancingConfig":[{")", policy, R"(":{}}]})"));
    Set({a_.address()});
    LoadOptions options;
    options.interval = absl::Milliseconds(1);
    options.timeout = Patience();
    LoadGenerator load(NewChannel(std::move(args)), options);
    const std::vector<const support::TestServer*> servers = {&a_, &b_, &c_};
    for (int i = 1; i <= 12; ++i) {
      const support::TestServer& next = *servers[i % servers.size()];
      Set({next.address()});
      if (!load.AwaitCall(
                   [&](const CallRecord& call) {
                     return call.peer == PeerOf(next);
                   },
                   Patience())
               .has_value()) {
        ADD_FAILURE() << "The addresses were changed to " << next.address()
                      << ", and no call came there.";
        break;
      }
    }
    int lost = 0;
    for (const CallRecord& call : load.Stop()) {
      if (call.code != grpc::StatusCode::OK) ++lost;
    }
    EXPECT_EQ(lost, 0) << "All servers live, so no call is lost when the "
                          "addresses change.";
  }

  const std::shared_ptr<ManualResolverBuilder> builder_ = schemes.Take();
  MovieStore store_;
  HoldingService service_{&store_};
  support::TestServer a_{&service_};
  support::TestServer b_{&service_};
  support::TestServer c_{&service_};
};

TEST_F(ManualChannelTest, CallsReachTheAddressThatWasSetBefore) {
  Set({a_.address()});
  EXPECT_EQ(Ask(NewChannel()), PeerOf(a_))
      << "The program set the address, created a channel and made a call.";
}

TEST_F(ManualChannelTest, ACallWaitsForTheFirstAddresses) {
  const auto stub = v1::MoviesService::NewStub(NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  absl::Notification done;
  stub->async()->GetMovie(&context, &request, &movie,
                          [&](const grpc::Status&) { done.Notify(); });
  Set({b_.address()});
  done.WaitForNotification();
  const std::string answered_by = context.peer();
  EXPECT_EQ(answered_by, PeerOf(b_))
      << "The call was made before any address was known, and is to go out "
         "when there is one.";
}

TEST_F(ManualChannelTest, WithPickFirstCallsFollowAndNoneIsLost) {
  MoveUnderLoad("pick_first");
}

TEST_F(ManualChannelTest, WithRoundRobinCallsFollowAndNoneIsLost) {
  MoveUnderLoad("round_robin");
}

TEST_F(ManualChannelTest, EveryChannelFollows) {
  Set({a_.address()});
  const auto one = NewChannel();
  const auto other = NewChannel();
  EXPECT_EQ(Ask(one), PeerOf(a_));
  EXPECT_EQ(Ask(other), PeerOf(a_));
  Set({});
  for (const auto& channel : {one, other}) {
    const absl::Time give_up = absl::Now() + Patience();
    std::string answer = Ask(channel);
    while (answer == PeerOf(a_) && absl::Now() < give_up) answer = Ask(channel);
    EXPECT_THAT(answer, ::testing::StartsWith("code 14"))
        << "There is no server any more, so calls fail with UNAVAILABLE.";
  }
}

TEST_F(ManualChannelTest, AStreamEndsWhereItBegan) {
  Set({a_.address()});
  const auto channel = NewChannel();
  const auto stub = v1::MoviesService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  const auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  EXPECT_TRUE(reader->Read(&movie)) << "The server writes one movie at once.";
  Set({b_.address()});
  const absl::Time give_up = absl::Now() + Patience();
  std::string answered_by = Ask(channel);
  while (answered_by == PeerOf(a_) && absl::Now() < give_up) {
    answered_by = Ask(channel);
  }
  EXPECT_EQ(answered_by, PeerOf(b_)) << "New calls go to the new address.";
  service_.release.Notify();
  EXPECT_TRUE(reader->Read(&movie))
      << "A stream that was open goes on where it is, on the old connection.";
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(context.peer(), PeerOf(a_));
}

}  // namespace
}  // namespace movies
