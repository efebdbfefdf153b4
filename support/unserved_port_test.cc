#include "support/unserved_port.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

constexpr std::chrono::seconds kPatience{20};

std::chrono::system_clock::time_point Soon() {
  return std::chrono::system_clock::now() + kPatience;
}

// Goes on until the channel is in the state; false if it takes too long.
bool Reaches(grpc::Channel& channel, grpc_connectivity_state wanted) {
  const auto deadline = Soon();
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  while (state != wanted) {
    if (!channel.WaitForStateChange(state, deadline)) return false;
    state = channel.GetState(/*try_to_connect=*/true);
  }
  return true;
}

TEST(UnservedPortTest, RefusesConnections) {
  UnservedPort port;
  EXPECT_TRUE(Reaches(*LoopbackChannel(port.address()),
                      GRPC_CHANNEL_TRANSIENT_FAILURE));
}

TEST(UnservedPortTest, LetsAServerListenAndKeepThePort) {
  auto port = std::make_unique<UnservedPort>();
  movies::v1::MoviesService::Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(port->address(), grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  const std::string address = port->address();
  port.reset();
  EXPECT_TRUE(Reaches(*LoopbackChannel(address), GRPC_CHANNEL_READY));
  server->Shutdown(Soon());
}

TEST(UnservedPortTest, IsTakenForWhoeverDoesNotShare) {
  UnservedPort port;
  TestServerOptions options;
  const absl::string_view address = port.address();
  ASSERT_TRUE(
      absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &options.port));
  movies::v1::MoviesService::Service service;
  EXPECT_EQ(TestServer::Start({&service}, options).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(UnservedPortTest, EachHasItsOwn) {
  UnservedPort one;
  UnservedPort two;
  EXPECT_NE(one.address(), two.address());
}

}  // namespace
}  // namespace support
