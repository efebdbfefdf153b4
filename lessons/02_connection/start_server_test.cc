#include "start_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::HasSubstr;

// Answers every GetMovie with a movie of the ID that was asked for.
class EchoService : public v1::MoviesService::Service {
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID* request,
                        v1::Movie* response) override {
    response->set_mid(request->mid());
    return grpc::Status::OK;
  }
};

grpc::Status CallGetMovie(int port) {
  auto stub = v1::MoviesService::NewStub(
      support::LoopbackChannel(absl::StrCat("127.0.0.1:", port)));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(5));
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie response;
  return stub->GetMovie(&context, request, &response);
}

TEST(StartServerTest, ListensOnAPortOfTheSystemsChoice) {
  EchoService service;
  absl::StatusOr<RunningServer> running = StartServer("127.0.0.1:0", &service);
  ASSERT_TRUE(running.ok())
      << "StartServer returned " << running.status()
      << ". A ServerBuilder needs to know where to listen, with which "
         "credentials, and for which service; BuildAndStart() then returns the "
         "server.";
  EXPECT_GT(running->port, 0)
      << "The system picked a port. AddListeningPort's third argument says "
         "where to put it; BuildAndStart() fills it in, and not before.";
}

TEST(StartServerTest, AnswersTheServicesCalls) {
  EchoService service;
  absl::StatusOr<RunningServer> running = StartServer("127.0.0.1:0", &service);
  ASSERT_TRUE(running.ok()) << running.status();
  grpc::Status status = CallGetMovie(running->port);
  EXPECT_TRUE(status.ok())
      << "A call to port " << running->port
      << " failed: " << status.error_message() << " (code "
      << status.error_code()
      << "). UNIMPLEMENTED (12) means that no service was registered; "
         "UNAVAILABLE (14) that nothing listens on the port.";
}

TEST(StartServerTest, TwoServersGetPortsOfTheirOwn) {
  EchoService service;
  absl::StatusOr<RunningServer> first = StartServer("127.0.0.1:0", &service);
  ASSERT_TRUE(first.ok()) << first.status();
  EchoService other_service;
  absl::StatusOr<RunningServer> second =
      StartServer("127.0.0.1:0", &other_service);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_GT(first->port, 0) << "The first server's port was not kept.";
  ASSERT_GT(second->port, 0) << "The second server's port was not kept.";
  EXPECT_NE(first->port, second->port)
      << "Port 0 asks for a free port; a fixed one can be had once.";
}

TEST(StartServerTest, SharesItsPortWithNoOtherServer) {
  EchoService service;
  absl::StatusOr<RunningServer> first = StartServer("127.0.0.1:0", &service);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_GT(first->port, 0) << "The first server's port was not kept.";
  EchoService other_service;
  absl::StatusOr<RunningServer> second =
      StartServer(absl::StrCat("127.0.0.1:", first->port), &other_service);
  ASSERT_FALSE(second.ok() && second->server == nullptr)
      << "StartServer returned OK without a server: BuildAndStart() returned "
         "null, because the port is taken.";
  EXPECT_FALSE(second.ok())
      << "Two servers share port " << first->port
      << ", and each gets some of the connections. The builder above the hole "
         "forbids that: use it.";
}

TEST(StartServerTest, SaysSoWhenThePortIsTaken) {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_NE(taken, -1);
  absl::Cleanup close_taken = [taken] { close(taken); };
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &length),
            0);
  const std::string in_use =
      absl::StrCat("127.0.0.1:", ntohs(address.sin_port));

  EchoService service;
  absl::StatusOr<RunningServer> running = StartServer(in_use, &service);
  ASSERT_FALSE(running.ok()) << "Another program listens on " << in_use
                             << ". BuildAndStart() then returns null: check "
                                "that.";
  EXPECT_EQ(running.status().code(), absl::StatusCode::kUnavailable)
      << running.status();
  EXPECT_THAT(std::string(running.status().message()), HasSubstr(in_use))
      << "The error should name the address, or nobody knows what to free.";
}

}  // namespace
}  // namespace movies
