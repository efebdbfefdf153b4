#include "router.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "http_route.h"
#include "movies/v1/movies.pb.h"
#include "path_template.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Makes a route of "GET /v1/movies". Which RPC it calls is all the same to a
// router.
HttpRoute Route(const std::string& method_and_path) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(method_and_path, ' ');
  absl::StatusOr<PathTemplate> path = PathTemplate::Parse(parts.second);
  EXPECT_TRUE(path.ok()) << path.status();
  return {v1::Movie::descriptor()
              ->file()
              ->FindServiceByName("MoviesService")
              ->FindMethodByName("GetMovie"),
          parts.first,
          path.ok() ? *std::move(path) : *PathTemplate::Parse("/failed"), "",
          ""};
}

absl::StatusOr<Router> MakeRouter(const std::vector<std::string>& routes) {
  std::vector<HttpRoute> made;
  for (const std::string& route : routes) made.push_back(Route(route));
  return Router::Make(std::move(made));
}

// What a router found, as "GET /v1/movies/{mid} mid=7", and without a route
// "404" or "405 GET, HEAD".
std::string Find(const Router& router, const std::string& http_method,
                 const std::string& path) {
  const Router::Result result = router.Find(http_method, path);
  std::string text;
  if (result.route != nullptr) {
    text =
        absl::StrCat(result.route->http_method, " ", result.route->path.text());
    for (const PathBinding& binding : result.bindings) {
      absl::StrAppend(&text, " ", binding.field_path, "=", binding.value);
    }
    return text;
  }
  EXPECT_THAT(result.bindings, IsEmpty());
  if (result.allow.empty()) return "404";
  return absl::StrCat("405 ", absl::StrJoin(result.allow, ", "));
}

// Asks a router that was given the routes, in every order.
void ExpectFound(std::vector<std::string> routes, const std::string& request,
                 const std::string& expected) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(request, ' ');
  std::sort(routes.begin(), routes.end());
  do {
    absl::StatusOr<Router> router = MakeRouter(routes);
    ASSERT_TRUE(router.ok()) << router.status();
    EXPECT_EQ(Find(*router, parts.first, parts.second), expected)
        << request
        << ", with the routes in this order: " << absl::StrJoin(routes, ", ");
  } while (std::next_permutation(routes.begin(), routes.end()));
}

TEST(RouterTest, FindsTheRouteAndItsBindings) {
  ExpectFound({"GET /v1/movies", "GET /v1/movies/{mid}"}, "GET /v1/movies/7",
              "GET /v1/movies/{mid} mid=7");
  ExpectFound({"GET /v1/movies", "GET /v1/movies/{mid}"}, "GET /v1/movies",
              "GET /v1/movies");
}

TEST(RouterTest, APathThatNothingMatchesIsNotFound) {
  ExpectFound({"GET /v1/movies/{mid}"}, "GET /v1/books/7", "404");
  ExpectFound({"GET /v1/movies/{mid}"}, "POST /v1/books/7", "404");
  ExpectFound({}, "GET /", "404");
}

TEST(RouterTest, AMethodThatNothingTakesIsNotAllowed) {
  ExpectFound({"GET /v1/movies", "POST /v1/movies", "DELETE /v1/movies/{mid}"},
              "PUT /v1/movies", "405 GET, HEAD, POST");
  ExpectFound(
      {"GET /v1/movies", "PATCH /v1/movies/{mid}", "PURGE /v1/{name=movies/*}"},
      "GET /v1/movies/7", "405 PATCH, PURGE");
}

TEST(RouterTest, MethodsDifferByLetterCase) {
  ExpectFound({"GET /v1/movies"}, "get /v1/movies", "405 GET, HEAD");
}

TEST(RouterTest, WhatIsAllowedIsSaidWithARouteToo) {
  absl::StatusOr<Router> router =
      MakeRouter({"POST /v1/movies", "GET /v1/movies", "* /v1/{any}"});
  ASSERT_TRUE(router.ok()) << router.status();
  EXPECT_THAT(router->Find("POST", "/v1/movies").allow,
              ElementsAre("GET", "HEAD", "POST"));
}

TEST(RouterTest, ALiteralBeatsAWildcard) {
  ExpectFound(
      {"GET /v1/movies/{mid}", "GET /v1/movies/latest", "GET /v1/movies/**"},
      "GET /v1/movies/latest", "GET /v1/movies/latest");
}

TEST(RouterTest, OneSegmentBeatsTheRest) {
  ExpectFound({"GET /v1/movies/{mid}", "GET /v1/movies/**", "GET /**"},
              "GET /v1/movies/7", "GET /v1/movies/{mid} mid=7");
  ExpectFound({"GET /v1/movies/*/cast", "GET /v1/movies/**", "GET /**"},
              "GET /v1/movies/7/crew", "GET /v1/movies/**");
}

TEST(RouterTest, NothingMoreBeatsTheRest) {
  ExpectFound({"GET /v1/movies", "GET /v1/movies/**"}, "GET /v1/movies",
              "GET /v1/movies");
}

TEST(RouterTest, TheFirstDifferenceFromTheLeftDecides) {
  ExpectFound({"GET /v1/movies/{mid}", "GET /v1/{name}/7", "GET /{a}/movies/7"},
              "GET /v1/movies/7", "GET /v1/movies/{mid} mid=7");
  ExpectFound({"GET /v1/movies/**", "GET /v1/{name}/7"}, "GET /v1/movies/7",
              "GET /v1/movies/**");
}

TEST(RouterTest, ATemplateThatMatchesFurtherOnIsFoundThough) {
  ExpectFound({"GET /v1/movies/cast", "GET /v1/{name}/crew"},
              "GET /v1/movies/crew", "GET /v1/{name}/crew name=movies");
}

TEST(RouterTest, ATemplateThatSaysLessMayHaveTheMethod) {
  ExpectFound({"POST /v1/movies/latest", "GET /v1/movies/{name}"},
              "GET /v1/movies/latest", "GET /v1/movies/{name} name=latest");
}

TEST(RouterTest, AVerbIsAVerbWhereOneIsKnown) {
  const std::vector<std::string> routes = {"GET /v1/movies/{name}",
                                           "POST /v1/movies/{name}:rate"};
  ExpectFound(routes, "POST /v1/movies/7:rate",
              "POST /v1/movies/{name}:rate name=7");
  ExpectFound(routes, "GET /v1/movies/7:rate", "405 POST");
  ExpectFound(routes, "GET /v1/movies/urn:7",
              "GET /v1/movies/{name} name=urn:7");
  ExpectFound({"POST /v1/movies/7:rate", "POST /v1/**:rate"},
              "POST /v1/movies/7:rate", "POST /v1/movies/7:rate");
}

TEST(RouterTest, AnyMethodIsTakenByAStar) {
  const std::vector<std::string> routes = {"* /v1/movies/{a}",
                                           "GET /v1/movies/{b}"};
  ExpectFound(routes, "PROPFIND /v1/movies/7", "* /v1/movies/{a} a=7");
  ExpectFound(routes, "GET /v1/movies/7", "GET /v1/movies/{b} b=7");
  ExpectFound({"* /v1/movies/latest", "GET /v1/movies/{mid}"},
              "GET /v1/movies/latest", "* /v1/movies/latest");
}

TEST(RouterTest, HeadIsAGetWithoutABody) {
  ExpectFound({"GET /v1/movies", "POST /v1/movies"}, "HEAD /v1/movies",
              "GET /v1/movies");
  ExpectFound({"GET /v1/{a}", "HEAD /v1/{b}", "* /v1/{c}"}, "HEAD /v1/movies",
              "HEAD /v1/{b} b=movies");
  ExpectFound({"GET /v1/{a}", "* /v1/{c}"}, "HEAD /v1/movies",
              "GET /v1/{a} a=movies");
  ExpectFound({"POST /v1/movies"}, "HEAD /v1/movies", "405 POST");
}

TEST(RouterTest, RoutesForTheSameRequestsAreRefused) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"GET /v1/movies/{mid}", "GET /v1/movies/{name}"},
           {"GET /v1/movies/{mid}", "GET /v1/movies/*"},
           {"GET /v1/movies/{mid}", "GET /v1/{name=movies/*}"},
           {"GET /v1/caf\xC3\xA9", "GET /v1/caf%c3%a9"},
           {"* /v1/**:rate", "* /v1/{name=**}:rate"}}) {
    const absl::Status status = MakeRouter({a, "GET /v1", b}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
    EXPECT_THAT(status.message(), HasSubstr(a));
    EXPECT_THAT(status.message(), HasSubstr(b));
    EXPECT_THAT(status.message(),
                HasSubstr("movies.v1.MoviesService.GetMovie"));
  }
}

TEST(RouterTest, RoutesThatDifferAreNotRefused) {
  const absl::StatusOr<Router> router = MakeRouter(
      {"GET /v1/movies/{mid}", "PUT /v1/movies/{mid}", "* /v1/movies/{mid}",
       "GET /v1/movies/{mid}:rate", "GET /v1/movies/{mid}:cast",
       "GET /v1/movies/**", "GET /v1/Movies/{mid}"});
  EXPECT_TRUE(router.ok()) << router.status();
}

// What the annotations of the movie proto say, all the way.
TEST(RouterTest, TheMovieServiceHasItsRoutes) {
  absl::StatusOr<std::vector<HttpRoute>> routes = RoutesOf(
      *v1::Movie::descriptor()->file()->FindServiceByName("MoviesService"));
  ASSERT_TRUE(routes.ok()) << routes.status();
  absl::StatusOr<Router> router = Router::Make(*std::move(routes));
  ASSERT_TRUE(router.ok()) << router.status();
  EXPECT_EQ(Find(*router, "GET", "/v1/movies/7"), "GET /v1/movies/{mid} mid=7");
  EXPECT_EQ(Find(*router, "GET", "/v1/movies"), "GET /v1/movies");
  EXPECT_EQ(Find(*router, "POST", "/v1/movies"), "POST /v1/movies");
  EXPECT_EQ(Find(*router, "POST", "/v1/movies/7:rate"),
            "POST /v1/movies/{mid}:rate mid=7");
  EXPECT_EQ(Find(*router, "POST", "/v1/movies:rate"), "POST /v1/movies:rate");
  EXPECT_EQ(Find(*router, "GET", "/v1/movies:rate"), "405 POST");
  EXPECT_EQ(Find(*router, "DELETE", "/v1/movies/7"), "405 GET, HEAD");
  EXPECT_EQ(Find(*router, "GET", "/v2/movies"), "404");
}

}  // namespace
}  // namespace movies
