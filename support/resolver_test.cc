#include "support/resolver.h"

#include <grpc/grpc.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace support {
namespace {

using movies::v1::Movie;
using movies::v1::MovieID;
using movies::v1::MoviesService;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Only a broken resolver makes a test wait that long.
constexpr std::chrono::seconds kPatience{30};
constexpr absl::Duration kAbslPatience = absl::Seconds(30);

constexpr char kRoundRobin[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}]})";
constexpr char kUnknownPolicy[] =
    R"({"loadBalancingConfig":[{"no_such_policy":{}}]})";

// What became of one resolver's name, and what its resolvers do. The functions
// are set before the channel is created.
class Script {
 public:
  std::function<void(ClientConnection&)> on_build = [](ClientConnection&) {};
  std::function<void(ClientConnection&)> on_resolve_now =
      [](ClientConnection&) {};
  std::function<void()> on_destroy = [] {};
  absl::Status build_error;

  void Built(const ResolverTarget& target,
             std::shared_ptr<ClientConnection> connection) {
    absl::MutexLock lock(&mutex_);
    target_ = target;
    connection_ = std::move(connection);
    ++built_;
  }

  void ResolveNow() {
    absl::MutexLock lock(&mutex_);
    ++resolve_nows_;
  }

  void Destroyed() {
    absl::MutexLock lock(&mutex_);
    ++destroyed_;
  }

  // The connection of the resolver built last, once there is one.
  std::shared_ptr<ClientConnection> Connection() {
    absl::MutexLock lock(&mutex_);
    Await(built_, 1);
    return connection_;
  }

  ResolverTarget target() {
    absl::MutexLock lock(&mutex_);
    return target_;
  }

  int built() {
    absl::MutexLock lock(&mutex_);
    return built_;
  }

  int destroyed() {
    absl::MutexLock lock(&mutex_);
    return destroyed_;
  }

  int resolve_nows() {
    absl::MutexLock lock(&mutex_);
    return resolve_nows_;
  }

  bool AwaitBuilt(int count) {
    absl::MutexLock lock(&mutex_);
    return Await(built_, count);
  }

  bool AwaitDestroyed(int count) {
    absl::MutexLock lock(&mutex_);
    return Await(destroyed_, count);
  }

  bool AwaitResolveNow(int count) {
    absl::MutexLock lock(&mutex_);
    return Await(resolve_nows_, count);
  }

 private:
  bool Await(const int& counter, int count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto reached = [&] { return counter >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), kAbslPatience);
  }

  absl::Mutex mutex_;
  ResolverTarget target_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<ClientConnection> connection_ ABSL_GUARDED_BY(mutex_);
  int built_ ABSL_GUARDED_BY(mutex_) = 0;
  int destroyed_ ABSL_GUARDED_BY(mutex_) = 0;
  int resolve_nows_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ScriptedResolver : public Resolver {
 public:
  ScriptedResolver(std::shared_ptr<Script> script,
                   std::shared_ptr<ClientConnection> connection)
      : script_(std::move(script)), connection_(std::move(connection)) {}

  ~ScriptedResolver() override {
    script_->on_destroy();
    script_->Destroyed();
  }

  void ResolveNow() override {
    script_->on_resolve_now(*connection_);
    script_->ResolveNow();
  }

 private:
  const std::shared_ptr<Script> script_;
  const std::shared_ptr<ClientConnection> connection_;
};

// Builds what the script of a target's endpoint says; refuses other targets.
class ScriptedBuilder : public ResolverBuilder {
 public:
  explicit ScriptedBuilder(std::string scheme) : scheme_(std::move(scheme)) {}

  std::string Scheme() const override { return scheme_; }

  absl::Status CheckTarget(const ResolverTarget& target) const override {
    absl::MutexLock lock(&mutex_);
    if (scripts_.count(std::string(target.endpoint())) != 0) {
      return absl::OkStatus();
    }
    return absl::OutOfRangeError(
        absl::StrCat("no script is named \"", target.endpoint(), "\""));
  }

  absl::StatusOr<std::unique_ptr<Resolver>> Build(
      const ResolverTarget& target,
      std::shared_ptr<ClientConnection> connection) override {
    std::shared_ptr<Script> script;
    {
      absl::MutexLock lock(&mutex_);
      script = scripts_[std::string(target.endpoint())];
    }
    script->on_build(*connection);
    script->Built(target, connection);
    if (!script->build_error.ok()) return script->build_error;
    return std::make_unique<ScriptedResolver>(script, connection);
  }

  std::shared_ptr<Script> NewScript(const std::string& endpoint) {
    absl::MutexLock lock(&mutex_);
    return scripts_[endpoint] = std::make_shared<Script>();
  }

  void ForgetScript(const std::string& endpoint) {
    absl::MutexLock lock(&mutex_);
    scripts_.erase(endpoint);
  }

 private:
  const std::string scheme_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Script>> scripts_
      ABSL_GUARDED_BY(mutex_);
};

// The builder of "test:", which main() registers.
const std::shared_ptr<ScriptedBuilder>& TestScheme() {
  static auto& builder =
      *new std::shared_ptr<ScriptedBuilder>(new ScriptedBuilder("test"));
  return builder;
}

// Answers with its name.
class NamedMovies : public MoviesService::Service {
 public:
  explicit NamedMovies(std::string name) : name_(std::move(name)) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const MovieID* /*request*/, Movie* response) override {
    ++calls;
    if (hold_next_call_.exchange(false)) {
      held_.Notify();
      release_.WaitForNotification();
    }
    response->set_movie_name(name_);
    response->set_movie_description(
        std::string(context->ExperimentalGetAuthority().data(),
                    context->ExperimentalGetAuthority().size()));
    return grpc::Status::OK;
  }

  // The next call is not answered before Release().
  void HoldNextCall() { hold_next_call_ = true; }
  void AwaitHeldCall() { held_.WaitForNotification(); }
  void Release() { release_.Notify(); }

  std::atomic<int> calls{0};

 private:
  const std::string name_;
  std::atomic<bool> hold_next_call_{false};
  absl::Notification held_;
  absl::Notification release_;
};

struct NamedServer {
  explicit NamedServer(const std::string& name)
      : service(name), server(&service) {}

  std::string address() const { return server.address(); }

  NamedMovies service;
  TestServer server;
};

std::string CodeAndMessage(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message())
      .ToString();
}

// Makes a call and returns the movie, or why it failed.
absl::StatusOr<Movie> GetMovie(const std::shared_ptr<grpc::Channel>& channel,
                               bool wait_for_ready = false) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  context.set_wait_for_ready(wait_for_ready);
  MovieID request;
  request.set_mid(1);
  Movie movie;
  grpc::Status status =
      MoviesService::NewStub(channel)->GetMovie(&context, request, &movie);
  if (status.ok()) return movie;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

// Makes a call and returns the name of the server that answered, or the status.
std::string Ask(const std::shared_ptr<grpc::Channel>& channel,
                bool wait_for_ready = false) {
  absl::StatusOr<Movie> movie = GetMovie(channel, wait_for_ready);
  return movie.ok() ? movie->movie_name() : movie.status().ToString();
}

// Makes calls until this server answers one. Each must succeed.
testing::AssertionResult AskUntil(const std::shared_ptr<grpc::Channel>& channel,
                                  const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    absl::StatusOr<Movie> movie = GetMovie(channel);
    if (!movie.ok()) return testing::AssertionFailure() << movie.status();
    if (movie->movie_name() == name) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << name << " is never asked";
}

// A call that waits for ready.
class WaitingCall {
 public:
  explicit WaitingCall(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(MoviesService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    context_.set_wait_for_ready(true);
    stub_->async()->GetMovie(&context_, &request_, &movie_,
                             [this](grpc::Status status) {
                               status_ = std::move(status);
                               done_.Notify();
                             });
  }

  ~WaitingCall() {
    context_.TryCancel();
    done_.WaitForNotification();
  }

  bool done() { return done_.HasBeenNotified(); }

  std::string Wait() {
    done_.WaitForNotification();
    return status_.ok() ? movie_.movie_name() : CodeAndMessage(status_);
  }

 private:
  const std::unique_ptr<MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  MovieID request_;
  Movie movie_;
  grpc::Status status_;
  absl::Notification done_;
};

// Each test has a script, a target that leads to it, and two servers.
class ResolverTest : public testing::Test {
 protected:
  // Creates the channel. What the resolver does is set before.
  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments args = {}) {
    return LoopbackChannel(target_, std::move(args));
  }

  // Makes every resolver say this when it is built.
  void StartsWith(ResolverState state) {
    script_->on_build = [state](ClientConnection& connection) {
      EXPECT_EQ(connection.UpdateState(state), absl::OkStatus());
    };
  }

  // Brings the channel to build its resolver and returns the connection.
  std::shared_ptr<ClientConnection> Wake(
      const std::shared_ptr<grpc::Channel>& channel) {
    channel->GetState(/*try_to_connect=*/true);
    return script_->Connection();
  }

  const std::string name_ =
      testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string target_ = absl::StrCat("test:///", name_);
  const std::shared_ptr<Script> script_ = TestScheme()->NewScript(name_);
  NamedServer a_{"a"};
  NamedServer b_{"b"};
};

TEST_F(ResolverTest, CallsReachTheAddressReportedInBuild) {
  StartsWith({{a_.address()}});
  EXPECT_EQ(Ask(NewChannel()), "a");
}

TEST_F(ResolverTest, CallsWaitForAnAddressThatIsReportedLater) {
  auto channel = NewChannel();
  WaitingCall call(channel);
  EXPECT_EQ(script_->Connection()->UpdateState({{a_.address()}}),
            absl::OkStatus());
  EXPECT_EQ(call.Wait(), "a");
}

TEST_F(ResolverTest, CallsFollowNewAddressesAndNoneIsLost) {
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  EXPECT_EQ(script_->Connection()->UpdateState({{b_.address()}}),
            absl::OkStatus());
  EXPECT_TRUE(AskUntil(channel, "b"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(channel), "b");
}

TEST_F(ResolverTest, ReportsTakeEffectInTheirOrder) {
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  auto connection = script_->Connection();
  for (int round = 0; round < 5; ++round) {
    for (const NamedServer* last : {&b_, &a_}) {
      const NamedServer* other = last == &a_ ? &b_ : &a_;
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(connection->UpdateState({{other->address()}}).ok());
        connection->ReportError(absl::UnavailableError("a hiccup"));
      }
      ASSERT_TRUE(connection->UpdateState({{last->address()}}).ok());
      const std::string name = last == &a_ ? "a" : "b";
      ASSERT_TRUE(AskUntil(channel, name));
    }
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(channel), "a");
}

TEST_F(ResolverTest, AServiceConfigBalancesOverAllAddresses) {
  NamedServer c("c");
  StartsWith({{a_.address(), b_.address(), c.address()}, kRoundRobin});
  auto channel = NewChannel();
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(AskUntil(channel, name));  // All are connected then.
  }
  a_.service.calls = b_.service.calls = c.service.calls = 0;
  for (int i = 0; i < 30; ++i) Ask(channel);
  EXPECT_EQ(a_.service.calls, 10);
  EXPECT_EQ(b_.service.calls, 10);
  EXPECT_EQ(c.service.calls, 10);
}

TEST_F(ResolverTest, WithoutAServiceConfigTheChannelsOwnApplies) {
  StartsWith({{a_.address(), b_.address()}});
  grpc::ChannelArguments args;
  args.SetServiceConfigJSON(kRoundRobin);
  auto channel = NewChannel(args);
  EXPECT_TRUE(AskUntil(channel, "a"));
  EXPECT_TRUE(AskUntil(channel, "b"));
}

TEST_F(ResolverTest, AChannelMayDeclineTheResolversServiceConfig) {
  StartsWith({{a_.address()}, kRoundRobin});
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  auto channel = NewChannel(args);
  ASSERT_EQ(Ask(channel), "a");
  EXPECT_EQ(channel->GetServiceConfigJSON(), "{}");
}

TEST_F(ResolverTest, AnInvalidServiceConfigLeavesTheLastGoodOne) {
  StartsWith({{a_.address()}, kRoundRobin});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  for (const char* invalid : {"no JSON", "[]", kUnknownPolicy}) {
    EXPECT_EQ(
        script_->Connection()->UpdateState({{b_.address()}, invalid}).code(),
        absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(AskUntil(channel, "b"));
  EXPECT_EQ(channel->GetServiceConfigJSON(), kRoundRobin);
}

TEST_F(ResolverTest, AnInvalidServiceConfigFailsCallsIfThereWasNoGoodOne) {
  script_->on_build = [this](ClientConnection& connection) {
    EXPECT_THAT(
        connection.UpdateState({{a_.address()}, kUnknownPolicy}).ToString(),
        AllOf(HasSubstr("INVALID_ARGUMENT"), HasSubstr("No known policies")));
  };
  EXPECT_THAT(Ask(NewChannel()), AllOf(testing::StartsWith("UNAVAILABLE: "),
                                       HasSubstr("No known policies")));
}

TEST_F(ResolverTest, AnErrorBeforeAnyAddressFailsCalls) {
  script_->on_build = [](ClientConnection& connection) {
    connection.ReportError(absl::UnavailableError("the phone book is away"));
  };
  EXPECT_EQ(Ask(NewChannel()), "UNAVAILABLE: the phone book is away");
}

TEST_F(ResolverTest, AnErrorOfAnyCodeFailsCallsWithUnavailable) {
  script_->on_build = [](ClientConnection& connection) {
    connection.ReportError(absl::NotFoundError("no such name"));
  };
  EXPECT_EQ(Ask(NewChannel()), "UNAVAILABLE: NOT_FOUND: no such name");
}

TEST_F(ResolverTest, AnErrorWithoutAnErrorStillFailsCalls) {
  script_->on_build = [](ClientConnection& connection) {
    connection.ReportError(absl::OkStatus());
  };
  EXPECT_EQ(Ask(NewChannel()),
            "UNAVAILABLE: the resolver failed without saying why");
}

TEST_F(ResolverTest, ACallThatWaitsForReadyOutlastsAnError) {
  script_->on_build = [](ClientConnection& connection) {
    connection.ReportError(absl::UnavailableError("not yet"));
  };
  auto channel = NewChannel();
  WaitingCall call(channel);
  ASSERT_EQ(Ask(channel), "UNAVAILABLE: not yet");
  EXPECT_FALSE(call.done());
  EXPECT_TRUE(script_->Connection()->UpdateState({{a_.address()}}).ok());
  EXPECT_EQ(call.Wait(), "a");
}

TEST_F(ResolverTest, AnErrorAfterGoodAddressesChangesNothing) {
  StartsWith({{a_.address()}, kRoundRobin});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  auto connection = script_->Connection();
  connection->ReportError(absl::UnavailableError("the phone book is away"));
  // Once b is asked, the error before it was dealt with.
  EXPECT_FALSE(connection->UpdateState({{b_.address()}, kUnknownPolicy}).ok());
  EXPECT_TRUE(AskUntil(channel, "b"));
  EXPECT_EQ(channel->GetServiceConfigJSON(), kRoundRobin);
}

TEST_F(ResolverTest, WithoutAServerCallsFailAndNameTheTarget) {
  StartsWith({});
  EXPECT_THAT(Ask(NewChannel()),
              AllOf(testing::StartsWith("UNAVAILABLE: "),
                    HasSubstr(absl::StrCat("the resolver of ", target_,
                                           " knows of no server"))));
}

TEST_F(ResolverTest, AServerAfterNoneIsUsed) {
  StartsWith({});
  auto channel = NewChannel();
  WaitingCall call(channel);
  EXPECT_TRUE(script_->Connection()->UpdateState({{a_.address()}}).ok());
  EXPECT_EQ(call.Wait(), "a");
}

TEST_F(ResolverTest, AnErrorAfterNoServerIsWhatCallsFailWith) {
  StartsWith({});
  auto channel = NewChannel();
  EXPECT_THAT(Ask(channel), HasSubstr("knows of no server"));
  script_->Connection()->ReportError(absl::UnavailableError("it is away now"));
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {
    answer = Ask(channel);
  } while (!absl::StrContains(answer, "it is away now") &&
           std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(answer, "UNAVAILABLE: empty address list: it is away now");
}

TEST_F(ResolverTest, NoServerAsksToResolveNow) {
  StartsWith({});
  auto channel = NewChannel();
  Ask(channel);
  EXPECT_TRUE(script_->AwaitResolveNow(1));
}

TEST_F(ResolverTest, ACallInFlightOutlastsItsAddress) {
  a_.service.HoldNextCall();
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  WaitingCall call(channel);
  a_.service.AwaitHeldCall();
  EXPECT_TRUE(script_->Connection()->UpdateState({{b_.address()}}).ok());
  EXPECT_TRUE(AskUntil(channel, "b"));
  EXPECT_TRUE(script_->Connection()->UpdateState({}).ok());
  EXPECT_FALSE(call.done());
  a_.service.Release();
  EXPECT_EQ(call.Wait(), "a");
}

TEST_F(ResolverTest, WhatIsNoAddressIsRefusedAndFailsCalls) {
  auto channel = NewChannel();
  auto connection = Wake(channel);
  for (const char* wrong :
       {"", "127.0.0.1", "localhost:50051", "::1:50051", "[::1]",
        "unix:", "127.0.0.1:70000", "dns:///localhost:50051"}) {
    const absl::Status status =
        connection->UpdateState({{a_.address(), wrong}});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("\"", wrong, "\"")));
  }
  EXPECT_THAT(Ask(channel),
              AllOf(testing::StartsWith("UNAVAILABLE: INVALID_ARGUMENT: "),
                    HasSubstr("which is no address")));
}

TEST_F(ResolverTest, IPv6AddressesWork) {
  NamedMovies service("six");
  int port = 0;
  TestServerOptions options;
  options.configure = [&port](grpc::ServerBuilder& builder) {
    builder.AddListeningPort("[::1]:0", grpc::InsecureServerCredentials(),
                             &port);
  };
  auto server = TestServer::Start({&service}, options);
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here: " << server.status();
  StartsWith({{absl::StrCat("[::1]:", port)}});
  EXPECT_EQ(Ask(NewChannel()), "six");
}

TEST_F(ResolverTest, UnixSocketsWork) {
  NamedMovies service("socket");
  // Not in the test's folder, whose path is too long for a socket's.
  const std::string address =
      absl::StrCat("unix:/tmp/resolver_test.", getpid(), ".sock");
  TestServerOptions options;
  options.configure = [&](grpc::ServerBuilder& builder) {
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  };
  TestServer server(&service, options);
  StartsWith({{address}});
  EXPECT_EQ(Ask(NewChannel()), "socket");
}

TEST_F(ResolverTest, AbstractUnixSocketsWork) {
  NamedMovies service("abstract");
  const std::string address =
      absl::StrCat("unix-abstract:resolver_test.", getpid());
  TestServerOptions options;
  options.configure = [&](grpc::ServerBuilder& builder) {
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  };
  TestServer server(&service, options);
  StartsWith({{address}});
  EXPECT_EQ(Ask(NewChannel()), "abstract");
}

TEST_F(ResolverTest, ABrokenConnectionAsksToResolveNow) {
  auto proxy = TcpProxy::Start(a_.address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  StartsWith({{(*proxy)->address()}});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  ASSERT_EQ(script_->resolve_nows(), 0);
  (*proxy)->DropConnections();
  EXPECT_TRUE(script_->AwaitResolveNow(1));
}

TEST_F(ResolverTest, AnAddressThatNobodyServesAsksToResolveNow) {
  UnservedPort port;
  StartsWith({{port.address()}});
  auto channel = NewChannel();
  Ask(channel);
  EXPECT_TRUE(script_->AwaitResolveNow(1));
}

TEST_F(ResolverTest, AResolverMayReportWhenAskedToResolveNow) {
  UnservedPort port;
  StartsWith({{port.address()}});
  script_->on_resolve_now = [this](ClientConnection& connection) {
    EXPECT_TRUE(connection.UpdateState({{a_.address()}}).ok());
  };
  EXPECT_EQ(Ask(NewChannel(), /*wait_for_ready=*/true), "a");
}

// A resolver's lock that its reports and ResolveNow() take must not be taken
// twice by one thread.
TEST_F(ResolverTest, AResolverMayReportWithItsLockHeld) {
  UnservedPort port;
  absl::Mutex mutex;
  StartsWith({{port.address()}});
  script_->on_resolve_now = [&mutex](ClientConnection&) {
    absl::MutexLock lock(&mutex);
  };
  auto channel = NewChannel();
  auto connection = Wake(channel);
  for (int i = 0; i < 50; ++i) {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(connection->UpdateState({{port.address()}}).ok());
  }
  EXPECT_TRUE(connection->UpdateState({{a_.address()}}).ok());
  EXPECT_EQ(Ask(channel, /*wait_for_ready=*/true), "a");
}

TEST_F(ResolverTest, ADestructorMayWaitForAThreadThatReports) {
  std::atomic<bool> stop{false};
  std::thread reporter;
  script_->on_build = [&](ClientConnection& connection) {
    EXPECT_TRUE(connection.UpdateState({{a_.address()}}).ok());
    reporter = std::thread([&] {
      while (!stop) connection.UpdateState({{a_.address()}}).IgnoreError();
    });
  };
  script_->on_destroy = [&] {
    stop = true;
    reporter.join();
  };
  auto channel = NewChannel();
  EXPECT_EQ(Ask(channel), "a");
  channel.reset();
  EXPECT_TRUE(script_->AwaitDestroyed(1));
}

TEST_F(ResolverTest, AReportAfterTheChannelIsGoneIsCancelled) {
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  auto connection = script_->Connection();
  channel.reset();
  ASSERT_TRUE(script_->AwaitDestroyed(1));
  EXPECT_EQ(connection->UpdateState({{b_.address()}}).code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(connection->UpdateState({{"no address"}}).code(),
            absl::StatusCode::kCancelled);
  connection->ReportError(absl::UnavailableError("nobody hears this"));
}

TEST_F(ResolverTest, AResolverMayReportWhileItIsDestroyed) {
  StartsWith({{a_.address()}});
  script_->on_destroy = [this] {
    EXPECT_EQ(script_->Connection()->UpdateState({{b_.address()}}).code(),
              absl::StatusCode::kCancelled);
  };
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  channel.reset();
  EXPECT_TRUE(script_->AwaitDestroyed(1));
}

TEST_F(ResolverTest, AResolverIsBuiltOnFirstUseAndDestroyedOnce) {
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  EXPECT_EQ(script_->built(), 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask(channel), "a");
  EXPECT_EQ(script_->built(), 1);
  EXPECT_EQ(script_->destroyed(), 0);
  channel.reset();
  EXPECT_TRUE(script_->AwaitDestroyed(1));
  EXPECT_EQ(script_->built(), 1);
  EXPECT_EQ(script_->destroyed(), 1);
}

TEST_F(ResolverTest, AnUnusedChannelBuildsNoResolver) {
  NewChannel().reset();
  EXPECT_EQ(script_->built(), 0);
}

TEST_F(ResolverTest, EachChannelHasAResolverOfItsOwn) {
  StartsWith({{a_.address()}});
  auto one = NewChannel();
  auto other = NewChannel();
  ASSERT_EQ(Ask(one), "a");
  auto connection_of_one = script_->Connection();
  ASSERT_EQ(Ask(other), "a");
  EXPECT_EQ(script_->built(), 2);
  EXPECT_TRUE(connection_of_one->UpdateState({{b_.address()}}).ok());
  EXPECT_TRUE(AskUntil(one, "b"));
  EXPECT_EQ(Ask(other), "a");
}

TEST_F(ResolverTest, AChannelThatWentIdleBuildsAnew) {
  StartsWith({{a_.address()}});
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, 1);
  auto channel = NewChannel(args);
  ASSERT_EQ(Ask(channel), "a");
  ASSERT_TRUE(script_->AwaitDestroyed(1));
  // No call yet: one that comes while the channel goes idle may crash gRPC 1.51
  // (https://github.com/grpc/grpc/pull/36167).
  const auto deadline = std::chrono::system_clock::now() + kPatience;
  grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/false);
  while (state != GRPC_CHANNEL_IDLE) {
    ASSERT_TRUE(channel->WaitForStateChange(state, deadline)) << state;
    state = channel->GetState(/*try_to_connect=*/false);
  }
  channel->GetState(/*try_to_connect=*/true);
  ASSERT_TRUE(script_->AwaitBuilt(2));
  EXPECT_EQ(Ask(channel), "a");
}

TEST_F(ResolverTest, ReportsFromManyThreadsAreSafe) {
  StartsWith({{a_.address()}});
  auto channel = NewChannel();
  ASSERT_EQ(Ask(channel), "a");
  auto connection = script_->Connection();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const NamedServer& server = (i + round) % 2 == 0 ? a_ : b_;
        EXPECT_TRUE(connection->UpdateState({{server.address()}}).ok());
        connection->ReportError(absl::UnavailableError("a hiccup"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  NamedServer c("c");
  EXPECT_TRUE(connection->UpdateState({{c.address()}}).ok());
  EXPECT_TRUE(AskUntil(channel, "c"));
}

TEST_F(ResolverTest, ReportsMayRaceWithTheChannelsEnd) {
  StartsWith({{a_.address()}});
  for (int round = 1; round <= 20; ++round) {
    auto channel = NewChannel();
    auto connection = Wake(channel);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([this, connection] {
        // Ends only when the channel does.
        while (connection->UpdateState({{a_.address()}, kRoundRobin}).ok()) {
          connection->ReportError(absl::UnavailableError("a hiccup"));
        }
      });
    }
    channel.reset();
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(script_->AwaitDestroyed(round));
  }
  EXPECT_EQ(script_->destroyed(), script_->built());
}

TEST_F(ResolverTest, AResolverThatCannotBeBuiltFailsCalls) {
  script_->build_error = absl::NotFoundError("no such name");
  EXPECT_EQ(Ask(NewChannel()), "UNAVAILABLE: NOT_FOUND: no such name");
}

TEST_F(ResolverTest, ARefusedTargetFailsCallsWithTheBuildersStatus) {
  auto channel = LoopbackChannel("test:///nobody");
  EXPECT_EQ(Ask(channel), "OUT_OF_RANGE: no script is named \"nobody\"");
  EXPECT_EQ(Ask(channel, /*wait_for_ready=*/true),
            "OUT_OF_RANGE: no script is named \"nobody\"");
}

TEST_F(ResolverTest, ARefusedTargetIsRefusedForGood) {
  auto channel = LoopbackChannel("test:///late");
  TestScheme()->NewScript("late");
  EXPECT_EQ(Ask(channel), "OUT_OF_RANGE: no script is named \"late\"");
  TestScheme()->ForgetScript("late");
  EXPECT_EQ(channel->GetState(/*try_to_connect=*/true),
            GRPC_CHANNEL_TRANSIENT_FAILURE);
}

TEST_F(ResolverTest, WhoWaitsForARefusedChannelToConnectIsTimedOut) {
  auto channel = LoopbackChannel("test:///nobody");
  EXPECT_FALSE(channel->WaitForConnected(std::chrono::system_clock::now() +
                                         std::chrono::milliseconds(1)));
}

TEST_F(ResolverTest, AMalformedTargetIsRefusedWithTheReason) {
  EXPECT_THAT(
      Ask(LoopbackChannel(absl::StrCat(target_, "?"))),
      AllOf(testing::StartsWith("INVALID_ARGUMENT: "), HasSubstr("query")));
}

TEST_F(ResolverTest, TargetsOfOtherSchemesAreLeftAlone) {
  EXPECT_EQ(Ask(LoopbackChannel(a_.address())), "a");
  EXPECT_EQ(Ask(LoopbackChannel(absl::StrCat("ipv4:", a_.address()))), "a");
  EXPECT_THAT(Ask(LoopbackChannel("elsewhere:///?")),
              HasSubstr("Failed to create"));  // gRPC's own words.
}

TEST_F(ResolverTest, TwoSchemesLiveSideBySide) {
  StartsWith({{a_.address()}});
  EXPECT_EQ(Ask(NewChannel()), "a");
  // See main().
  EXPECT_EQ(Ask(LoopbackChannel("test2:///anything")),
            "UNAVAILABLE: all is down at anything");
}

TEST_F(ResolverTest, ATargetComesInItsParts) {
  auto script = TestScheme()->NewScript("science fiction/latest");
  auto channel = LoopbackChannel(
      "test://tokyo/science%20fiction/latest?region=eu&region=us&all#top");
  channel->GetState(/*try_to_connect=*/true);
  ASSERT_NE(script->Connection(), nullptr);
  const ResolverTarget target = script->target();
  EXPECT_EQ(target.scheme, "test");
  EXPECT_EQ(target.authority, "tokyo");
  EXPECT_EQ(target.path, "/science fiction/latest");
  EXPECT_EQ(target.endpoint(), "science fiction/latest");
  EXPECT_THAT(target.query, ElementsAre(Pair("region", "eu"),
                                        Pair("region", "us"), Pair("all", "")));
  EXPECT_EQ(target.fragment, "top");
}

TEST_F(ResolverTest, ATargetNeedsNoSlashes) {
  StartsWith({{a_.address()}});
  EXPECT_EQ(Ask(LoopbackChannel(absl::StrCat("test:", name_))), "a");
  EXPECT_EQ(script_->target().endpoint(), name_);
  EXPECT_EQ(script_->target().authority, "");
}

TEST_F(ResolverTest, TheServerSeesTheNameAsAuthority) {
  StartsWith({{a_.address()}});
  absl::StatusOr<Movie> movie = GetMovie(NewChannel());
  ASSERT_TRUE(movie.ok()) << movie.status();
  EXPECT_EQ(movie->movie_description(), name_);
}

TEST_F(ResolverTest, AnEmptyNameMakesACallAllTheSame) {
  TestScheme()->NewScript("")->on_build = [this](ClientConnection& connection) {
    EXPECT_TRUE(connection.UpdateState({{a_.address()}}).ok());
  };
  EXPECT_EQ(Ask(LoopbackChannel("test:///")), "a");
}

// The build sets http_proxy to a proxy that is not there.
TEST_F(ResolverTest, NoHttpProxyIsAskedForOurNames) {
  StartsWith({{a_.address()}});
  EXPECT_EQ(
      Ask(grpc::CreateChannel(target_, grpc::InsecureChannelCredentials())),
      "a");
}

TEST(RegisterResolverTest, RefusesWhatIsNoScheme) {
  for (const char* scheme : {"", "1st", "-a", "Movies", "movies:", "my_movies",
                             "movies/", "mövies"}) {
    EXPECT_EQ(
        RegisterResolver(std::make_shared<ScriptedBuilder>(scheme)).code(),
        absl::StatusCode::kInvalidArgument)
        << scheme;
  }
}

TEST(RegisterResolverTest, RefusesTheSchemesOfGrpc) {
  for (const char* scheme :
       {"dns", "ipv4", "ipv6", "unix", "unix-abstract", "xds", "fake",
        "google-c2p", "google-c2p-experimental"}) {
    const absl::Status status =
        RegisterResolver(std::make_shared<ScriptedBuilder>(scheme));
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << scheme;
    EXPECT_THAT(std::string(status.message()), HasSubstr("gRPC's own"));
  }
}

TEST(RegisterResolverTest, RefusesASecondResolverForAScheme) {
  EXPECT_EQ(RegisterResolver(std::make_shared<ScriptedBuilder>("test")).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(RegisterResolverTest, IsTooLateOnceThereWasAChannel) {
  LoopbackChannel("test:///whatever").reset();
  const absl::Status status =
      RegisterResolver(std::make_shared<ScriptedBuilder>("late"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("before the program's first channel"));
}

// Has no servers and says so.
class DownBuilder : public ResolverBuilder {
 public:
  std::string Scheme() const override { return "test2"; }

  absl::StatusOr<std::unique_ptr<Resolver>> Build(
      const ResolverTarget& target,
      std::shared_ptr<ClientConnection> connection) override {
    connection->ReportError(absl::UnavailableError(
        absl::StrCat("all is down at ", target.endpoint())));
    return std::make_unique<Resolver>();
  }
};

absl::Status RegisterAll() {
  absl::Status status = RegisterResolver(TestScheme());
  if (!status.ok()) return status;
  return RegisterResolver(std::make_shared<DownBuilder>());
}

}  // namespace
}  // namespace support

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const absl::Status status = support::RegisterAll();
  if (!status.ok()) {
    std::cerr << status << std::endl;
    return 1;
  }
  return RUN_ALL_TESTS();
}
