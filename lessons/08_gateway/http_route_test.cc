#include "http_route.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "google/api/annotations.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::TextFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As a .proto file has it:
//
//   message Person { string name = 1; Person boss = 2; }
//   message Request {
//     int32 mid = 1;
//     Person director = 2;
//     repeated string tags = 3;
//     repeated Person cast = 4;
//     map<string, Person> crew = 5;
//     oneof where { string shelf = 6; string cinema = 7; Person owner = 8; }
//     optional string note = 9;
//   }
//   message Response { repeated Person people = 1; }
constexpr char kMessages[] = R"pb(
  syntax: "proto3"
  package: "test"
  dependency: "google/api/annotations.proto"
  message_type {
    name: "Person"
    field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "boss" number: 2 type_name: "Person" label: LABEL_OPTIONAL }
  }
  message_type {
    name: "Request"
    field { name: "mid" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
    field {
      name: "director"
      number: 2
      type_name: "Person"
      label: LABEL_OPTIONAL
    }
    field { name: "tags" number: 3 type: TYPE_STRING label: LABEL_REPEATED }
    field { name: "cast" number: 4 type_name: "Person" label: LABEL_REPEATED }
    field {
      name: "crew"
      number: 5
      type_name: "CrewEntry"
      label: LABEL_REPEATED
    }
    field {
      name: "shelf"
      number: 6
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      oneof_index: 0
    }
    field {
      name: "cinema"
      number: 7
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      oneof_index: 0
    }
    field {
      name: "owner"
      number: 8
      type_name: "Person"
      label: LABEL_OPTIONAL
      oneof_index: 0
    }
    field {
      name: "note"
      number: 9
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      oneof_index: 1
      proto3_optional: true
    }
    nested_type {
      name: "CrewEntry"
      options { map_entry: true }
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field {
        name: "value"
        number: 2
        type_name: "Person"
        label: LABEL_OPTIONAL
      }
    }
    oneof_decl { name: "where" }
    oneof_decl { name: "_note" }
  }
  message_type {
    name: "Response"
    field { name: "people" number: 1 type_name: "Person" label: LABEL_REPEATED }
  }
  service { name: "Test" })pb";

// A service that only this test knows.
class HttpRouteTest : public ::testing::Test {
 protected:
  // Returns the routes of a service that has a method Update with this rule.
  absl::StatusOr<std::vector<HttpRoute>> Routes(const std::string& rule) {
    return RoutesOfMethods({{"Update", rule}});
  }

  // As above, for methods and their rules; one without a rule has no option.
  absl::StatusOr<std::vector<HttpRoute>> RoutesOfMethods(
      const std::vector<std::pair<std::string, std::string>>& methods) {
    FileDescriptorProto file;
    EXPECT_TRUE(TextFormat::ParseFromString(kMessages, &file));
    file.set_name(absl::StrCat("test", pools_.size(), ".proto"));
    for (const auto& [name, rule] : methods) {
      auto* method = file.mutable_service(0)->add_method();
      method->set_name(name);
      method->set_input_type("Request");
      method->set_output_type("Response");
      if (rule.empty()) continue;
      EXPECT_TRUE(TextFormat::ParseFromString(
          rule, method->mutable_options()->MutableExtension(google::api::http)))
          << rule;
    }
    // The annotations' own file is in the generated pool.
    pools_.push_back(
        std::make_unique<DescriptorPool>(DescriptorPool::generated_pool()));
    const FileDescriptor* built = pools_.back()->BuildFile(file);
    if (built == nullptr) return absl::InternalError("no .proto file");
    return RoutesOf(*built->service(0));
  }

  void ExpectRefused(const std::string& rule, absl::string_view why) {
    const absl::Status status = Routes(rule).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << rule << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr("test.Test.Update: ")) << rule;
    EXPECT_THAT(status.message(), HasSubstr(why)) << rule;
  }

  void ExpectTaken(const std::string& rule) {
    const absl::Status status = Routes(rule).status();
    EXPECT_TRUE(status.ok()) << rule << ": " << status;
  }

 private:
  std::vector<std::unique_ptr<DescriptorPool>> pools_;
};

std::vector<std::string> Show(
    const absl::StatusOr<std::vector<HttpRoute>>& routes) {
  if (!routes.ok()) return {routes.status().ToString()};
  std::vector<std::string> shown;
  for (const HttpRoute& route : *routes) {
    shown.push_back(absl::StrCat(route.method->name(), ": ", route.http_method,
                                 " ", route.path.text(), " ", route.body, " ",
                                 route.response_body));
  }
  return shown;
}

TEST_F(HttpRouteTest, TheMovieServiceHasARouteForEachMethod) {
  EXPECT_THAT(Show(RoutesOf(*v1::Movie::descriptor()->file()->FindServiceByName(
                  "MoviesService"))),
              ElementsAre("GetMovie: GET /v1/movies/{mid}  ",
                          "QueryMovie: GET /v1/movies  ",
                          "AddMovies: POST /v1/movies * ",
                          "RateMovie: POST /v1/movies/{mid}:rate * ",
                          "RateMovies: POST /v1/movies:rate * "));
}

TEST_F(HttpRouteTest, AMethodWithoutTheOptionHasNoRoute) {
  EXPECT_THAT(Show(RoutesOfMethods({{"Get", ""}})), IsEmpty());
}

TEST_F(HttpRouteTest, EveryPatternIsAMethod) {
  for (const std::string method : {"get", "put", "post", "delete", "patch"}) {
    const auto routes = Routes(absl::StrCat(method, ": '/v1/a'"));
    ASSERT_TRUE(routes.ok()) << routes.status();
    ASSERT_EQ(routes->size(), 1u);
    EXPECT_EQ(routes->front().http_method, absl::AsciiStrToUpper(method));
  }
}

TEST_F(HttpRouteTest, ACustomKindIsAMethodAsItIs) {
  EXPECT_THAT(Show(Routes("custom { kind: 'PURGE' path: '/v1/a' }")),
              ElementsAre("Update: PURGE /v1/a  "));
  EXPECT_THAT(Show(Routes("custom { kind: '*' path: '/v1/a' } body: '*'")),
              ElementsAre("Update: * /v1/a * "));
  for (const char* kind : {"", "A B", "A/B", "A:", "GET\\n"}) {
    ExpectRefused(absl::StrCat("custom { kind: '", kind, "' path: '/v1/a' }"),
                  "is no HTTP method");
  }
}

TEST_F(HttpRouteTest, AdditionalBindingsAreRoutesToo) {
  EXPECT_THAT(
      Show(Routes("put: '/v1/a' body: '*' additional_bindings { get: '/v1/b' } "
                  "additional_bindings { post: '/v1/c' body: 'director' "
                  "response_body: 'people' }")),
      ElementsAre("Update: PUT /v1/a * ", "Update: GET /v1/b  ",
                  "Update: POST /v1/c director people"));
}

TEST_F(HttpRouteTest, AMistakeInAnAdditionalBindingIsOne) {
  ExpectRefused("get: '/v1/a' additional_bindings { get: '/v1/{nobody}' }",
                "no \"nobody\"");
}

TEST_F(HttpRouteTest, AdditionalBindingsDoNotNest) {
  ExpectRefused(
      "get: '/v1/a' additional_bindings { get: '/v1/b' additional_bindings { "
      "get: '/v1/c' } }",
      "no additional bindings of their own");
}

TEST_F(HttpRouteTest, ARuleHasAPattern) {
  ExpectRefused("body: '*'", "no pattern");
  ExpectRefused("get: '/v1/a' additional_bindings { body: '*' }", "no pattern");
}

TEST_F(HttpRouteTest, ABadTemplateIsRefused) {
  ExpectRefused("get: '/v1/{mid'", "path template \"/v1/{mid\"");
  ExpectRefused("get: ''", "begins with a slash");
  ExpectRefused("custom { kind: 'PURGE' }", "begins with a slash");
}

TEST_F(HttpRouteTest, AVariableIsAFieldOrOneWithinAField) {
  ExpectTaken("get: '/v1/{mid}/{note}/{director.name}/{director.boss.name}'");
  ExpectRefused("get: '/v1/{movie_id}'",
                "the variable \"movie_id\" names no field: test.Request has no "
                "\"movie_id\"");
  ExpectRefused("get: '/v1/{director.nobody}'",
                "test.Person has no \"nobody\"");
  ExpectRefused("get: '/v1/{mid.digit}'", "test.Request.mid, which is no");
}

TEST_F(HttpRouteTest, AVariableHasOneValue) {
  ExpectRefused("get: '/v1/{tags}'", "test.Request.tags is repeated");
  ExpectRefused("get: '/v1/{cast.name}'", "test.Request.cast is repeated");
  ExpectRefused("get: '/v1/{crew}'", "test.Request.crew is a map");
  ExpectRefused("get: '/v1/{crew.value}'", "test.Request.crew is a map");
  ExpectRefused("get: '/v1/{director}'", "is a message, test.Person");
}

TEST_F(HttpRouteTest, NoTwoFieldsAreOfOneOneof) {
  ExpectTaken("get: '/v1/{shelf}'");
  ExpectTaken("get: '/v1/{owner.name}/{owner.boss.name}'");
  ExpectRefused("get: '/v1/{shelf}/{cinema}'", "of one oneof");
  ExpectRefused("get: '/v1/{owner.name}/{cinema}'", "of one oneof");
  ExpectRefused("post: '/v1/{shelf}' body: 'owner'", "of one oneof");
  ExpectTaken("post: '/v1/{shelf}' body: '*'");
}

TEST_F(HttpRouteTest, ABodyIsAFieldOfTheRequestItself) {
  ExpectTaken("post: '/v1/a' body: 'director'");
  ExpectTaken("post: '/v1/a' body: 'mid'");
  ExpectTaken("post: '/v1/a' body: 'cast'");
  ExpectRefused("post: '/v1/a' body: 'movie'",
                "test.Request itself has no field");
  ExpectRefused("post: '/v1/a' body: 'director.name'",
                "test.Request itself has no field");
  ExpectRefused("post: '/v1/a' body: '**'", "test.Request itself has no field");
}

TEST_F(HttpRouteTest, WhatIsInThePathIsNotTheBody) {
  ExpectRefused("post: '/v1/{mid}' body: 'mid'",
                "\"mid\" is in the path, so it cannot be the body");
}

TEST_F(HttpRouteTest, AFieldOfTheBodyMayBeInThePath) {
  ExpectTaken("patch: '/v1/{director.name=people/*}' body: 'director'");
}

TEST_F(HttpRouteTest, SomeMethodsHaveNoBody) {
  for (const std::string rule : {"get: '/v1/a'", "delete: '/v1/a'",
                                 "custom { kind: 'HEAD' path: '/v1/a' }"}) {
    ExpectTaken(rule);
    ExpectRefused(absl::StrCat(rule, " body: '*'"), "has no body");
    ExpectRefused(absl::StrCat(rule, " body: 'director'"), "has no body");
  }
}

TEST_F(HttpRouteTest, AResponseBodyIsAFieldOfTheResponseItself) {
  ExpectTaken("get: '/v1/a' response_body: 'people'");
  ExpectRefused("get: '/v1/a' response_body: 'mid'",
                "test.Response itself has no field");
  ExpectRefused("get: '/v1/a' response_body: '*'",
                "test.Response itself has no field");
}

TEST_F(HttpRouteTest, OneMistakeSpoilsTheService) {
  EXPECT_THAT(
      Show(RoutesOfMethods({{"A", "get: '/v1/a'"}, {"B", "get: '/v1/{b}'"}})),
      ElementsAre(HasSubstr("test.Test.B: ")));
}

}  // namespace
}  // namespace movies
