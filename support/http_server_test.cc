#include "support/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace support {
namespace {

using boost::asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(20);

// A connection on which a test says what it likes.
class Client {
 public:
  explicit Client(const HttpServer& server) : socket_(io_) {
    socket_.connect(tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"),
                                  static_cast<unsigned short>(server.port())));
  }

  void Send(const std::string& bytes) {
    boost::system::error_code ignored;  // It may have been closed on purpose.
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }

  // Returns what comes, up to and with `end`, or up to the end.
  std::string ReadUntil(const std::string& end) {
    boost::system::error_code error;
    const std::size_t size = boost::asio::read_until(
        socket_, boost::asio::dynamic_buffer(received_), end, error);
    std::string read =
        error ? std::exchange(received_, "") : received_.substr(0, size);
    if (!error) received_.erase(0, size);
    return read;
  }

  std::string ReadToEnd() {
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(received_), error);
    return std::exchange(received_, "");
  }

  // Returns a whole answer with a Content-Length of one digit or more.
  std::string ReadAnswer() {
    const std::string head = ReadUntil("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    std::size_t length = std::stoul(head.substr(at + 16));
    while (received_.size() < length) {
      char byte;
      boost::system::error_code error;
      boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error);
      if (error) break;
      received_.push_back(byte);
    }
    length = std::min(length, received_.size());
    const std::string body = received_.substr(0, length);
    received_.erase(0, length);
    return head + body;
  }

  void CloseNow() { socket_.close(); }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
  std::string received_;
};

std::unique_ptr<HttpServer> Serve(HttpServer::Handler handler,
                                  HttpServer::Options options = {}) {
  auto server = HttpServer::Start(options, std::move(handler));
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();
  }
  return *std::move(server);
}

// Answers with what it was asked.
void Echo(std::shared_ptr<HttpExchange> exchange) {
  const HttpRequest& request = exchange->request();
  exchange->Respond(
      {200,
       {{"Content-Type", "text/plain"}},
       absl::StrCat(request.method, " ", request.target, " ",
                    request.header("x-name"), " ", request.body)});
}

TEST(HttpServerTest, RequestArrivesAndAnswerGoesBack) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Name: me\r\n"
      "Content-Length: 4\r\n\r\nbody");
  const std::string answer = client.ReadAnswer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(answer, HasSubstr("Date: "));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nPOST /a%20b?c=d me body"));
}

TEST(HttpServerTest, ConnectionIsKept) {
  const auto server = Serve(Echo);
  Client client(*server);
  for (const char* target : {"/1", "/2", "/3"}) {
    client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.ReadAnswer(), HasSubstr(absl::StrCat("GET ", target)));
  }
}

TEST(HttpServerTest, RequestsSentAtOnceAreAnsweredInOrder) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const char* target : {"/1", "/2", "/3"}) {
    EXPECT_THAT(client.ReadAnswer(), HasSubstr(absl::StrCat("GET ", target)));
  }
}

TEST(HttpServerTest, RequestSentDuringAnAnswerIsNotLost) {
  absl::Notification arrived;
  absl::Mutex mutex;
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    if (exchange->request().target == "/2") return Echo(std::move(exchange));
    absl::MutexLock lock(&mutex);
    exchanges.push_back(std::move(exchange));
    arrived.Notify();
  });
  Client client(*server);
  client.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.WaitForNotificationWithTimeout(kLong));
  client.Send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    absl::MutexLock lock(&mutex);
    Echo(std::move(exchanges[0]));
    exchanges.clear();
  }
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /1"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /2"));
}

TEST(HttpServerTest, OldClientsConnectionIsClosed) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("GET /"));
}

TEST(HttpServerTest, HeadHasNoBody) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, ClientThatAsksIsToldToGoOn) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("body");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /  body"));
}

TEST(HttpServerTest, BodyInChunksIsPutTogether) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /  body"));
}

TEST(HttpServerTest, PartsAreSentAsTheyCome) {
  absl::Notification go_on;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {{"Content-Type", "text/plain"}});
    exchange->Write("one", [exchange, &go_on](bool ok) {
      EXPECT_TRUE(ok);
      go_on.WaitForNotification();  // A test may block.
      exchange->Write("two", [exchange](bool) { exchange->Finish(); });
    });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
              HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.ReadUntil("one\r\n"), "3\r\none\r\n");
  go_on.Notify();
  EXPECT_EQ(client.ReadUntil("\r\n0\r\n\r\n"), "3\r\ntwo\r\n0\r\n\r\n");
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");  // It is kept.
  EXPECT_THAT(client.ReadUntil("\r\n0\r\n\r\n"), HasSubstr("200 OK"));
}

TEST(HttpServerTest, PartsForAnOldClientEndWithTheConnection) {
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write("one", [exchange](bool) { exchange->Finish(); });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), EndsWith("\r\n\r\none"));
}

TEST(HttpServerTest, AnswerThatIsDroppedBreaksTheConnection) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write("half", [exchange](bool) {});
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, HasSubstr("half"));
  EXPECT_THAT(answer, Not(EndsWith("0\r\n\r\n")));
}

TEST(HttpServerTest, HandlerLearnsThatTheClientIsGone) {
  absl::Notification arrived;
  absl::Notification gone;
  std::shared_ptr<HttpExchange> kept;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->OnGone([&gone] { gone.Notify(); });
    kept = std::move(exchange);
    arrived.Notify();
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.WaitForNotificationWithTimeout(kLong));
  EXPECT_FALSE(gone.HasBeenNotified());
  client.CloseNow();
  EXPECT_TRUE(gone.WaitForNotificationWithTimeout(kLong));
  kept.reset();
}

TEST(HttpServerTest, HandlerLearnsThatTheServerStops) {
  absl::Notification arrived;
  bool gone = false;
  bool written = true;
  std::shared_ptr<HttpExchange> kept;
  auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->OnGone([&gone] { gone = true; });
    kept = std::move(exchange);
    arrived.Notify();
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.WaitForNotificationWithTimeout(kLong));
  server.reset();
  EXPECT_TRUE(gone);
  kept->Respond({});  // Does nothing.
  kept->Write("late", [&written](bool ok) { written = ok; });
  EXPECT_FALSE(written);
}

TEST(HttpServerTest, ClientThatReadsNothingIsGoneInTime) {
  HttpServer::Options options;
  options.write_timeout = absl::Milliseconds(50);
  absl::Notification gone;
  const auto server = Serve(
      [&](std::shared_ptr<HttpExchange> exchange) {
        exchange->Start(200, {});
        exchange->Write(std::string(64 * 1024 * 1024, 'x'),
                        [exchange, &gone](bool ok) {
                          EXPECT_FALSE(ok);
                          gone.Notify();
                        });
      },
      options);
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(gone.WaitForNotificationWithTimeout(kLong));
}

// What is sent, and the answer to it.
struct Refusal {
  std::string name;
  std::string request;
  std::string answer;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, IsAnsweredAndTheConnectionClosed) {
  HttpServer::Options options;
  options.max_header_bytes = 1024;
  options.max_body_bytes = 10;
  options.read_timeout = absl::Milliseconds(100);
  const auto server = Serve(Echo, options);
  Client client(*server);
  client.Send(GetParam().request);
  EXPECT_THAT(client.ReadToEnd(),
              StartsWith(absl::StrCat("HTTP/1.1 ", GetParam().answer, " ")));
}

INSTANTIATE_TEST_SUITE_P(
    Bad, RefusalTest,
    ::testing::Values(
        Refusal{"NotHttp", "hello\r\n\r\n", "400"},
        Refusal{"LongHeader",
                "GET / HTTP/1.1\r\nA: " + std::string(2000, 'a') + "\r\n\r\n",
                "431"},
        Refusal{"LongBody",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
                "11\r\n\r\n12345678901",
                "413"},
        Refusal{
            "LongChunks",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "b\r\n12345678901\r\n0\r\n\r\n",
            "413"},
        Refusal{"TwoLengths",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400"},
        Refusal{"SlowHeader", "GET / HTT", "408"},
        Refusal{"SlowBody",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nb",
                "408"}),
    [](const auto& info) { return info.param.name; });

TEST(HttpServerTest, SlowSenderIsBoundedByTheWholeRequest) {
  HttpServer::Options options;
  options.read_timeout = absl::Milliseconds(200);
  const auto server = Serve(Echo, options);
  Client client(*server);
  const absl::Time start = absl::Now();
  client.Send("GET / HTTP/1.1\r\n");
  std::string answer;
  // A byte each time keeps no connection open.
  while (absl::Now() - start < kLong) {
    client.Send("a");
    answer =
        absl::Now() - start > absl::Milliseconds(400) ? client.ReadToEnd() : "";
    if (!answer.empty()) break;
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 "));
}

TEST(HttpServerTest, MoreRequestsThanItTakesAreRefused) {
  HttpServer::Options options;
  options.max_requests = 1;
  absl::Notification arrived;
  std::shared_ptr<HttpExchange> kept;
  const auto server = Serve(
      [&](std::shared_ptr<HttpExchange> exchange) {
        if (arrived.HasBeenNotified()) return Echo(std::move(exchange));
        kept = std::move(exchange);
        arrived.Notify();
      },
      options);
  Client first(*server);
  first.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.WaitForNotificationWithTimeout(kLong));
  Client second(*server);
  second.Send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string refused = second.ReadToEnd();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  Echo(std::move(kept));
  EXPECT_THAT(first.ReadAnswer(), HasSubstr("GET /1"));
  Client third(*server);
  third.Send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(third.ReadAnswer(), HasSubstr("GET /3"));
}

TEST(HttpServerTest, IdleConnectionIsClosed) {
  HttpServer::Options options;
  options.idle_timeout = absl::Milliseconds(50);
  const auto server = Serve(Echo, options);
  Client client(*server);
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST(HttpServerTest, ConnectionBeyondTheLimitWaits) {
  HttpServer::Options options;
  options.max_connections = 1;
  const auto server = Serve(Echo, options);
  auto first = std::make_unique<Client>(*server);
  first->Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first->ReadAnswer(), HasSubstr("GET /1"));
  Client second(*server);
  second.Send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  first.reset();
  EXPECT_THAT(second.ReadAnswer(), HasSubstr("GET /2"));
}

TEST(HttpServerTest, ErrorsMayBeMadeByTheProgram) {
  HttpServer::Options options;
  options.error = [](int status, absl::string_view message) {
    return HttpResponse{status, {{"X-Made", "here"}}, std::string(message)};
  };
  const auto server = Serve(Echo, options);
  Client client(*server);
  client.Send("hello\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("X-Made: here\r\n"));
}

TEST(HttpServerTest, BadAddressIsRefused) {
  for (const char* address : {"", "8080", "localhost:8080", "127.0.0.1:", ":1",
                              "127.0.0.1:65536", "[127.0.0.1:80"}) {
    HttpServer::Options options;
    options.address = address;
    EXPECT_EQ(HttpServer::Start(options, Echo).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST(HttpServerTest, TakenPortIsRefusedWithTheReason) {
  const auto server = Serve(Echo);
  HttpServer::Options options;
  options.address = absl::StrCat("127.0.0.1:", server->port());
  const absl::Status status = HttpServer::Start(options, Echo).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in use"));
}

}  // namespace
}  // namespace support
