#include "http_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "support/http_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::HttpExchange;
using ::support::HttpServer;
using ::support::Patience;

// A server that answers as `handler` does.
class HttpClientTest : public ::testing::Test {
 protected:
  std::string Serve(HttpServer::Handler handler) {
    auto server = HttpServer::Start({}, std::move(handler));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    return absl::StrCat("127.0.0.1:", server_->port());
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpClientTest, SendsARequestAndReturnsTheAnswer) {
  HttpClient client(Serve([](std::shared_ptr<HttpExchange> exchange) {
    const support::HttpRequest& request = exchange->request();
    exchange->Respond(
        {201,
         {{"X-Tag", std::string(request.header("x-tag"))}},
         absl::StrCat(request.method, " ", request.target, " ", request.body)});
  }));
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Send({"PUT", "/a?b", {{"X-Tag", "t"}}, "c"});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->body, "PUT /a?b c");
    bool tagged = false;
    for (const auto& header : response->headers) {
      tagged |= header.name == "X-Tag" && header.value == "t";
    }
    EXPECT_TRUE(tagged);
  }
}

TEST_F(HttpClientTest, HeadHasNoBody) {
  HttpClient client(Serve([](std::shared_ptr<HttpExchange> exchange) {
    exchange->Respond({200, {}, "hello"});
  }));
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Send({"HEAD", "/", {}, ""});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "");
  }
}

TEST_F(HttpClientTest, PartsArriveAsTheyAreSent) {
  std::shared_ptr<HttpExchange> kept;
  absl::Notification taken;
  HttpClient client(Serve([&](std::shared_ptr<HttpExchange> exchange) {
    kept = exchange;
    exchange->Start(200, {});
    exchange->Write("first", [&taken](bool) { taken.Notify(); });
  }));
  std::string body;
  const auto response =
      client.Send({"GET", "/", {}, ""}, [&](absl::string_view part) {
        absl::StrAppend(&body, part, "|");
        if (part != "first") return true;
        taken.WaitForNotificationWithTimeout(Patience());
        // Not before the client has the first one.
        kept->Write("second", [kept](bool) { kept->Finish(); });
        return true;
      });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(body, "first|second|");
}

TEST_F(HttpClientTest, MayStopInTheMiddle) {
  std::shared_ptr<HttpExchange> kept;
  absl::Notification gone;
  HttpClient client(Serve([&](std::shared_ptr<HttpExchange> exchange) {
    if (exchange->request().target == "/whole") {
      exchange->Respond({200, {}, "whole"});
      return;
    }
    kept = exchange;
    exchange->OnGone([&gone] { gone.Notify(); });
    exchange->Start(200, {});
    exchange->Write("first", [](bool) {});
  }));
  const auto response = client.Send({"GET", "/", {}, ""},
                                    [](absl::string_view) { return false; });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(gone.WaitForNotificationWithTimeout(Patience()));
  EXPECT_EQ(client.Send({"GET", "/whole", {}, ""})->body, "whole")
      << "A new connection.";
}

TEST_F(HttpClientTest, NobodyThereIsUnavailable) {
  const support::UnservedPort nobody;
  HttpClient client(nobody.address());
  EXPECT_EQ(client.Send({"GET", "/", {}, ""}).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(HttpClientTest, NoAnswerIsDeadlineExceeded) {
  std::shared_ptr<HttpExchange> kept;
  HttpClient client(Serve([&](std::shared_ptr<HttpExchange> exchange) {
    kept = std::move(exchange);
  }));
  EXPECT_EQ(client.Send({"GET", "/", {}, ""}, nullptr, absl::Milliseconds(50))
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
  server_.reset();
}

TEST_F(HttpClientTest, AnAddressThatIsNoneIsInvalid) {
  for (const char* address : {"", "8080", "127.0.0.1", "localhost:80",
                              "127.0.0.1:0", "127.0.0.1:65536"}) {
    HttpClient client(address);
    EXPECT_EQ(client.Send({"GET", "/", {}, ""}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

}  // namespace
}  // namespace movies
