// A demonstration: what a deadline and metadata are on the wire. Both tests
// talk to gRPC in bytes, so that they see what no gRPC program sees.
//
// A frame of HTTP/2 is 3 bytes of length, a type, flags, 4 bytes of stream ID,
// and the payload. A header that no table knows is, in its payload, a byte that
// says so, and then the length and the bytes of its name and of its value.

#include <grpcpp/grpcpp.h>

#include <array>
#include <asio.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::asio::ip::tcp;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kSettings = 4;
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

std::string Frame(char type, char flags, char stream,
                  const std::string& payload) {
  std::string frame(9, '\0');
  frame[1] = static_cast<char>(payload.size() >> 8);
  frame[2] = static_cast<char>(payload.size() & 0xff);
  frame[3] = type;
  frame[4] = flags;
  frame[8] = stream;
  return frame + payload;
}

// A header with nothing compressed. For names and values up to 126 bytes.
std::string Header(const std::string& name, const std::string& value) {
  return absl::StrCat(std::string(1, '\0'),
                      std::string(1, static_cast<char>(name.size())), name,
                      std::string(1, static_cast<char>(value.size())), value);
}

// Takes one connection, lets the client begin a call, and returns all bytes
// that it sent, up to and including the value of the header `name`.
std::string ReceiveUpToHeader(tcp::acceptor& acceptor,
                              const std::string& name) {
  tcp::socket socket = acceptor.accept();
  // A client sends no call before it has the server's settings.
  asio::write(socket, asio::buffer(Frame(kSettings, 0, 0, "")));
  std::string received;
  std::array<char, 4096> chunk;
  while (true) {
    const size_t at = received.find(name);
    if (at != std::string::npos && at + name.size() < received.size()) {
      const size_t end = at + name.size() + 1 + received[at + name.size()];
      if (end <= received.size()) return received.substr(0, end);
    }
    asio::error_code error;
    const size_t size = socket.read_some(asio::buffer(chunk), error);
    if (error) return received;
    received.append(chunk.data(), size);
  }
}

// The value of "grpc-timeout" in a call with this deadline.
std::string TimeoutOnTheWire(absl::Time deadline) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  std::future<std::string> received = std::async(
      std::launch::async,
      [&acceptor] { return ReceiveUpToHeader(acceptor, "grpc-timeout"); });
  auto stub = v1::MoviesService::NewStub(support::LoopbackChannel(
      absl::StrCat("127.0.0.1:", acceptor.local_endpoint().port())));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::Movie movie;
  // Nobody answers: when all was read, the connection is closed.
  stub->GetMovie(&context, v1::MovieID(), &movie);
  const std::string bytes = received.get();
  const size_t at = bytes.find("grpc-timeout");
  return at == std::string::npos ? "" : bytes.substr(at + 13);
}

TEST(OnTheWireTest, ADeadlineTravelsAsTheTimeThatIsLeft) {
  // Not "until 12:00:30", but "30 s from now": the two machines' clocks need
  // not agree. S is for seconds, m for milliseconds.
  const std::string timeout = TimeoutOnTheWire(absl::Now() + absl::Seconds(30));
  // Some milliseconds are over when it is sent, and the rest is rounded *up*,
  // here to tenths of a second.
  EXPECT_TRUE(timeout == "30S" || absl::EndsWith(timeout, "00m")) << timeout;
}

// Answers GetMovie, and keeps the metadata that came with it.
class ListeningService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    metadata = CopyMetadata(context->client_metadata());
    called.Notify();
    return grpc::Status::OK;
  }

  // To be read once `called` is notified.
  absl::Notification called;
  Metadata metadata;
};

TEST(OnTheWireTest, APeerCanSendWhatGrpcWouldNotSend) {
  ListeningService service;
  support::TestServer server(&service);
  asio::io_context io;
  tcp::socket socket(io);
  const std::string port =
      server.address().substr(server.address().find(':') + 1);
  asio::connect(socket, tcp::resolver(io).resolve("127.0.0.1", port));

  const std::string latin1 = "Am\xe9lie\t";
  asio::write(
      socket,
      asio::buffer(absl::StrCat(
          kPreface, Frame(kSettings, 0, 0, ""),
          Frame(
              kHeaders, kEndHeaders, 1,
              absl::StrCat(Header(":method", "POST"), Header(":scheme", "http"),
                           Header(":path", "/movies.v1.MoviesService/GetMovie"),
                           Header(":authority", "movies.test"),
                           Header("te", "trailers"),
                           Header("content-type", "application/grpc"),
                           Header("x-viewer", latin1))),
          // An empty message: not compressed, of length 0.
          Frame(kData, kEndStream, 1, std::string(5, '\0')))));

  // gRPC's library hands it to the handler. CheckMetadata() knows better; a
  // service that forwarded this unseen would end itself.
  ASSERT_TRUE(service.called.WaitForNotificationWithTimeout(absl::Seconds(5)));
  EXPECT_THAT(service.metadata, Contains(Pair("x-viewer", latin1)));
  EXPECT_EQ(CheckMetadata("x-viewer", latin1).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace movies
