// Names that DNS knows, "dns://SERVER/NAME:PORT", looked up by a real DNS
// server, Debian's dnsmasq. Without a server in the target gRPC asks the ones
// that the machine is set up with.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <asio.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/dns_server.h"
#include "support/free_port.h"
#include "support/steady_clock.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::DnsServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kRoundRobin[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}]})";

// Servers of the movie service on several addresses of this machine, all on the
// same port: what one name in DNS stands for. All of 127.0.0.0/8 is this
// machine.
class DnsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // A port that is free on one address may be taken on another.
    for (int attempt = 0; attempt < 10 && servers_.empty(); ++attempt) {
      const absl::StatusOr<int> port = support::FreePort();
      ASSERT_TRUE(port.ok()) << port.status();
      port_ = *port;
      for (const char* host : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
        if (!Serve(host)) {
          servers_.clear();
          break;
        }
      }
    }
    ASSERT_THAT(servers_, SizeIs(3)) << "No port is free on three addresses.";
  }

  // Starts a server on `host`, or leaves the one that runs there.
  bool Serve(const std::string& host) {
    if (servers_.count(host) > 0) return true;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat(host, ":", port_),
                             grpc::InsecureServerCredentials());
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterService(&service_);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr) return false;
    servers_[host] = std::move(server);
    return true;
  }
  void Stop(const std::string& host) {
    servers_[host]->Shutdown();
    servers_.erase(host);
  }

  void StartDns(std::vector<std::string> records) {
    absl::StatusOr<std::unique_ptr<DnsServer>> dns =
        DnsServer::Start(std::move(records));
    ASSERT_TRUE(dns.ok()) << dns.status();
    dns_ = *std::move(dns);
  }

  std::unique_ptr<v1::MoviesService::Stub> NewStub(
      const std::string& name, grpc::ChannelArguments arguments = {}) {
    return v1::MoviesService::NewStub(support::LoopbackChannel(
        absl::StrCat("dns://", dns_->address(), "/", name, ":", port_),
        std::move(arguments)));
  }

  std::string Peer(const std::string& host) const {
    return absl::StrCat("ipv4:", host, ":", port_);
  }

  // Calls until `backend` has answered. Returns whether it has.
  bool AwaitAnswerFrom(v1::MoviesService::Stub& stub,
                       const std::string& backend) {
    const absl::Time end = absl::Now() + 5 * support::Patience();
    while (absl::Now() < end) {
      if (CallBackend(stub).backend == backend) return true;
    }
    return false;
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  int port_ = 0;
  std::map<std::string, std::unique_ptr<grpc::Server>> servers_;
  std::unique_ptr<DnsServer> dns_;
};

TEST_F(DnsTest, ANameWithAnIpv4Address) {
  StartDns({"host-record=movies.test,127.0.0.2"});
  const Answer answer = CallBackend(*NewStub("movies.test"));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.backend, Peer("127.0.0.2"));
}

TEST_F(DnsTest, ANameWithAnIpv6Address) {
  if (!Serve("[::1]")) {
    GTEST_SKIP() << "This machine has no IPv6 loopback address, ::1, or the "
                    "port is taken there.";
  }
  StartDns({"host-record=movies.test,::1"});
  const Answer answer = CallBackend(*NewStub("movies.test"));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.backend, absl::StrCat("ipv6:%5B::1%5D:", port_));
}

TEST_F(DnsTest, ANameWithBothHasBoth) {
  if (!Serve("[::1]")) {
    GTEST_SKIP() << "This machine has no IPv6 loopback address, ::1, or the "
                    "port is taken there.";
  }
  StartDns({"host-record=movies.test,127.0.0.1,::1"});
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kRoundRobin);
  const auto stub = NewStub("movies.test", arguments);
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.1")));
  EXPECT_TRUE(AwaitAnswerFrom(*stub, absl::StrCat("ipv6:%5B::1%5D:", port_)));
}

TEST_F(DnsTest, ANameWithSeveralAddressesIsAListOfServers) {
  StartDns({"host-record=movies.test,127.0.0.1",
            "host-record=movies.test,127.0.0.2",
            "host-record=movies.test,127.0.0.3"});
  // Which one is the first is up to the DNS server. It gets all calls.
  EXPECT_THAT(CallsPerBackend(*NewStub("movies.test"), 9), SizeIs(1));

  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kRoundRobin);
  const auto stub = NewStub("movies.test", arguments);
  for (const auto& [host, server] : servers_) {
    EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer(host))) << host;
  }
  EXPECT_THAT(
      CallsPerBackend(*stub, 9),
      ElementsAre(Pair(Peer("127.0.0.1"), 3), Pair(Peer("127.0.0.2"), 3),
                  Pair(Peer("127.0.0.3"), 3)));
}

TEST_F(DnsTest, ANameMayStandForAnother) {
  StartDns(
      {"host-record=cinema.test,127.0.0.3", "cname=movies.test,cinema.test"});
  EXPECT_EQ(CallBackend(*NewStub("movies.test")).backend, Peer("127.0.0.3"));
}

TEST_F(DnsTest, WithoutAPortItIsTheOneOfHttps) {
  StartDns({"host-record=movies.test,127.0.0.9"});
  const auto stub = v1::MoviesService::NewStub(support::LoopbackChannel(
      absl::StrCat("dns://", dns_->address(), "/movies.test")));
  const Answer answer = CallBackend(*stub);
  // Whatever listens at all addresses of this machine listens there, too.
  if (answer.backend == "ipv4:127.0.0.9:443") return;
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("127.0.0.9:443"));
}

TEST_F(DnsTest, ANameThatDoesNotExistFailsTheCallAtOnce) {
  // DNS calls this answer NXDOMAIN.
  StartDns({"host-record=movies.test,127.0.0.1"});
  const grpc::Status status = CallBackend(*NewStub("books.test")).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(
      status.error_message(),
      HasSubstr(absl::StrCat("DNS resolution failed for books.test:", port_)));
  EXPECT_THAT(status.error_message(), HasSubstr("Domain name not found"));
}

TEST_F(DnsTest, ACallThatWaitsForReadyWaitsForTheNameToo) {
  StartDns({"host-record=cinema.test,127.0.0.1"});
  const auto stub = NewStub("movies.test");
  EXPECT_FALSE(CallBackend(*stub).status.ok());
  const absl::Status restarted =
      dns_->Restart({"host-record=movies.test,127.0.0.1"});
  ASSERT_TRUE(restarted.ok()) << restarted;
  // The resolver asks again by itself: after a second, then less often.
  CallOptions patient;
  patient.wait_for_ready = true;
  const Answer answer = CallBackend(*stub, patient);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
}

TEST_F(DnsTest, DnsIsNotAskedAgainWhileConnectionsLast) {
  StartDns({"host-record=movies.test,127.0.0.1",
            "host-record=movies.test,127.0.0.2"});
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kRoundRobin);
  // By default it is 30 seconds from one look-up to the next.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1);
  const auto stub = NewStub("movies.test", arguments);
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.1")));
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.2")));

  // A third server joins, and nobody tells the channel.
  const absl::Status restarted = dns_->Restart(
      {"host-record=movies.test,127.0.0.1", "host-record=movies.test,127.0.0.2",
       "host-record=movies.test,127.0.0.3"});
  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_THAT(
      CallsPerBackend(*stub, 30),
      ElementsAre(Pair(Peer("127.0.0.1"), 15), Pair(Peer("127.0.0.2"), 15)));

  // A connection breaks: that is when it looks the name up again.
  Stop("127.0.0.2");
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.3")));
}

// A service config for those who resolve the name, in a TXT record (gRFC A2).
constexpr char kTxtRecord[] =
    "txt-record=_grpc_config.movies.test,"
    R"(grpc_config=[{"serviceConfig":{"loadBalancingConfig":[{"round_robin":{}}]}}])";

TEST_F(DnsTest, AServiceConfigInDnsIsIgnoredByDefault) {
  StartDns({"host-record=movies.test,127.0.0.1",
            "host-record=movies.test,127.0.0.2", kTxtRecord});
  EXPECT_THAT(CallsPerBackend(*NewStub("movies.test"), 30), SizeIs(1));
}

TEST_F(DnsTest, AServiceConfigInDnsCanBeAskedFor) {
  StartDns({"host-record=movies.test,127.0.0.1",
            "host-record=movies.test,127.0.0.2", kTxtRecord});
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 0);
  const auto stub = NewStub("movies.test", arguments);
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.1")));
  EXPECT_TRUE(AwaitAnswerFrom(*stub, Peer("127.0.0.2")));
}

// A DNS server that hangs: it takes every question and answers none.
class HangingDnsTest : public ::testing::Test {
 protected:
  HangingDnsTest()
      : socket_(io_,
                asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  std::unique_ptr<v1::MoviesService::Stub> NewStub(
      grpc::ChannelArguments arguments = {}) {
    return v1::MoviesService::NewStub(support::LoopbackChannel(
        absl::StrCat("dns://127.0.0.1:", socket_.local_endpoint().port(),
                     "/movies.test:50051"),
        std::move(arguments)));
  }

  asio::io_context io_;
  asio::ip::udp::socket socket_;
};

TEST_F(HangingDnsTest, TheCallWaitsUntilItsDeadline) {
  // By default the resolver tries for longer than a minute.
  CallOptions options;
  options.timeout = absl::Milliseconds(300);
  EXPECT_EQ(CallBackend(*NewStub(), options).status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(HangingDnsTest, TheResolversTimeoutFailsTheCallBefore) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, 200);
  const absl::Time start = support::SteadyNow();
  const grpc::Status status = CallBackend(*NewStub(arguments)).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("DNS resolution failed"));
  EXPECT_GE(support::SteadyNow() - start, absl::Milliseconds(190));
  // Its calls have ten seconds.
  EXPECT_LT(support::SteadyNow() - start, absl::Seconds(9));
}

}  // namespace
}  // namespace movies
