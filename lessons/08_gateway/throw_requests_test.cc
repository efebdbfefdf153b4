// The gateway and random requests; what they do to the HTTP server alone is in
// random_requests_test.cc.

#include "throw_requests.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "http_client.h"
#include "movies/v1/movies.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/http_server.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Key;

TEST(ThrowRequestsTest, GatewaySurvivesThemAndAnswersAGoodRequest) {
  MovieStore store;
  CatalogueService service(&store);
  const support::TestServer backend(&service);
  const auto gateway = Gateway::Make(
      {v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")},
      backend.NewChannel());
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  support::HttpServer::Options http;
  http.error = Gateway::Error;
  const auto server = support::HttpServer::Start(
      http, [&gateway](std::shared_ptr<support::HttpExchange> exchange) {
        (*gateway)->Handle(std::move(exchange));
      });
  ASSERT_TRUE(server.ok()) << server.status();

  ThrowOptions options;
  options.count = 3000;
  const absl::StatusOr<ThrowReport> report =
      ThrowRequests((*server)->port(), options);
  ASSERT_TRUE(report.ok()) << report.status();
  // They come far enough to be answered by the service, and to be refused by
  // each part of the gateway.
  EXPECT_THAT(report->answers,
              AllOf(Contains(Key(200)), Contains(Key(400)), Contains(Key(404)),
                    Contains(Key(405)), Contains(Key(415))));

  HttpClient client(absl::StrCat("127.0.0.1:", (*server)->port()));
  const auto response = client.Send({"GET", "/v1/movies/1", {}, ""});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200) << response->body;
}

}  // namespace
}  // namespace movies
