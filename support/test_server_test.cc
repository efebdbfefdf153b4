#include "support/test_server.h"

#include <grpc/grpc.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/client_interceptor.h>

#include <asio.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"

namespace support {
namespace {

using movies::v1::Movie;
using movies::v1::MovieID;
using movies::v1::MoviesService;

// Only a broken server makes a test wait that long.
constexpr std::chrono::seconds kPatience{30};
constexpr absl::Duration kAbslPatience = absl::Seconds(30);

// Answers with a movie that has the ID.
class EchoMovies : public MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* /*context*/,
                        const MovieID* request, Movie* response) override {
    response->set_mid(request->mid());
    return grpc::Status::OK;
  }
};

// The same by the callback API.
class CallbackEchoMovies : public MoviesService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const MovieID* request,
                                     Movie* response) override {
    response->set_mid(request->mid());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// Answers one call, and only once it is cancelled.
class HangingMovies : public MoviesService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* /*context*/,
                                     const MovieID* /*request*/,
                                     Movie* /*response*/) override {
    return new Reactor(this);
  }

  absl::Notification started;
  absl::Notification cancelled;

 private:
  class Reactor : public grpc::ServerUnaryReactor {
   public:
    explicit Reactor(HangingMovies* service) : service_(service) {
      service_->started.Notify();
    }

    void OnCancel() override {
      service_->cancelled.Notify();
      Finish(grpc::Status::CANCELLED);
    }

    void OnDone() override { delete this; }

   private:
    HangingMovies* const service_;
  };
};

class NoMethods : public grpc::Service {};

grpc::Status GetMovie(MoviesService::Stub& stub, int mid, Movie* movie) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  MovieID request;
  request.set_mid(mid);
  return stub.GetMovie(&context, request, movie);
}

// Whether the server behind the channel answers as EchoMovies does.
testing::AssertionResult Echoes(const std::shared_ptr<grpc::Channel>& channel) {
  Movie movie;
  grpc::Status status = GetMovie(*MoviesService::NewStub(channel), 42, &movie);
  if (!status.ok()) {
    return testing::AssertionFailure()
           << status.error_code() << ": " << status.error_message();
  }
  if (movie.mid() != 42) {
    return testing::AssertionFailure() << "answered " << movie.mid();
  }
  return testing::AssertionSuccess();
}

int Port(absl::string_view address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return port;
}

// A call that was sent and is answered when it is.
class PendingCall {
 public:
  explicit PendingCall(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(MoviesService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    stub_->async()->GetMovie(&context_, &request_, &movie_,
                             [this](grpc::Status status) {
                               status_ = status;
                               done_.Notify();
                             });
  }

  ~PendingCall() {
    context_.TryCancel();
    done_.WaitForNotification();
  }

  grpc::Status Wait() {
    done_.WaitForNotification();
    return status_;
  }

 private:
  const std::unique_ptr<MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  MovieID request_;
  Movie movie_;
  grpc::Status status_;
  absl::Notification done_;
};

TEST(TestServerTest, ServesASyncService) {
  EchoMovies service;
  TestServer server(&service);
  EXPECT_TRUE(Echoes(server.NewChannel()));
}

TEST(TestServerTest, ServesACallbackService) {
  CallbackEchoMovies service;
  TestServer server(&service);
  EXPECT_TRUE(Echoes(server.NewChannel()));
}

TEST(TestServerTest, ServesAListOfServices) {
  NoMethods first;
  EchoMovies second;
  TestServer server({&first, &second});
  EXPECT_TRUE(Echoes(server.NewChannel()));
}

TEST(TestServerTest, ServersListenOnPortsOfTheirOwn) {
  EchoMovies service;
  TestServer server1(&service);
  TestServer server2(&service);
  EXPECT_NE(server1.address(), server2.address());
}

TEST(TestServerTest, ConfigureReachesTheBuilder) {
  EchoMovies service;
  TestServerOptions options;
  options.configure = [](grpc::ServerBuilder& builder) {
    builder.SetMaxReceiveMessageSize(1);
  };
  TestServer server(&service, options);
  Movie movie;
  EXPECT_EQ(GetMovie(*MoviesService::NewStub(server.NewChannel()), 42, &movie)
                .error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(TestServerTest, ListensOnTheGivenPort) {
  // Bound but not listening keeps the port for whoever, like gRPC, reuses
  // addresses, and gives it to nobody who asks for a free one.
  asio::io_context io;
  asio::ip::tcp::acceptor reserved(io, asio::ip::tcp::v4());
  reserved.set_option(asio::ip::tcp::acceptor::reuse_address(true));
  reserved.bind({asio::ip::address_v4::loopback(), 0});

  EchoMovies service;
  TestServerOptions options;
  options.port = reserved.local_endpoint().port();
  TestServer server(&service, options);
  EXPECT_EQ(Port(server.address()), options.port);
  EXPECT_TRUE(Echoes(server.NewChannel()));
}

TEST(TestServerTest, StartReturnsAServer) {
  EchoMovies service;
  absl::StatusOr<std::unique_ptr<TestServer>> server =
      TestServer::Start({&service});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(Echoes((*server)->NewChannel()));
}

TEST(TestServerTest, StartRefusesAPortThatIsTaken) {
  EchoMovies service;
  TestServer first(&service);
  TestServerOptions options;
  options.port = Port(first.address());
  absl::Status status = TestServer::Start({&service}, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find(first.address()), absl::string_view::npos)
      << status;
}

TEST(TestServerDeathTest, ConstructorEndsTheProgramIfTheServerCannotStart) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EchoMovies service;
  TestServer first(&service);
  TestServerOptions options;
  options.port = Port(first.address());
  EXPECT_DEATH(TestServer(&service, options),
               "TestServer could not start on 127.0.0.1:");
}

TEST(TestServerTest, DestructorCancelsCallsInFlight) {
  HangingMovies service;
  std::optional<TestServer> server(&service);
  PendingCall call(server->NewChannel());
  ASSERT_TRUE(service.started.WaitForNotificationWithTimeout(kAbslPatience));
  server.reset();
  EXPECT_TRUE(service.cancelled.HasBeenNotified());
  const grpc::StatusCode code = call.Wait().error_code();
  EXPECT_NE(code, grpc::StatusCode::OK);
  EXPECT_NE(code, grpc::StatusCode::DEADLINE_EXCEEDED)
      << "the client gave up before the server did";
}

TEST(TestServerTest, DestructorDoesNotWaitLongerThanCallsTake) {
  HangingMovies service;
  TestServerOptions options;
  options.grace = kAbslPatience;
  std::optional<TestServer> server(std::in_place, &service, options);
  {
    PendingCall call(server->NewChannel());
    ASSERT_TRUE(service.started.WaitForNotificationWithTimeout(kAbslPatience));
  }  // Cancelled by the client, just before the server goes.
  const absl::Time start = absl::Now();
  server.reset();
  EXPECT_LT(absl::Now() - start, kAbslPatience / 2);
}

TEST(TestServerTest, MayBeShutDownEarly) {
  EchoMovies service;
  TestServer server(&service);
  std::shared_ptr<grpc::Channel> channel = server.NewChannel();
  ASSERT_TRUE(Echoes(channel));
  server.server().Shutdown();
  Movie movie;
  EXPECT_EQ(GetMovie(*MoviesService::NewStub(channel), 42, &movie).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(TestServerTest, NewChannelPassesItsArgumentsOn) {
  EchoMovies service;
  TestServer server(&service);
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(1);
  Movie movie;
  EXPECT_EQ(
      GetMovie(*MoviesService::NewStub(server.NewChannel(args)), 42, &movie)
          .error_code(),
      grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(TestServerTest, ServesWithTheGivenCredentials) {
  EchoMovies service;
  TestServerOptions options;
  options.credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  TestServer server(&service, options);
  LoopbackOptions local;
  local.credentials = grpc::experimental::LocalCredentials(LOCAL_TCP);
  EXPECT_TRUE(Echoes(server.NewChannel(std::move(local))));
}

// Answers instead of a server, which is then not called.
class AnsweringInterceptor : public grpc::experimental::Interceptor {
 public:
  class Factory : public grpc::experimental::ClientInterceptorFactoryInterface {
   public:
    grpc::experimental::Interceptor* CreateClientInterceptor(
        grpc::experimental::ClientRpcInfo*) override {
      return new AnsweringInterceptor;
    }
  };

  void Intercept(
      grpc::experimental::InterceptorBatchMethods* methods) override {
    using Hook = grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Hook::PRE_SEND_INITIAL_METADATA)) {
      methods->Hijack();
      return;
    }
    if (methods->QueryInterceptionHookPoint(Hook::PRE_RECV_MESSAGE)) {
      static_cast<Movie*>(static_cast<google::protobuf::MessageLite*>(
                              methods->GetRecvMessage()))
          ->set_mid(42);
    }
    methods->Proceed();
  }
};

TEST(LoopbackChannelTest, HasTheGivenInterceptors) {
  LoopbackOptions options;
  options.interceptors.push_back(
      std::make_unique<AnsweringInterceptor::Factory>());
  EXPECT_TRUE(Echoes(LoopbackChannel("127.0.0.1:1", std::move(options))));
}

TEST(LoopbackChannelTest, IgnoresTheHttpProxyOfTheEnvironment) {
  ASSERT_NE(std::getenv("http_proxy"), nullptr) << "the BUILD file sets it";
  EchoMovies service;
  TestServer server(&service);
  EXPECT_TRUE(Echoes(LoopbackChannel(server.address())));
}

// A server of `service`, which must outlive it, behind a proxy.
class ProxiedServer {
 public:
  explicit ProxiedServer(grpc::Service* service,
                         const TestServerOptions& options = {})
      : server_(service, options),
        proxy_(TcpProxy::Start(server_.address()).value()) {}

  TcpProxy& proxy() { return *proxy_; }

  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments args = {}) {
    return LoopbackChannel(proxy_->address(), args);
  }

 private:
  TestServer server_;
  const std::unique_ptr<TcpProxy> proxy_;
};

TEST(ProxiedServerTest, CallsOnOneChannelShareOneConnection) {
  EchoMovies service;
  ProxiedServer server(&service);
  std::shared_ptr<grpc::Channel> channel = server.NewChannel();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Echoes(channel));
  EXPECT_EQ(server.proxy().accepted_connections(), 1);
}

TEST(ProxiedServerTest, EqualChannelsShareNoConnection) {
  EchoMovies service;
  ProxiedServer server(&service);
  EXPECT_TRUE(Echoes(server.NewChannel()));
  std::shared_ptr<grpc::Channel> channel1 = server.NewChannel();
  std::shared_ptr<grpc::Channel> channel2 = server.NewChannel();
  EXPECT_TRUE(Echoes(channel1));
  EXPECT_TRUE(Echoes(channel2));
  EXPECT_EQ(server.proxy().accepted_connections(), 3);
}

TEST(ProxiedServerTest, AChannelSurvivesDroppedConnections) {
  EchoMovies service;
  ProxiedServer server(&service);
  std::shared_ptr<grpc::Channel> channel = server.NewChannel();
  ASSERT_TRUE(Echoes(channel));
  server.proxy().DropConnections();
  ASSERT_TRUE(channel->WaitForStateChange(
      GRPC_CHANNEL_READY, std::chrono::system_clock::now() + kPatience));
  EXPECT_TRUE(Echoes(channel));
  EXPECT_EQ(server.proxy().accepted_connections(), 2);
}

TEST(ProxiedServerTest, KeepaliveNoticesABlackHoleThatHidesFromTheServer) {
  HangingMovies service;
  TestServerOptions options;
  options.configure = [](grpc::ServerBuilder& builder) {
    builder.AddChannelArgument(
        GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1);
  };
  ProxiedServer server(&service, options);
  grpc::ChannelArguments keepalive;
  keepalive.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 100);
  keepalive.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 500);
  keepalive.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  PendingCall call(server.NewChannel(keepalive));
  ASSERT_TRUE(service.started.WaitForNotificationWithTimeout(kAbslPatience));

  server.proxy().BlackHole();
  grpc::Status status = call.Wait();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << status.error_message();
  EXPECT_FALSE(service.cancelled.HasBeenNotified())
      << "the server noticed, so this was no black hole";
}

}  // namespace
}  // namespace support
