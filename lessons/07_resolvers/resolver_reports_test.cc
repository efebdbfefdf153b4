// What a resolver can report to its channel, and what becomes of the calls.

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/resolver.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::ClientConnection;
using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kRoundRobin[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}]})";
constexpr char kPickFirst[] = R"({"loadBalancingConfig":[{"pick_first":{}}]})";

// Leaves all reporting to the test.
class TestBuilder : public support::ResolverBuilder {
 public:
  std::string Scheme() const override { return "test"; }

  absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
      const support::ResolverTarget& /*target*/,
      std::shared_ptr<ClientConnection> connection) override {
    absl::MutexLock lock(&mutex_);
    connection_ = std::move(connection);
    return std::make_unique<CountingResolver>(this);
  }

  // Starts over, for the next test's channel.
  void Reset() {
    absl::MutexLock lock(&mutex_);
    connection_ = nullptr;
    resolve_nows_ = 0;
  }

  // Returns the connection of the channel's resolver, once it is built.
  std::shared_ptr<ClientConnection> AwaitConnection() {
    const auto built = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return connection_ != nullptr;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&built), Patience());
    return connection_;
  }

  // Waits until the channel has asked to resolve. Returns whether it has.
  bool AwaitResolveNow() {
    const auto asked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return resolve_nows_ > 0;
    };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&asked), Patience());
  }

  // Returns how often it has asked so far.
  int resolve_nows() {
    absl::MutexLock lock(&mutex_);
    return resolve_nows_;
  }

 private:
  class CountingResolver : public support::Resolver {
   public:
    explicit CountingResolver(TestBuilder* builder) : builder_(*builder) {}
    void ResolveNow() override {
      absl::MutexLock lock(&builder_.mutex_);
      ++builder_.resolve_nows_;
    }

   private:
    TestBuilder& builder_;
  };

  absl::Mutex mutex_;
  std::shared_ptr<ClientConnection> connection_ ABSL_GUARDED_BY(mutex_);
  int resolve_nows_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Registers the builder before the first server.
class Registration : public ::testing::Environment {
 public:
  void SetUp() override {
    const absl::Status status = support::RegisterResolver(builder);
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::shared_ptr<TestBuilder> builder = std::make_shared<TestBuilder>();
};

Registration& registration = static_cast<Registration&>(
    *::testing::AddGlobalTestEnvironment(new Registration));

// A call under way.
class Call {
 public:
  explicit Call(const std::shared_ptr<grpc::Channel>& channel,
                bool wait_for_ready = false)
      : stub_(v1::MoviesService::NewStub(channel)) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
    context_.set_wait_for_ready(wait_for_ready);
    request_.set_mid(1);
    stub_->async()->GetMovie(&context_, &request_, &movie_,
                             [this](grpc::Status status) {
                               status_ = std::move(status);
                               done_.Notify();
                             });
  }

  ~Call() { Status(); }

  const grpc::Status& Status() {
    done_.WaitForNotification();
    return status_;
  }

  // Returns who answered, or the status.
  std::string Answer() {
    return Status().ok() ? context_.peer() : Text(status_);
  }

 private:
  const std::unique_ptr<v1::MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  v1::MovieID request_;
  v1::Movie movie_;
  grpc::Status status_;
  absl::Notification done_;
};

class ResolverReportsTest : public ::testing::Test {
 protected:
  ResolverReportsTest() { registration.builder->Reset(); }

  // A channel whose resolver runs, and has said nothing yet.
  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments args = {}) {
    auto channel = support::LoopbackChannel("test:///movies", std::move(args));
    channel->GetState(/*try_to_connect=*/true);
    connection_ = registration.builder->AwaitConnection();
    return channel;
  }

  void Report(support::ResolverState state) {
    ASSERT_NE(connection_, nullptr) << "No resolver was built.";
    const absl::Status status = connection_->UpdateState(std::move(state));
    EXPECT_TRUE(status.ok()) << status;
  }

  static std::string PeerOf(const support::TestServer& server) {
    return movies::PeerOf(server.address());
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  support::TestServer a_{&service_};
  support::TestServer b_{&service_};
  std::shared_ptr<ClientConnection> connection_;
};

TEST_F(ResolverReportsTest, UntilItSaysSomethingCallsWait) {
  const auto channel = NewChannel();
  Call call(channel);
  Report({{a_.address()}});
  EXPECT_EQ(call.Answer(), PeerOf(a_));
}

TEST_F(ResolverReportsTest, AServiceConfigComesWithTheAddresses) {
  // The channel has one of its own; the resolver's takes its place.
  grpc::ChannelArguments args;
  args.SetServiceConfigJSON(kPickFirst);
  const auto channel = NewChannel(std::move(args));
  Report({{a_.address(), b_.address()}, kRoundRobin});
  // Until both connections are there, a call goes to whichever is.
  for (const support::TestServer* server : {&a_, &b_}) {
    const absl::Time give_up = absl::Now() + Patience();
    while (Call(channel).Answer() != PeerOf(*server)) {
      ASSERT_LT(absl::Now(), give_up) << server->address();
    }
  }
  std::map<std::string, int> calls;
  for (int i = 0; i < 20; ++i) ++calls[Call(channel).Answer()];
  EXPECT_THAT(calls, ::testing::UnorderedElementsAre(Pair(PeerOf(a_), 10),
                                                     Pair(PeerOf(b_), 10)));
}

TEST_F(ResolverReportsTest, WithoutOneTheChannelsOwnApplies) {
  grpc::ChannelArguments args;
  args.SetServiceConfigJSON(kPickFirst);
  const auto channel = NewChannel(std::move(args));
  Report({{a_.address(), b_.address()}});
  std::map<std::string, int> calls;
  for (int i = 0; i < 20; ++i) ++calls[Call(channel).Answer()];
  EXPECT_THAT(calls, ElementsAre(Pair(PeerOf(a_), 20)));
}

TEST_F(ResolverReportsTest, ABadServiceConfigLeavesTheLastGoodOne) {
  const auto channel = NewChannel();
  Report({{a_.address(), b_.address()}, kPickFirst});
  EXPECT_EQ(Call(channel).Answer(), PeerOf(a_));
  EXPECT_EQ(
      connection_->UpdateState({{b_.address()}, "{\"loadBalancingConfig\":7}"})
          .code(),
      absl::StatusCode::kInvalidArgument)
      << "A config that is not valid.";
  const absl::Time give_up = absl::Now() + Patience();
  while (Call(channel).Answer() != PeerOf(b_)) {
    ASSERT_LT(absl::Now(), give_up) << "The addresses count all the same.";
  }
}

TEST_F(ResolverReportsTest, AnErrorFailsCallsThatDoNotWait) {
  const auto channel = NewChannel();
  ASSERT_NE(connection_, nullptr);
  connection_->ReportError(absl::UnavailableError("the directory is closed"));
  Call call(channel);
  EXPECT_EQ(call.Status().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(call.Status().error_message(),
              HasSubstr("the directory is closed"));
}

TEST_F(ResolverReportsTest, OthersWaitUntilItKnowsBetter) {
  const auto channel = NewChannel();
  ASSERT_NE(connection_, nullptr);
  connection_->ReportError(absl::UnavailableError("the directory is closed"));
  EXPECT_EQ(Call(channel).Status().error_code(), grpc::StatusCode::UNAVAILABLE);
  Call call(channel, /*wait_for_ready=*/true);
  Report({{a_.address()}});
  EXPECT_EQ(call.Answer(), PeerOf(a_));
}

TEST_F(ResolverReportsTest, AnErrorDoesNotTakeAddressesAway) {
  const auto channel = NewChannel();
  Report({{a_.address()}});
  EXPECT_EQ(Call(channel).Answer(), PeerOf(a_));
  connection_->ReportError(absl::UnavailableError("the directory is closed"));
  // The report takes effect a moment later.
  const absl::Time end = absl::Now() + absl::Milliseconds(50);
  for (int i = 0; i < 10 || absl::Now() < end; ++i) {
    ASSERT_EQ(Call(channel).Answer(), PeerOf(a_));
  }
}

TEST_F(ResolverReportsTest, AnEmptyListDoes) {
  const auto channel = NewChannel();
  Report({{a_.address()}});
  EXPECT_EQ(Call(channel).Answer(), PeerOf(a_));
  Report({{}});
  const absl::Time give_up = absl::Now() + Patience();
  while (Call(channel).Status().ok()) ASSERT_LT(absl::Now(), give_up);
  EXPECT_EQ(Call(channel).Status().error_code(), grpc::StatusCode::UNAVAILABLE);
  Call waits(channel, /*wait_for_ready=*/true);
  Report({{b_.address()}});
  EXPECT_EQ(waits.Answer(), PeerOf(b_));
}

TEST_F(ResolverReportsTest, ABrokenConnectionAsksToResolveNow) {
  auto dying = std::make_unique<support::TestServer>(&service_);
  const auto channel = NewChannel();
  Report({{dying->address()}});
  EXPECT_EQ(Call(channel).Answer(), PeerOf(*dying));
  EXPECT_EQ(registration.builder->resolve_nows(), 0);
  dying = nullptr;
  EXPECT_TRUE(registration.builder->AwaitResolveNow());
  // The resolver has asked its source and heard of another server.
  Report({{b_.address()}});
  EXPECT_EQ(Call(channel, /*wait_for_ready=*/true).Answer(), PeerOf(b_));
}

}  // namespace
}  // namespace movies
