#include "support/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
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

  void CloseSendingSide() { socket_.shutdown(tcp::socket::shutdown_send); }

  // Reads to the end. Returns true if the connection was reset instead.
  bool IsReset() {
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(received_), error);
    return error == boost::asio::error::connection_reset;
  }

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
        Refusal{"TwoLengthsInTheOtherOrder",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "Content-Length: 4\r\n\r\n0\r\n\r\n",
                "400"},
        Refusal{"LengthsThatDiffer",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                "Content-Length: 5\r\n\r\nbody!",
                "400"},
        Refusal{"LengthsInOneThatDiffer",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 5\r\n\r\n"
                "body!",
                "400"},
        Refusal{"LengthWithASign",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nbody",
                "400"},
        Refusal{"LengthBeyondNumbers",
                "POST / HTTP/1.1\r\nHost: x\r\n"
                "Content-Length: 99999999999999999999\r\n\r\nbody",
                "400"},
        Refusal{"CodingBesidesChunked",
                "POST / HTTP/1.1\r\nHost: x\r\n"
                "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "501"},
        Refusal{"CodingAfterChunked",
                "POST / HTTP/1.1\r\nHost: x\r\n"
                "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                "501"},
        Refusal{"CodingThatIsNone",
                "POST / HTTP/1.1\r\nHost: x\r\n"
                "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "501"},
        Refusal{"CodingInTwoHeaders",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "501"},
        Refusal{"CodingOfAnOldClient",
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
                "0\r\n\r\n",
                "400"},
        Refusal{"ChunkOfNoSize",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "\r\nx\r\n\r\n",
                "400"},
        Refusal{"ChunkLongerThanItSays",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "\r\n2\r\nbody\r\n0\r\n\r\n",
                "400"},
        Refusal{"ChunkBeyondNumbers",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "\r\nffffffffffffffffff\r\n",
                "400"},
        Refusal{"LongTrailers",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "\r\n0\r\nA: " +
                    std::string(100000, 'a'),
                "431"},
        Refusal{"LongChunkExtension",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "\r\n1;a=" +
                    std::string(100000, 'a'),
                "431"},
        Refusal{"LongTarget",
                "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n\r\n", "431"},
        Refusal{"EndlessMethod", std::string(2000, 'A'), "431"},
        Refusal{"NoHost", "GET / HTTP/1.1\r\n\r\n", "400"},
        Refusal{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "400"},
        Refusal{"SpaceBeforeColon",
                "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "400"},
        Refusal{"LineEndInHeader",
                "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", "400"},
        Refusal{"ZeroInHeader",
                std::string("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 35),
                "400"},
        Refusal{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
        Refusal{"NewerHttp", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", "400"},
        Refusal{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
        Refusal{"Tls", "\x16\x03\x01\x02", "400"},
        Refusal{"UnknownExpectation",
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n"
                "Content-Length: 4\r\n\r\nbody",
                "417"},
        Refusal{"LongBodyThatWaits",
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                "Content-Length: 11\r\n\r\n",
                "413"},
        Refusal{"SlowHeader", "GET / HTT", "408"},
        Refusal{"SlowBody",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nb",
                "408"}),
    [](const auto& info) { return info.param.name; });

TEST(HttpServerTest, SlowSenderIsBoundedByTheWholeRequest) {
  HttpServer::Options options;
  options.read_timeout = absl::Milliseconds(100);
  const auto server = Serve(Echo, options);
  Client client(*server);
  // A byte each time keeps no connection open: it must end while bytes come.
  absl::Notification answered;
  std::thread sender([&] {
    client.Send("GET / HTTP/1.1\r\n");
    while (!answered.WaitForNotificationWithTimeout(absl::Milliseconds(5))) {
      client.Send("a");
    }
  });
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 408 "));
  answered.Notify();
  sender.join();
}

TEST(HttpServerTest, RequestMayComeByteByByte) {
  const auto server = Serve(Echo);
  Client client(*server);
  for (const char byte : std::string("POST /slow HTTP/1.1\r\nHost: x\r\n"
                                     "Content-Length: 2\r\n\r\nok")) {
    client.Send(std::string(1, byte));
  }
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /slow  ok"));
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

// Requests and answers.

TEST(HttpServerTest, NamesOfHeadersHaveNoCaseAndRepeatedOnesStay) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    std::string values;
    for (const HttpHeader& header : exchange->request().headers) {
      if (header.name != "Host") {
        absl::StrAppend(&values, header.name, "=", header.value, ";");
      }
    }
    EXPECT_EQ(exchange->request().header("A"), "1");
    EXPECT_EQ(exchange->request().header("b"), "");
    exchange->Respond({200, {}, values});
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nA: 2\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), EndsWith("a=1;A=2;"));
}

TEST(HttpServerTest, TrailersAreNoHeaders) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;note=1\r\nbody\r\n0\r\nX-Name: late\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), EndsWith("POST /  body"));
}

TEST(HttpServerTest, TargetForAProxyLosesItsHost) {
  const auto server = Serve(Echo);
  Client client(*server);
  for (const auto& [target, path] :
       std::vector<std::pair<std::string, std::string>>{
           {"http://x/a?b", "/a?b"},
           {"HTTP://x", "/"},
           {"http://x?b", "/?b"},
           {"*", "*"}}) {
    client.Send(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.ReadAnswer(), EndsWith(absl::StrCat("GET ", path, "  ")))
        << target;
  }
}

TEST(HttpServerTest, OldClientsConnectionIsKeptIfItAsks) {
  const auto server = Serve(Echo);
  Client client(*server);
  for (const char* target : {"/1", "/2"}) {
    client.Send(absl::StrCat("GET ", target,
                             " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const std::string answer = client.ReadAnswer();
    EXPECT_THAT(answer, HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(answer, HasSubstr(absl::StrCat("GET ", target)));
  }
}

TEST(HttpServerTest, ConnectionIsClosedIfTheClientAsks) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("Connection: close\r\n"));
}

TEST(HttpServerTest, BodyThatCameWithTheHeadersIsNotAskedFor) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\nbody");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, AnswerWithoutContentHasNoLength) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Respond({204, {}, "not sent"});
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, HeadOfAnAnswerInPartsHasNoParts) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write("one", [exchange](bool ok) {
      EXPECT_TRUE(ok);
      exchange->Finish();
    });
  });
  Client client(*server);
  client.Send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, EmptyPartDoesNotEndTheAnswer) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write("", [exchange](bool ok) {
      EXPECT_TRUE(ok);
      exchange->Write("one", [exchange](bool) { exchange->Finish(); });
    });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n0\r\n\r\n"),
              EndsWith("\r\n\r\n3\r\none\r\n0\r\n\r\n"));
}

TEST(HttpServerTest, HeaderThatWouldBecomeTwoIsNotSent) {
  const std::vector<HttpHeader> bad = {{"A", "b\r\nSet-Cookie: c"},
                                       {"A", "b\nc"},
                                       {"A\r\nB", "c"},
                                       {"A:", "b"},
                                       {"", "b"},
                                       {"A", std::string("\0", 1)}};
  std::size_t next = 0;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->Respond({200, {bad[next++]}, "secret"});
  });
  Client client(*server);
  while (next < bad.size()) {
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.ReadAnswer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 ")) << next;
    EXPECT_THAT(answer, Not(HasSubstr("secret"))) << next;
  }
}

TEST(HttpServerTest, HeadersOfTheServersOwnAreItsOwn) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Respond({200,
                       {{"content-length", "1"},
                        {"Transfer-Encoding", "chunked"},
                        {"Connection", "close"}},
                       "body"});
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.ReadAnswer();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("content-length")));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, Not(HasSubstr("close")));
}

TEST(HttpServerTest, SecondAnswerIsNotSent) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Respond({200, {}, "first"});
    exchange->Respond({200, {}, "second"});
    exchange->Write("third", [](bool ok) { EXPECT_FALSE(ok); });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), EndsWith("\r\n\r\nfirst"));
}

TEST(HttpServerTest, PartBeforeTheHeadBreaksTheConnection) {
  const auto server = Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Write("part", [exchange](bool ok) { EXPECT_FALSE(ok); });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST(HttpServerTest, AnswerMayComeFromAnotherThread) {
  std::vector<std::thread> threads;
  absl::Mutex mutex;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    absl::MutexLock lock(&mutex);
    threads.emplace_back(
        [exchange = std::move(exchange)]() mutable { Echo(exchange); });
  });
  Client client(*server);
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /1"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /2"));
  absl::MutexLock lock(&mutex);
  for (std::thread& thread : threads) thread.join();
}

// Clients that leave, and servers that stop.

TEST(HttpServerTest, DroppedAnswerToAnOldClientDoesNotLookWhole) {
  absl::Notification read;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write("half", [exchange, &read](bool) {
      read.WaitForNotification();  // A test may block.
    });
  });
  Client client(*server);
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("half"), EndsWith("half"));
  read.Notify();
  EXPECT_TRUE(client.IsReset())
      << "The end of the connection is the end of the body, so only a reset "
         "says that there was more.";
}

TEST(HttpServerTest, ClientThatHasSentAllIsGoneAndMayReadItsAnswer) {
  absl::Notification gone;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    HttpExchange* const raw = exchange.get();
    raw->OnGone([&gone, exchange = std::move(exchange)]() mutable {
      Echo(std::move(exchange));
      gone.Notify();
    });
  });
  Client client(*server);
  client.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  client.CloseSendingSide();
  EXPECT_TRUE(gone.WaitForNotificationWithTimeout(kLong));
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("GET /1"));
}

TEST(HttpServerTest, RequestsSentBeforeTheEndAreAllAnswered) {
  const auto server = Serve(Echo);
  Client client(*server);
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
      "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
  client.CloseSendingSide();
  const std::string answers = client.ReadToEnd();
  EXPECT_THAT(answers, HasSubstr("GET /1"));
  EXPECT_THAT(answers, HasSubstr("POST /2  body"));
  EXPECT_THAT(answers, Not(HasSubstr("/3")));
}

TEST(HttpServerTest, AnswerThatIsCompleteMissesNobody) {
  absl::Mutex mutex;
  std::shared_ptr<HttpExchange> kept;
  bool told = false;
  auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->OnGone([&told] { told = true; });
    Echo(exchange);
    absl::MutexLock lock(&mutex);
    kept = std::move(exchange);
  });
  {
    Client client(*server);
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /"));
  }
  server.reset();
  EXPECT_FALSE(told);
}

TEST(HttpServerTest, AnswerUnderWayIsCutOffWhenTheServerStops) {
  absl::Notification writing;
  absl::Notification done;
  auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->Start(200, {});
    exchange->Write(std::string(64 * 1024 * 1024, 'x'),
                    [exchange, &done](bool ok) {
                      EXPECT_FALSE(ok);
                      exchange->Write("more", [&done](bool still) {
                        EXPECT_FALSE(still);
                        done.Notify();
                      });
                    });
    writing.Notify();
  });
  Client client(*server);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(writing.WaitForNotificationWithTimeout(kLong));
  server.reset();
  EXPECT_TRUE(done.HasBeenNotified());
}

TEST(HttpServerTest, ExchangeThatOutlivesItsServerSaysSo) {
  absl::Notification arrived;
  std::shared_ptr<HttpExchange> kept;
  auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    kept = std::move(exchange);
    arrived.Notify();
  });
  Client client(*server);
  client.Send("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(arrived.WaitForNotificationWithTimeout(kLong));
  server.reset();
  bool gone = false;
  kept->OnGone([&gone] { gone = true; });
  EXPECT_TRUE(gone);
  EXPECT_EQ(kept->request().target, "/kept");
  kept->Start(200, {});
  kept->Finish();
}

TEST(HttpServerTest, WorkForClientsThatAreGoneCountsUntilItEnds) {
  HttpServer::Options options;
  options.max_requests = 1;
  absl::Notification gone;
  std::shared_ptr<HttpExchange> kept;
  const auto server = Serve(
      [&](std::shared_ptr<HttpExchange> exchange) {
        if (gone.HasBeenNotified()) return Echo(std::move(exchange));
        kept = std::move(exchange);
        kept->OnGone([&gone] { gone.Notify(); });
      },
      options);
  {
    Client client(*server);
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.CloseSendingSide();
    ASSERT_TRUE(gone.WaitForNotificationWithTimeout(kLong));
  }
  Client refused(*server);
  refused.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(refused.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
  kept.reset();
  Client served(*server);
  served.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(served.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, RefusedClientThatStillSendsReadsWhy) {
  HttpServer::Options options;
  options.max_body_bytes = 1000;
  const auto server = Serve(Echo, options);
  Client client(*server);
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
  client.Send(std::string(20'000'000, 'x'));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

// Returns how many file descriptors this process has open.
std::size_t OpenDescriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST(HttpServerTest, NoDescriptorIsLeftOpen) {
  const std::size_t before = OpenDescriptors();
  {
    const auto server = Serve(Echo);
    for (const char* request :
         {"", "GET", "hello\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}) {
      for (int i = 0; i < 20; ++i) {
        Client client(*server);
        client.Send(request);
        client.CloseSendingSide();
        client.ReadToEnd();
      }
    }
    Client left_open(*server);
    left_open.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(left_open.ReadAnswer(), HasSubstr("GET /"));
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(HttpServerTest, ThousandConnectionsAreServed) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 6000) {
    GTEST_SKIP() << "This system allows a process " << limit.rlim_max
                 << " descriptors; both ends of a thousand take 6000.";
  }
  absl::Mutex mutex;
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
  const auto server = Serve([&](std::shared_ptr<HttpExchange> exchange) {
    absl::MutexLock lock(&mutex);
    exchanges.push_back(std::move(exchange));
  });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<Client>(*server));
    clients.back()->Send(
        absl::StrCat("GET /", i, " HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  {
    const auto all = [&] { return exchanges.size() == clients.size(); };
    absl::MutexLock lock(&mutex);
    ASSERT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&all), kLong))
        << exchanges.size() << " are being answered at once.";
  }
  for (auto& exchange : exchanges) Echo(std::move(exchange));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_THAT(clients[i]->ReadAnswer(),
                EndsWith(absl::StrCat("GET /", i, "  ")));
  }
}

}  // namespace
}  // namespace support
