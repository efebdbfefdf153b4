// Targets that name their servers' addresses themselves: lists of IPv4 and IPv6
// addresses, sockets of the machine, and what gRPC makes of a target that is
// none. For names that DNS knows see dns_test.cc.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using ::support::LoopbackChannel;
using ::support::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class SchemesTest : public ::testing::Test {
 protected:
  std::unique_ptr<v1::MoviesService::Stub> NewStub(
      const std::string& target, grpc::ChannelArguments arguments = {}) {
    return v1::MoviesService::NewStub(LoopbackChannel(target, arguments));
  }

  Answer Call(const std::string& target) {
    return CallBackend(*NewStub(target));
  }

  // A server at this address of gRPC's: "[::1]:0", "unix:/run/movies.sock".
  // Null if it cannot listen there. Sets `port` to its port, if it has one.
  std::unique_ptr<grpc::Server> ServeOn(const std::string& address,
                                        int* port = nullptr) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), port);
    builder.RegisterService(&service_);
    return builder.BuildAndStart();
  }

  MovieStore store_;
  CatalogueService service_{&store_};
};

TEST_F(SchemesTest, ATargetWithoutASchemeIsOneForDns) {
  // An address needs no look-up, but it is the DNS resolver that says so.
  TestServer server(&service_);
  for (const std::string prefix : {"", "dns:", "dns:///"}) {
    const Answer answer = Call(prefix + server.address());
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.backend, "ipv4:" + server.address());
  }
}

TEST_F(SchemesTest, Ipv4NamesOneAddressOrMany) {
  TestServer first(&service_);
  TestServer second(&service_);
  EXPECT_EQ(Call("ipv4:" + first.address()).backend, "ipv4:" + first.address());
  EXPECT_EQ(Call("ipv4:///" + first.address()).backend,
            "ipv4:" + first.address());
  // By default a channel uses the first one that it reaches, and no other.
  const auto stub =
      NewStub(absl::StrCat("ipv4:", first.address(), ",", second.address()));
  EXPECT_THAT(CallsPerBackend(*stub, 10),
              ElementsAre(Pair("ipv4:" + first.address(), 10)));
}

TEST_F(SchemesTest, AnAddressThatNobodyServesIsPassedOver) {
  support::UnservedPort nobody;
  TestServer server(&service_);
  EXPECT_EQ(Call(absl::StrCat("ipv4:", nobody.address(), ",", server.address()))
                .backend,
            "ipv4:" + server.address());
}

TEST_F(SchemesTest, IfNobodyServesAnyTheCallFails) {
  support::UnservedPort one;
  support::UnservedPort other;
  const grpc::Status status =
      Call(absl::StrCat("ipv4:", one.address(), ",", other.address())).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(),
              HasSubstr("failed to connect to all addresses"));
}

TEST_F(SchemesTest, Ipv6AddressesStandInBrackets) {
  int port = 0;
  const std::unique_ptr<grpc::Server> server = ServeOn("[::1]:0", &port);
  if (server == nullptr || port == 0) {
    GTEST_SKIP() << "This machine has no IPv6 loopback address, ::1.";
  }
  // In the peer, as in any URI, the brackets are escaped.
  const std::string peer = absl::StrCat("ipv6:%5B::1%5D:", port);
  EXPECT_EQ(Call(absl::StrCat("ipv6:[::1]:", port)).backend, peer);
  EXPECT_EQ(Call(absl::StrCat("ipv6:[::1]:1,[::1]:", port)).backend, peer);
  EXPECT_EQ(Call(absl::StrCat("[::1]:", port)).backend, peer);
  // Without the brackets it is not clear where the port begins.
  EXPECT_EQ(Call(absl::StrCat("ipv6:::1:", port)).status.error_code(),
            grpc::StatusCode::UNKNOWN);
}

// A folder for sockets. Their paths must be short, so that of the test will not
// do.
class UnixTest : public SchemesTest {
 protected:
  void SetUp() override {
    std::string name = "/tmp/movies.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string folder_;
};

TEST_F(UnixTest, ASocketIsAFileOfTheMachine) {
  const std::string path = folder_ + "/movies.sock";
  const std::unique_ptr<grpc::Server> server = ServeOn("unix:" + path);
  ASSERT_NE(server, nullptr);
  for (const std::string prefix : {"unix:", "unix://"}) {
    const Answer answer = Call(prefix + path);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.backend, "unix:" + path);
  }
}

TEST_F(UnixTest, WithoutAServerThereIsNoFile) {
  const std::string path = folder_ + "/movies.sock";
  const grpc::Status status = Call("unix:" + path).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("No such file"));
}

TEST_F(UnixTest, AServerThatComesBackIsFoundAgain) {
  const std::string path = folder_ + "/movies.sock";
  std::unique_ptr<grpc::Server> server = ServeOn("unix:" + path);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  const auto stub = NewStub("unix:" + path, arguments);
  EXPECT_TRUE(CallBackend(*stub).status.ok());

  server->Shutdown();
  server.reset();
  EXPECT_EQ(CallBackend(*stub).status.error_code(),
            grpc::StatusCode::UNAVAILABLE);

  server = ServeOn("unix:" + path);
  CallOptions patient;
  patient.wait_for_ready = true;
  EXPECT_TRUE(CallBackend(*stub, patient).status.ok());
}

TEST_F(UnixTest, APathHasAtMost107Bytes) {
  std::string path = folder_ + "/";
  path.resize(107, 'm');
  EXPECT_NE(ServeOn("unix:" + path), nullptr);
  EXPECT_EQ(ServeOn("unix:" + path + "m"), nullptr);
}

TEST_F(UnixTest, AnAbstractSocketNeedsNoFile) {
  const std::string name = absl::StrCat("unix-abstract:", folder_);
  const std::unique_ptr<grpc::Server> server = ServeOn(name);
  ASSERT_NE(server, nullptr);
  const Answer answer = Call(name);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.backend, name);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// A target that gRPC cannot take is no error when the channel is created. Each
// call fails at once, and why is in gRPC's log alone.
class BadTargetTest : public SchemesTest,
                      public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    , BadTargetTest,
    ::testing::Values("ipv4:127.0.0.1",                 // No port.
                      "ipv4:127.0.0.1:99999",           // No such port.
                      "ipv4:localhost:50051",           // A name.
                      "ipv4:127.0.0.1:1, 127.0.0.1:2",  // A blank.
                      "ipv4://127.0.0.1:50051",         // An authority.
                      "unix://host/run/movies.sock",    // The same.
                      "dns://127.0.0.1:50051",          // The same.
                      "dns:///", ""));                  // No name.

TEST_P(BadTargetTest, FailsEachCallAtOnce) {
  const auto stub = NewStub(GetParam());
  for (const bool wait_for_ready : {false, true}) {
    CallOptions options;
    options.wait_for_ready = wait_for_ready;
    const grpc::Status status = CallBackend(*stub, options).status;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
    EXPECT_EQ(status.error_message(), "Failed to create secure client channel");
  }
}

TEST_F(SchemesTest, AnEmptyListIsNoServer) {
  const grpc::Status status = Call("ipv4:").status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("empty address list"));
}

TEST_F(SchemesTest, AnUnknownSchemeIsTakenForTheNameOfAHost) {
  // A part of a name has 63 letters at most (RFC 1035), so nobody is asked for
  // this one, whatever the machine's network.
  const std::string target = std::string(64, 'm') + ":///drama";
  const grpc::Status status = Call(target).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(),
              HasSubstr("DNS resolution failed for " + target));
}

}  // namespace
}  // namespace movies
