#include "get_movie.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using ::support::LoopbackChannel;
using ::support::TestServer;
using ::support::UnservedPort;

// Longer than any call here takes, and short enough to wait for a wrong answer.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);

// Has one movie, with the ID 7.
class OneMovieService final : public v1::MoviesService::Service {
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID* request,
                        v1::Movie* response) override {
    if (request->mid() != 7) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "nothing but 7 here");
    }
    response->set_mid(7);
    response->set_movie_name("Nosferatu (1922)");
    return grpc::Status::OK;
  }
};

// Does not answer until it is released, or a client has waited for too long.
class SilentService final : public v1::MoviesService::Service {
 public:
  void Release() { released_.Notify(); }

 private:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    released_.WaitForNotificationWithTimeout(kPatience);
    return grpc::Status::OK;
  }

  absl::Notification released_;
};

// A server on the port, for tests in which it comes late.
std::unique_ptr<grpc::Server> ServeOn(const UnservedPort& port,
                                      grpc::Service* service) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(port.address(), grpc::InsecureServerCredentials());
  builder.RegisterService(service);
  return builder.BuildAndStart();
}

// Tries to connect again 100 ms after a failure, instead of the usual second.
std::shared_ptr<grpc::Channel> EagerChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return LoopbackChannel(address, arguments);
}

TEST(GetMovieTest, ReturnsTheMovie) {
  OneMovieService service;
  TestServer server(&service);
  absl::StatusOr<v1::Movie> movie = GetMovie(server.NewChannel(), 7);
  ASSERT_TRUE(movie.ok())
      << "GetMovie returned " << movie.status()
      << ". NewStub() makes a stub from a channel; its GetMovie() sends the "
         "request and blocks until the answer is there.";
  EXPECT_EQ(movie->mid(), 7);
  EXPECT_EQ(movie->movie_name(), "Nosferatu (1922)");
}

TEST(GetMovieTest, KeepsTheCodeAndTheMessageOfAFailure) {
  OneMovieService service;
  TestServer server(&service);
  absl::StatusOr<v1::Movie> movie = GetMovie(server.NewChannel(), 8);
  ASSERT_FALSE(movie.ok())
      << "The server answered NOT_FOUND, yet GetMovie returned a movie. After "
         "a failed call the response holds nothing: look at the status first.";
  EXPECT_EQ(movie.status().code(), absl::StatusCode::kNotFound)
      << "grpc::StatusCode and absl::StatusCode number the codes alike, so "
         "that a cast keeps the code. The server answered NOT_FOUND; GetMovie "
         "returned "
      << movie.status();
  EXPECT_EQ(movie.status().message(), "nothing but 7 here")
      << "The message is the server's; keep it.";
}

TEST(GetMovieTest, FailsAtOnceIfNobodyListens) {
  UnservedPort port;
  GetMovieOptions options;
  options.timeout = kPatience;
  const absl::Time start = absl::Now();
  absl::StatusOr<v1::Movie> movie =
      GetMovie(LoopbackChannel(port.address()), 7, options);
  EXPECT_EQ(movie.status().code(), absl::StatusCode::kUnavailable)
      << "Nobody listens on the port and wait_for_ready is false, so the call "
         "should fail as soon as connecting has failed. GetMovie returned "
      << movie.status();
  EXPECT_LT(absl::Now() - start, kPatience)
      << "It waited for its deadline instead.";
}

TEST(GetMovieTest, EndsAtItsDeadlineIfTheServerDoesNotAnswer) {
  SilentService service;
  TestServer server(&service);
  GetMovieOptions options;
  options.timeout = absl::Milliseconds(150);
  const absl::Time start = absl::Now();
  absl::StatusOr<v1::Movie> movie = GetMovie(server.NewChannel(), 7, options);
  const absl::Duration took = absl::Now() - start;
  service.Release();
  EXPECT_EQ(movie.status().code(), absl::StatusCode::kDeadlineExceeded)
      << "The server accepted the call and did not answer, so GetMovie, with "
         "a timeout of "
      << options.timeout
      << ", should have failed. Without a deadline in the ClientContext a "
         "client waits for ever; here the test let the server answer after "
      << kPatience
      << ". The deadline is a moment, now + timeout. GetMovie returned "
      << movie.status() << " after " << took << ".";
  // The deadline travels with millisecond precision.
  EXPECT_GE(took, options.timeout - absl::Milliseconds(2))
      << "The call ended before the timeout of " << options.timeout
      << ". Is the timeout's unit right?";
}

TEST(GetMovieTest, WaitsForTheServerIfToldTo) {
  UnservedPort port;
  std::shared_ptr<grpc::Channel> channel = EagerChannel(port.address());
  GetMovieOptions options;
  options.timeout = absl::Seconds(20);
  options.wait_for_ready = true;
  absl::Notification calling;
  std::future<absl::StatusOr<v1::Movie>> call =
      std::async(std::launch::async, [&] {
        calling.Notify();
        return GetMovie(channel, 7, options);
      });
  calling.WaitForNotification();
  if (call.wait_for(std::chrono::milliseconds(200)) ==
      std::future_status::ready) {
    FAIL() << "With wait_for_ready a call that finds no server waits for one; "
              "the ClientContext has a setter for it. GetMovie returned "
           << call.get().status() << " before there was a server.";
  }

  OneMovieService service;
  std::unique_ptr<grpc::Server> server = ServeOn(port, &service);
  ASSERT_NE(server, nullptr);
  absl::StatusOr<v1::Movie> movie = call.get();
  EXPECT_TRUE(movie.ok())
      << "The server has come, and the call that waited for "
         "it should succeed. GetMovie returned "
      << movie.status();
}

TEST(GetMovieTest, WaitsForTheServerOnlyUntilItsDeadline) {
  UnservedPort port;
  std::shared_ptr<grpc::Channel> channel = EagerChannel(port.address());
  GetMovieOptions options;
  options.timeout = absl::Milliseconds(150);
  options.wait_for_ready = true;
  std::future<absl::StatusOr<v1::Movie>> call = std::async(
      std::launch::async, [&] { return GetMovie(channel, 7, options); });
  // A call without a deadline is rescued by a server.
  OneMovieService service;
  std::unique_ptr<grpc::Server> rescue;
  if (call.wait_for(absl::ToChronoSeconds(kPatience)) !=
      std::future_status::ready) {
    rescue = ServeOn(port, &service);
  }
  absl::StatusOr<v1::Movie> movie = call.get();
  EXPECT_EQ(movie.status().code(), absl::StatusCode::kDeadlineExceeded)
      << "The deadline bounds the whole call, waiting for the server included. "
         "GetMovie returned "
      << movie.status();
}

}  // namespace
}  // namespace movies
