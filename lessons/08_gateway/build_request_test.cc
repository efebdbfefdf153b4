#include "build_request.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/every_kind/every_kind.pb.h"

namespace movies {
namespace {

using support::EveryKind;
using ::testing::HasSubstr;

// What arrives over HTTP, already taken apart.
struct Pieces {
  // HttpRoute::body.
  std::string route_body;
  std::vector<PathBinding> path;
  QueryParameters query;
  std::string body;
};

absl::Status Build(const Pieces& pieces, EveryKind* request) {
  const HttpRoute route = {
      EveryKind::descriptor()->file()->service(0)->method(0), "POST",
      *PathTemplate::Parse("/v1/kinds"), pieces.route_body, ""};
  return BuildRequest(route, pieces.path, pieces.query, pieces.body, request);
}

void ExpectRequest(const Pieces& pieces, const std::string& expected,
                   absl::string_view why) {
  EveryKind request;
  const absl::Status status = Build(pieces, &request);
  EXPECT_TRUE(status.ok()) << "BuildRequest returned " << status << ". " << why;
  if (!status.ok()) return;
  EXPECT_EQ(request.ShortDebugString(), expected) << why;
}

void ExpectRefused(const Pieces& pieces, const std::string& named,
                   absl::string_view why) {
  EveryKind request;
  const absl::Status status = Build(pieces, &request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << "BuildRequest returned " << status << ", with the request {"
      << request.ShortDebugString() << "}. " << why;
  if (status.ok()) return;
  EXPECT_THAT(std::string(status.message()), HasSubstr(named))
      << "Who gets this 400 should read what is wrong with which field.";
}

TEST(BuildRequestTest, ThePathSetsItsVariables) {
  ExpectRequest({"", {{"a_string", "x"}, {"person.name", "Ada"}}, {}, ""},
                "a_string: \"x\" person { name: \"Ada\" }",
                "Each binding names a field, perhaps one within a message.");
}

TEST(BuildRequestTest, TheQuerySetsTheRest) {
  ExpectRequest({"", {{"a_string", "x"}}, {{"an_int32", "7"}}, ""},
                "an_int32: 7 a_string: \"x\"",
                "Without a body, all fields that the path does not have are "
                "parameters of the query.");
  ExpectRequest({"", {}, {{"person.born", "1907"}, {"otherName", "r"}}, ""},
                "person { born: 1907 } renamed: \"r\"",
                "A parameter may name a field within a message, or use the "
                "name that the field has in JSON.");
}

TEST(BuildRequestTest, ARepeatedParameterAddsToItsField) {
  ExpectRequest({"", {}, {{"strings", "b"}, {"strings", "a"}}, ""},
                "strings: \"b\" strings: \"a\"",
                "A repeated field is there once for each of its elements.");
}

TEST(BuildRequestTest, AStarMakesTheBodyTheRequest) {
  ExpectRequest({"*", {}, {}, R"({"aString":"x","person":{"born":1907}})"},
                "a_string: \"x\" person { born: 1907 }",
                "The route's body is \"*\": the whole message.");
}

TEST(BuildRequestTest, AFieldMakesTheBodyThatField) {
  ExpectRequest(
      {"person", {{"a_string", "x"}}, {{"an_int32", "7"}}, R"({"name":"Ada"})"},
      "an_int32: 7 a_string: \"x\" person { name: \"Ada\" }",
      "The route's body is \"person\": that field. The others come "
      "from the path and the query.");
  ExpectRequest({"strings", {}, {}, R"(["a","b"])"},
                "strings: \"a\" strings: \"b\"",
                "A field that is repeated is an array.");
}

TEST(BuildRequestTest, ThePathHasTheLastWord) {
  ExpectRequest({"*", {{"a_string", "path"}}, {}, R"({"aString":"body"})"},
                "a_string: \"path\"",
                "PUT /v1/kinds/path with another name in its body is about "
                "what the URL says: that is what others looked at, to log "
                "it, to cache it, or to allow it.");
  ExpectRequest({"person",
                 {{"person.name", "path"}},
                 {},
                 R"({"name":"body","born":1907})"},
                "person { name: \"path\" born: 1907 }",
                "The body sets the person, and the path one field within it: "
                "the rest of the body stays.");
}

TEST(BuildRequestTest, AnEmptyOrZeroPathValueHasTheLastWordToo) {
  constexpr absl::string_view kWhy =
      "An empty or zero value of the path is a value, and it replaces the "
      "body's. Otherwise a client gets past a check of its URL by such a path. "
      "In proto3 a merge of two messages does not copy such values; SetField() "
      "sets them.";
  ExpectRequest({"*", {{"a_string", ""}}, {}, R"({"aString":"body"})"}, "",
                kWhy);
  ExpectRequest({"*", {{"an_int32", "0"}}, {}, R"({"anInt32":7})"}, "", kWhy);
}

TEST(BuildRequestTest, APathAndABodyInOneOneofAreRefused) {
  ExpectRefused({"*", {{"right", "7"}}, {}, R"({"left":"x"})"}, "right",
                "A oneof holds one field. The body's is another one than the "
                "path's, so one of them would be lost.");
}

TEST(BuildRequestTest, ThePathLeavesTheRestOfAMessage) {
  ExpectRequest({"person", {{"person.name", "path"}}, {}, R"({"born":1907})"},
                "person { name: \"path\" born: 1907 }",
                "The path sets one field; the message around it stays.");
}

TEST(BuildRequestTest, AnEmptyBodySetsNothing) {
  ExpectRequest({"*", {{"a_string", "x"}}, {}, ""}, "a_string: \"x\"",
                "curl -X POST without data sends no body; the request is then "
                "what the path says.");
}

TEST(BuildRequestTest, AStarLeavesNothingForTheQuery) {
  ExpectRefused({"*", {}, {{"an_int32", "7"}}, "{}"}, "an_int32",
                "The body is the whole request, so no field is left for a "
                "parameter.");
}

TEST(BuildRequestTest, WhatTheBodySetsIsNotInTheQuery) {
  ExpectRefused({"person", {}, {{"person.born", "7"}}, "{}"}, "person.born",
                "The field is within the body's.");
  ExpectRefused({"a_string", {}, {{"aString", "y"}}, R"("x")"}, "aString",
                "The same field by its other name is the body's, too: compare "
                "fields, not texts.");
}

TEST(BuildRequestTest, WhatThePathSetsIsNotInTheQuery) {
  ExpectRefused({"", {{"a_string", "x"}}, {{"a_string", "y"}}, ""}, "a_string",
                "Two answers to one question: one of them is a mistake.");
  ExpectRefused({"", {{"a_string", "x"}}, {{"aString", "y"}}, ""}, "aString",
                "The same field by its other name is the same field.");
}

TEST(BuildRequestTest, TheQueryMaySetTheNeighboursOfThePathsField) {
  ExpectRequest({"", {{"person.name", "x"}}, {{"person.born", "7"}}, ""},
                "person { name: \"x\" born: 7 }",
                "The path has the person's name, and not the person: the other "
                "fields are left for the query.");
  ExpectRequest({"", {{"person.name", "x"}}, {{"person.boss.name", "y"}}, ""},
                "person { name: \"x\" boss { name: \"y\" } }",
                "Both fields are called \"name\", but they are in different "
                "messages.");
}

TEST(BuildRequestTest, ARefusalSaysWhereTheFieldComesFrom) {
  ExpectRefused({"", {{"a_string", "x"}}, {{"a_string", "y"}}, ""},
                "from the path",
                "The route has no body, so only the path can have the field.");
  ExpectRefused({"*", {}, {{"an_int32", "7"}}, "{}"}, "from the body",
                "The path has no variables, so only the body can have it.");
}

TEST(BuildRequestTest, ASecondParameterForAFieldIsRefused) {
  ExpectRefused({"", {}, {{"an_int32", "7"}, {"an_int32", "8"}}, ""},
                "an_int32", "The field is not repeated: which one is meant?");
  ExpectRefused({"", {}, {{"an_int32", "7"}, {"anInt32", "7"}}, ""}, "anInt32",
                "The same field by its other name.");
}

TEST(BuildRequestTest, UnknownParametersAreRefused) {
  ExpectRefused({"", {}, {{"qurey", "city"}}, ""}, "qurey",
                "Passed over in silence, a typing error finds every movie "
                "there is.");
}

TEST(BuildRequestTest, ValuesThatAreNoneAreRefused) {
  ExpectRefused({"", {{"an_int32", "seven"}}, {}, ""}, "an_int32",
                "The path's value is no number.");
  ExpectRefused({"", {}, {{"genre", "DRAMA"}}, ""}, "genre",
                "The query's value is no name of the enum.");
  ExpectRefused({"*", {}, {}, R"({"anInt32":"seven"})"}, "an_int32",
                "The body's value is no number.");
  ExpectRefused({"", {}, {{"an_int32", ""}}, ""}, "an_int32",
                "An empty text is no number either. Passed over in silence, "
                "the client would take its parameter for heard.");
}

TEST(BuildRequestTest, ABodyThatHasNoPlaceIsRefused) {
  ExpectRefused({"", {}, {}, "{}"}, "body",
                "The route has no body, and what the client sent would be "
                "lost.");
}

}  // namespace
}  // namespace movies
