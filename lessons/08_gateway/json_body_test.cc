#include "json_body.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/every_kind/every_kind.pb.h"

namespace movies {
namespace {

using support::EveryKind;
using ::testing::HasSubstr;

HttpRoute RouteWithResponseBody(const std::string& field) {
  return {nullptr, "GET", *PathTemplate::Parse("/v1/kinds"), "", field};
}

void ExpectRefused(absl::string_view field, absl::string_view body,
                   absl::string_view what) {
  EveryKind request;
  const absl::Status status = ReadBody(field, body, &request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << body;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(what)));
}

TEST(ReadBodyTest, AStarIsTheWholeMessage) {
  EveryKind request;
  ASSERT_TRUE(
      ReadBody("*", R"({"aString":"a","person":{"name":"Ada"}})", &request)
          .ok());
  EXPECT_EQ(request.a_string(), "a");
  EXPECT_EQ(request.person().name(), "Ada");
}

TEST(ReadBodyTest, AFieldIsOneValueOfItsType) {
  EveryKind request;
  EXPECT_TRUE(ReadBody("person", R"({"born":1907})", &request).ok());
  EXPECT_TRUE(ReadBody("strings", R"(["a","b"])", &request).ok());
  EXPECT_TRUE(ReadBody("an_int32", "7", &request).ok());
  EXPECT_TRUE(ReadBody("counts", R"({"a":1})", &request).ok());
  EXPECT_EQ(request.person().born(), 1907);
  EXPECT_EQ(request.strings_size(), 2);
  EXPECT_EQ(request.an_int32(), 7);
  EXPECT_EQ(request.counts().at("a"), 1);
}

TEST(ReadBodyTest, AFieldIsReplacedAndTheRestKept) {
  EveryKind request;
  request.set_a_string("kept");
  request.mutable_person()->set_name("lost");
  ASSERT_TRUE(ReadBody("person", R"({"born":1907})", &request).ok());
  EXPECT_EQ(request.a_string(), "kept");
  EXPECT_EQ(request.person().name(), "");
}

TEST(ReadBodyTest, AnEmptyBodySetsNothing) {
  EveryKind request;
  request.set_a_string("kept");
  for (const char* field : {"", "*", "person"}) {
    EXPECT_TRUE(ReadBody(field, "", &request).ok()) << field;
  }
  EXPECT_EQ(request.a_string(), "kept");
}

TEST(ReadBodyTest, ABodyThatHasNoPlaceIsRefused) {
  ExpectRefused("", "{}", "no body");
}

TEST(ReadBodyTest, BadJsonNamesTheField) {
  ExpectRefused("*", R"({"anInt32":"seven"})", "an_int32");
  ExpectRefused("*", R"({"persons":[{},{"born":"x"}]})", "persons[1].born");
  ExpectRefused("*", R"({"nobody":1})", "nobody");
  ExpectRefused("*", "{", "JSON");
  ExpectRefused("*", "[]", "JSON");
  ExpectRefused("*", "{\"aString\":\"\xff\"}", "UTF-8");
  ExpectRefused("an_int32", "\"seven\"", "an_int32");
  ExpectRefused("person", "[]", "person");
}

TEST(ReadBodyTest, AFieldsBodyCannotReachOtherFields) {
  ExpectRefused("an_int32", R"(1,"aString":"x")", "no JSON");
  ExpectRefused("person", R"({},"aString":"x")", "no JSON");
  ExpectRefused("an_int32", "1 2", "no JSON");
  ExpectRefused("an_int32", std::string("1\0},\"aString\":\"x\"", 17), "JSON");
}

TEST(ReadBodyTest, OnlyJsonAsItIsStandardizedIsTaken) {
  for (const char* body :
       {"{anInt32:3}", "{'anInt32':3}", R"({"anInt32":3,})"}) {
    ExpectRefused("*", body, "no JSON");
  }
}

TEST(ReadBodyTest, ListsWithinListsAreRefusedAtOnce) {
  // protobuf's parser would take minutes for these.
  ExpectRefused("value", std::string(20000, '[') + std::string(20000, ']'),
                "deep");
}

TEST(ReadBodyTest, DeepNestingIsRefused) {
  std::string body = "{}";
  for (int i = 0; i < 10000; ++i) body = absl::StrCat("{\"boss\":", body, "}");
  ExpectRefused("person", body, "deep");
}

TEST(ResponseJsonTest, TheWholeResponseIsOnOneLine) {
  EveryKind response;
  response.set_a_string("a\nb");
  response.set_an_int64(9007199254740993);
  EXPECT_EQ(*ResponseJson(RouteWithResponseBody(""), response),
            R"({"anInt64":"9007199254740993","aString":"a\nb"})");
}

TEST(ResponseJsonTest, OrOneFieldOfIt) {
  EveryKind response;
  response.set_an_int64(9007199254740993);
  response.mutable_person()->set_name("Ada");
  response.add_strings("a");
  response.set_renamed("r");
  const auto json = [&response](const std::string& field) {
    return *ResponseJson(RouteWithResponseBody(field), response);
  };
  EXPECT_EQ(json("an_int64"), "\"9007199254740993\"");
  EXPECT_EQ(json("person"), R"({"name":"Ada"})");
  EXPECT_EQ(json("strings"), R"(["a"])");
  EXPECT_EQ(json("renamed"), "\"r\"");
}

TEST(ResponseJsonTest, AFieldThatIsNotSetIsItsDefault) {
  const EveryKind response;
  const auto json = [&response](const std::string& field) {
    return *ResponseJson(RouteWithResponseBody(field), response);
  };
  EXPECT_EQ(json("a_string"), "\"\"");
  EXPECT_EQ(json("an_int32"), "0");
  EXPECT_EQ(json("strings"), "[]");
  EXPECT_EQ(json("person"), "null");
}

TEST(ResponseJsonTest, WhatHasNoJsonIsInternal) {
  EveryKind response;
  response.mutable_any()->set_type_url("type.googleapis.com/no.Such");
  response.mutable_any()->set_value("x");
  EXPECT_EQ(ResponseJson(RouteWithResponseBody(""), response).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace movies
