#include "support/server_program.h"

#include <signal.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

using ::testing::HasSubstr;

TEST(ServerProgramTest, SaysWhereItListensAndStopsWhenTold) {
  testing::internal::CaptureStdout();
  StopSignals stop_signals;
  ConsoleLog log;
  raise(SIGTERM);  // Held back until the server waits for it.
  movies::v1::MoviesService::Service service;
  EXPECT_EQ(ServeUntilStopped("127.0.0.1:0", stop_signals, log,
                              [&](grpc::ServerBuilder& builder) {
                                builder.RegisterService(&service);
                              }),
            0);
  const std::string output = testing::internal::GetCapturedStdout();
  EXPECT_THAT(output, testing::ContainsRegex("port [1-9][0-9]*\\."));
  EXPECT_THAT(output, HasSubstr("Stopping"));
}

TEST(ServerProgramTest, SaysWhyItCannotListen) {
  movies::v1::MoviesService::Service service;
  TestServer other(&service);
  testing::internal::CaptureStderr();
  StopSignals stop_signals;
  ConsoleLog log;
  EXPECT_EQ(ServeUntilStopped(other.address(), stop_signals, log,
                              [&](grpc::ServerBuilder& builder) {
                                builder.RegisterService(&service);
                              }),
            1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("Cannot listen on " + other.address()));
}

}  // namespace
}  // namespace support
