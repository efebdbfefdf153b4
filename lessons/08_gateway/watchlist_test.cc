// What the options in watchlist.proto say, asked by the requests that stand at
// its top: which method each one calls, and what becomes of its parts.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "http_route.h"
#include "path_template.h"
#include "support/exercise_proto.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorSet;
using ::google::protobuf::ServiceDescriptor;

// Field paths of a request, and the texts that they get from a path.
using Values = std::map<std::string, std::string>;

// Lays a template over a path without anything encoded in it. Returns whether
// it fits, and if so, sets `values`.
bool Fits(const PathTemplate& path_template, absl::string_view path,
          Values* values) {
  if (!path_template.verb().empty() &&
      !absl::ConsumeSuffix(&path, ":" + path_template.verb())) {
    return false;
  }
  const std::vector<std::string> parts =
      absl::StrSplit(absl::StripPrefix(path, "/"), '/');
  const std::vector<std::string>& segments = path_template.segments();
  const bool open = segments.back() == "**";
  if (open ? parts.size() + 1 < segments.size()
           : parts.size() != segments.size()) {
    return false;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool literal = segments[i] != "*" && segments[i] != "**";
    if (literal && segments[i] != parts[i]) return false;
  }
  values->clear();
  for (const PathTemplate::Variable& variable : path_template.variables()) {
    const bool to_the_end =
        open && variable.end == static_cast<int>(segments.size());
    values->emplace(
        variable.field_path,
        absl::StrJoin(parts.begin() + variable.begin,
                      to_the_end ? parts.end() : parts.begin() + variable.end,
                      "/"));
  }
  return true;
}

class WatchlistFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // The generated pool below has to have what the file imports.
    google::protobuf::LinkMessageReflection<google::protobuf::Empty>();
    const absl::string_view bytes = support::ExerciseProto();
    FileDescriptorSet files;
    ASSERT_TRUE(files.ParseFromArray(bytes.data(), bytes.size()));
    ASSERT_EQ(files.file_size(), 1);
    const FileDescriptor* file = pool_.BuildFile(files.file(0));
    ASSERT_NE(file, nullptr) << "watchlist.proto has imports that the exercise "
                                "does not need; take them out.";
    service_ = file->FindServiceByName("WatchlistService");
    ASSERT_NE(service_, nullptr) << "The service is gone from watchlist.proto.";
  }

  DescriptorPool pool_{DescriptorPool::generated_pool()};
  const ServiceDescriptor* service_ = nullptr;
};

TEST_F(WatchlistFileTest, HttpProtoAllowsTheOptions) {
  const auto routes = RoutesOf(*service_);
  EXPECT_TRUE(routes.ok()) << "http.proto does not allow what an option says: "
                           << routes.status().message()
                           << ". All tests of URLs wait for this one.";
}

class WatchlistTest : public WatchlistFileTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(WatchlistFileTest::SetUp());
    absl::StatusOr<std::vector<HttpRoute>> routes = RoutesOf(*service_);
    // One bad option would fail all tests with the same sentence.
    if (!routes.ok()) GTEST_SKIP() << "An option is refused.";
    routes_ = *std::move(routes);
  }

  // The route that a request takes, or null after a failure that says so. The
  // one with a verb comes before the one that would take it for a value.
  const HttpRoute* Find(absl::string_view http_method, absl::string_view path,
                        absl::string_view method, Values* values) {
    const HttpRoute* found = nullptr;
    for (const HttpRoute& route : routes_) {
      Values route_values;
      if (route.http_method != http_method ||
          !Fits(route.path, path, &route_values) ||
          (found != nullptr && !found->path.verb().empty())) {
        continue;
      }
      found = &route;
      *values = route_values;
    }
    if (found == nullptr || found->method->name() != method) {
      ADD_FAILURE() << http_method << " " << path << " should call " << method
                    << ", and calls "
                    << (found == nullptr ? "nothing" : found->method->name())
                    << ". " << RoutesFor(method)
                    << (found == nullptr
                            ? ""
                            : " " + RoutesFor(found->method->name()));
      return nullptr;
    }
    return found;
  }

  // What the option of `method` says so far, in words.
  std::string RoutesFor(absl::string_view method) const {
    std::vector<std::string> texts;
    for (const HttpRoute& route : routes_) {
      if (route.method->name() != method) continue;
      texts.push_back(absl::StrCat(route.http_method, " ", route.path.text()));
    }
    if (texts.empty()) {
      return absl::StrCat("rpc ", method,
                          " has no option (google.api.http) yet; GetEntry, "
                          "above the hole, shows what one looks like.");
    }
    return absl::StrCat("The option of rpc ", method, " says ",
                        absl::StrJoin(texts, " and "), ".");
  }

  std::vector<HttpRoute> routes_;
};

TEST_F(WatchlistTest, TheGivenMethodIsStillThere) {
  Values values;
  const HttpRoute* route =
      Find("GET", "/v1/viewers/ada/watchlist/7", "GetEntry", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(values, (Values{{"viewer", "ada"}, {"mid", "7"}}));
}

TEST_F(WatchlistTest, TheListOfAViewer) {
  Values values;
  const HttpRoute* route =
      Find("GET", "/v1/viewers/ada/watchlist", "ListEntries", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(values, (Values{{"viewer", "ada"}}))
      << "The viewer's name comes from the path. What the path does not name "
         "(filter.styles) needs no word: it comes from the query.";
}

TEST_F(WatchlistTest, TheListOfAMovieIsAnotherUrlOfTheSameMethod) {
  Values values;
  const HttpRoute* route =
      Find("GET", "/v1/movies/7/watchlist", "ListEntries", &values);
  ASSERT_NE(route, nullptr)
      << "A method may have several URLs. The option is there once; http.proto "
         "says which of its fields holds the others.";
  EXPECT_EQ(values, (Values{{"mid", "7"}}));
}

TEST_F(WatchlistTest, AnEntryIsPut) {
  Values values;
  const HttpRoute* route =
      Find("PUT", "/v1/viewers/ada/watchlist/7", "PutEntry", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(values, (Values{{"entry.viewer", "ada"}, {"entry.mid", "7"}}))
      << "Both are fields of the entry, which is a field of the request: such "
         "a "
         "path goes from the request inwards, with dots.";
}

TEST_F(WatchlistTest, TheBodyOfAPutIsTheEntryItself) {
  Values values;
  const HttpRoute* route =
      Find("PUT", "/v1/viewers/ada/watchlist/7", "PutEntry", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->body, "entry")
      << "The body is {\"note\": …}, and the note is a field of the entry. "
      << (route->body.empty()
              ? "A rule that does not say what its body is has none."
              : "With this rule it would have to be {\"entry\": {\"note\": "
                "…}}.");
}

TEST_F(WatchlistTest, AMovieIsWatched) {
  Values values;
  const HttpRoute* route =
      Find("POST", "/v1/viewers/ada/watchlist/7:watch", "WatchMovie", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->path.verb(), "watch")
      << "What stands behind the colon is no part of a value: it is a verb, "
         "and "
         "the template ends with it.";
  EXPECT_EQ(values, (Values{{"viewer", "ada"}, {"mid", "7"}}));
}

TEST_F(WatchlistTest, TheBodyOfWatchIsTheRestOfTheRequest) {
  Values values;
  const HttpRoute* route =
      Find("POST", "/v1/viewers/ada/watchlist/7:watch", "WatchMovie", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->body, "*")
      << "The body is {\"stars\": 5}: an object with those fields of the "
         "request that are not in the path. "
      << (route->body.empty()
              ? "A rule that does not say what its body is has none."
              : "With this rule it would be the value of one field.");
}

TEST_F(WatchlistTest, AnEntryIsDeleted) {
  Values values;
  const HttpRoute* route =
      Find("DELETE", "/v1/viewers/ada/watchlist/7", "DeleteEntry", &values);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(values, (Values{{"viewer", "ada"}, {"mid", "7"}}));
  EXPECT_EQ(route->body, "") << "The reason is in the query.";
}

TEST_F(WatchlistTest, NothingElseIsServed) {
  std::vector<std::string> urls;
  for (const HttpRoute& route : routes_) {
    urls.push_back(absl::StrCat(route.http_method, " ", route.path.text()));
    EXPECT_EQ(route.response_body, "")
        << route.method->name()
        << " answers with its whole response; a response_body would be one "
           "field of it.";
  }
  EXPECT_EQ(routes_.size(), 6u)
      << "Six requests stand at the top of the file, and no more are to be "
         "served: each further URL is one more that somebody has to allow, to "
         "log and to keep. These are the URLs now: "
      << absl::StrJoin(urls, ", ") << ".";
  Values values;
  for (const HttpRoute& route : routes_) {
    EXPECT_FALSE(Fits(route.path, "/v1/viewers/ada/watchlist/7/8", &values))
        << route.path.text() << " also matches a path with \"7/8\" in the "
        << "place of the movie's ID, which is one segment.";
  }
}

}  // namespace
}  // namespace movies
