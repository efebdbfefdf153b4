// What becomes of a client that pings more often than its server allows, and
// what the server has to say to allow it.
//
// First frame by frame, for gRPC's API does not show GOAWAY: these tests speak
// HTTP/2 over a plain socket. Then as a gRPC client sees it.

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "ping_policy.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::support::TestServer;
using ::support::TestServerOptions;

TestServerOptions AllowingPings() {
  TestServerOptions options;
  options.configure = [](grpc::ServerBuilder& builder) {
    AllowPings(builder, absl::ZeroDuration());
  };
  return options;
}

// RFC 9113, sections 6 and 7.
constexpr int kSettings = 4;
constexpr int kPing = 6;
constexpr int kGoaway = 7;
constexpr int kAck = 1;
constexpr std::uint32_t kEnhanceYourCalm = 11;

struct Frame {
  int type = -1;  // None: the connection was closed, or the time was up.
  int flags = 0;
  std::string payload;
};

std::uint32_t BigEndian(absl::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return value;
}

// The client's end of an HTTP/2 connection that carries no calls.
class Http2Client {
 public:
  // Connects to "127.0.0.1:PORT".
  explicit Http2Client(absl::string_view server) {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(server.substr(server.rfind(':') + 1), &port));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)),
              0);
    const timeval patience = {20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    SendFrame(kSettings, "");
  }

  ~Http2Client() { close(socket_); }

  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  void Ping() { SendFrame(kPing, "question"); }

  // Returns the next frame that answers a ping or says goodbye.
  Frame NextAnswer() {
    while (true) {
      Frame frame = Next();
      if (frame.type == -1 || frame.type == kGoaway ||
          (frame.type == kPing && (frame.flags & kAck) != 0)) {
        return frame;
      }
    }
  }

 private:
  // A frame of less than 256 bytes, without flags, on stream 0.
  void SendFrame(int type, absl::string_view payload) {
    std::string frame(9, '\0');
    frame[2] = static_cast<char>(payload.size());
    frame[3] = static_cast<char>(type);
    frame.append(payload.data(), payload.size());
    Send(frame);
  }

  void Send(absl::string_view bytes) {
    // The server may have closed already; reading will tell.
    (void)!send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  Frame Next() {
    Frame frame;
    const std::string header = Receive(9);
    if (header.size() < 9) return frame;
    frame.payload = Receive(BigEndian(header.substr(0, 3)));
    frame.type = static_cast<unsigned char>(header[3]);
    frame.flags = static_cast<unsigned char>(header[4]);
    return frame;
  }

  // Returns so many bytes, or fewer if the connection ends.
  std::string Receive(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t received = recv(socket_, &bytes[0], size, MSG_WAITALL);
    bytes.resize(received > 0 ? received : 0);
    return bytes;
  }

  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST(PingFramesTest, AServerAnswersAPing) {
  v1::MoviesService::Service service;
  TestServer server(&service);
  Http2Client client(server.address());
  client.Ping();
  const Frame answer = client.NextAnswer();
  EXPECT_EQ(answer.type, kPing);
  EXPECT_EQ(answer.payload, "question") << "An answer repeats what was sent.";
}

TEST(PingFramesTest, AServerSendsGoawayAfterTooManyPings) {
  v1::MoviesService::Service service;
  TestServer server(&service);
  Http2Client client(server.address());
  // The first is fine, and so early another one counts against the client.
  // Two strikes are forgiven.
  for (int i = 0; i < 10; ++i) client.Ping();
  Frame answer = client.NextAnswer();
  while (answer.type == kPing) answer = client.NextAnswer();
  ASSERT_EQ(answer.type, kGoaway);
  // The last stream's ID, an error code, and text.
  ASSERT_GE(answer.payload.size(), 8u);
  EXPECT_EQ(BigEndian(answer.payload.substr(4, 4)), kEnhanceYourCalm);
  EXPECT_EQ(answer.payload.substr(8), "too_many_pings");
}

TEST(PingFramesTest, AServerThatAllowsPingsAnswersAllOfThem) {
  v1::MoviesService::Service service;
  TestServer server(&service, AllowingPings());
  Http2Client client(server.address());
  for (int i = 0; i < 100; ++i) client.Ping();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(client.NextAnswer().type, kPing) << "instead of answer " << i;
  }
}

// Holds every call until the test releases them.
class HoldingService final : public v1::MoviesService::Service {
 public:
  void Release() { released_.Notify(); }

 private:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    released_.WaitForNotificationWithTimeout(absl::Seconds(20));
    return grpc::Status::OK;
  }

  absl::Notification released_;
};

std::future<grpc::Status> StartCall(const TestServer& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return std::async(std::launch::async, [channel =
                                             server.NewChannel(arguments)] {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    v1::Movie movie;
    return v1::MoviesService::NewStub(channel)->GetMovie(&context,
                                                         v1::MovieID(), &movie);
  });
}

// Takes about four seconds: however short its keepalive interval, gRPC's client
// leaves a second between two pings.
TEST(TooManyPingsTest, FailTheCallsInFlight) {
  HoldingService service;
  TestServer strict(&service);
  TestServer tolerant(&service, AllowingPings());
  std::future<grpc::Status> strict_call = StartCall(strict);
  std::future<grpc::Status> tolerant_call = StartCall(tolerant);

  const grpc::Status status = strict_call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "Too many pings");

  // Meanwhile the other client has pinged as often.
  service.Release();
  EXPECT_TRUE(tolerant_call.get().ok());
}

}  // namespace
}  // namespace movies
