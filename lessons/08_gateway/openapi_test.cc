#include "openapi.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"
#include "nlohmann/json.hpp"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::ServiceDescriptor;
using ::google::protobuf::TextFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = ::nlohmann::ordered_json;

// As a .proto file has it:
//
//   // Light, and what it falls on.
//   enum Colour { BLACK = 0; WHITE = 1; }
//   // Somebody.
//   message Person {
//     // As on the poster.
//     string full_name = 1;
//     // Who decides.
//     Person boss = 2;
//   }
//   message Request {
//     int32 mid = 1;
//     Person person = 2;
//     repeated string tags = 3;
//     …
constexpr char kFile[] = R"pb(
  name: "test.proto"
  syntax: "proto3"
  package: "test"
  dependency: "google/api/annotations.proto"
  dependency: "google/protobuf/any.proto"
  dependency: "google/protobuf/duration.proto"
  dependency: "google/protobuf/struct.proto"
  dependency: "google/protobuf/timestamp.proto"
  dependency: "google/protobuf/wrappers.proto"
  enum_type {
    name: "Colour"
    value { name: "BLACK" number: 0 }
    value { name: "WHITE" number: 1 }
  }
  message_type {
    name: "Person"
    field { name: "full_name" number: 1 type: TYPE_STRING }
    field { name: "boss" number: 2 type_name: "Person" }
  }
  message_type {
    name: "Request"
    field { name: "mid" number: 1 type: TYPE_INT32 }
    field { name: "person" number: 2 type_name: "Person" }
    field { name: "tags" number: 3 type: TYPE_STRING label: LABEL_REPEATED }
    field { name: "cast" number: 4 type_name: "Person" label: LABEL_REPEATED }
    field {
      name: "crew"
      number: 5
      type_name: "CrewEntry"
      label: LABEL_REPEATED
    }
    field { name: "colour" number: 6 type_name: "Colour" }
    field { name: "since" number: 7 type_name: ".google.protobuf.Timestamp" }
    field { name: "length" number: 8 type_name: ".google.protobuf.Duration" }
    field { name: "budget" number: 9 type_name: ".google.protobuf.Int64Value" }
    field { name: "extra" number: 10 type_name: ".google.protobuf.Struct" }
    field { name: "views" number: 11 type: TYPE_INT64 }
    field { name: "seats" number: 12 type: TYPE_UINT32 }
    field { name: "score" number: 13 type: TYPE_DOUBLE }
    field { name: "poster" number: 14 type: TYPE_BYTES }
    field { name: "sound" number: 15 type: TYPE_BOOL }
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
  }
  message_type {
    name: "Response"
    field { name: "people" number: 1 type_name: "Person" label: LABEL_REPEATED }
    field { name: "any" number: 2 type_name: ".google.protobuf.Any" }
    field { name: "value" number: 3 type_name: ".google.protobuf.Value" }
    field { name: "nothing" number: 4 type_name: ".google.protobuf.NullValue" }
  }
  source_code_info {
    location {
      path: [ 5, 0 ]
      span: [ 1, 0, 1 ]
      leading_comments: " Light, and what\n it falls on.\n"
    }
    location {
      path: [ 4, 0 ]
      span: [ 1, 0, 1 ]
      leading_comments: " Somebody.\n"
    }
    location {
      path: [ 4, 0, 2, 0 ]
      span: [ 1, 0, 1 ]
      leading_comments: " As on the poster.\n"
    }
    location {
      path: [ 4, 0, 2, 1 ]
      span: [ 1, 0, 1 ]
      leading_comments: " Who decides.\n"
    }
    location {
      path: [ 6, 0 ]
      span: [ 1, 0, 1 ]
      leading_comments: " Tries things out.\n"
    }
    location {
      path: [ 6, 0, 2, 0 ]
      span: [ 1, 0, 1 ]
      leading_comments: " Finds it.\n"
    }
  })pb";

// A method of a service, as text of its MethodDescriptorProto.
std::string Method(const std::string& name, const std::string& options,
                   const std::string& request = "Request",
                   const std::string& response = "Response",
                   const std::string& streaming = "") {
  return absl::StrCat("method { name: \"", name, "\" input_type: \"", request,
                      "\" output_type: \"", response, "\" ", streaming,
                      " options {", options, "} }");
}

class OpenApiTest : public ::testing::Test {
 protected:
  // Describes a service with `methods`.
  Json Describe(const std::string& methods) {
    // The generated pool has what the file imports.
    google::protobuf::LinkMessageReflection<google::protobuf::Any>();
    google::protobuf::LinkMessageReflection<google::protobuf::Duration>();
    google::protobuf::LinkMessageReflection<google::protobuf::Struct>();
    google::protobuf::LinkMessageReflection<google::protobuf::Timestamp>();
    google::protobuf::LinkMessageReflection<google::protobuf::Int64Value>();
    FileDescriptorProto proto;
    const std::string text =
        absl::StrCat(kFile, "service { name: \"Test\" ", methods, "}");
    EXPECT_TRUE(TextFormat::ParseFromString(text, &proto)) << text;
    const FileDescriptor* file = pool_.BuildFile(proto);
    if (file == nullptr) {
      ADD_FAILURE() << "no .proto file: " << text;
      return {};
    }
    return Describe(file->service(0));
  }

  Json Describe(const ServiceDescriptor* service) {
    const absl::StatusOr<std::string> text =
        OpenApi({service}, {"Movies", "1.2"});
    if (!text.ok()) {
      status_ = text.status();
      return {};
    }
    return Json::parse(*text);
  }

  // What the document says of GET /x, whose request is a Request.
  Json DescribeGet() {
    return Describe(Method(
        "Get", R"([google.api.http] {get: "/x"})"))["paths"]["/x"]["get"];
  }

  absl::Status status_;

 private:
  DescriptorPool pool_{DescriptorPool::generated_pool()};
};

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

// The parameter of an operation that has the name; null if none has.
Json ParameterNamed(const Json& operation, const std::string& name) {
  for (const Json& parameter : operation["parameters"]) {
    if (parameter["name"] == name) return parameter;
  }
  return {};
}

TEST_F(OpenApiTest, NamesTheApi) {
  const Json document = Describe("");
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_EQ(document["info"], Json::parse(R"({"title": "Movies",
                                              "version": "1.2"})"));
  EXPECT_EQ(document["tags"], Json::parse(R"([
      {"name": "test.Test", "description": "Tries things out."}])"));
}

TEST_F(OpenApiTest, ARouteIsAnOperation) {
  const Json document = Describe(Method(
      "Get",
      R"([google.api.http] {get: "/v1/movies/{mid}"} deprecated: true)"));
  const Json& operation = document["paths"]["/v1/movies/{mid}"]["get"];
  EXPECT_EQ(operation["operationId"], "Test_Get");
  EXPECT_EQ(operation["tags"], Json::parse(R"(["test.Test"])"));
  EXPECT_EQ(operation["description"], "Finds it.");
  EXPECT_EQ(operation["deprecated"], true);
  EXPECT_EQ(operation["responses"]["200"]["content"]["application/json"]
                     ["schema"]["$ref"],
            "#/components/schemas/test.Response");
  EXPECT_FALSE(operation.contains("requestBody"));
}

TEST_F(OpenApiTest, AMethodWithoutAnAnnotationIsLeftOut) {
  EXPECT_THAT(Describe(Method("Get", ""))["paths"], testing::IsEmpty());
}

TEST_F(OpenApiTest, AnErrorIsAStatus) {
  const Json document =
      Describe(Method("Get", R"([google.api.http] {get: "/x"})"));
  EXPECT_EQ(document["paths"]["/x"]["get"]["responses"]["default"]["$ref"],
            "#/components/responses/Error");
  EXPECT_EQ(document["components"]["responses"]["Error"]["content"]
                    ["application/json"]["schema"]["$ref"],
            "#/components/schemas/google.rpc.Status");
  const Json& status = document["components"]["schemas"]["google.rpc.Status"];
  EXPECT_THAT(Keys(status["properties"]),
              ElementsAre("code", "message", "details"));
  EXPECT_THAT(Keys(status["properties"]["details"]["items"]["properties"]),
              ElementsAre("@type"));
}

TEST_F(OpenApiTest, AVariableIsAParameterOfThePath) {
  const Json document = Describe(Method(
      "Get", R"([google.api.http] {get: "/v1/{person.full_name}/{mid}:x"})"));
  ASSERT_THAT(Keys(document["paths"]),
              ElementsAre("/v1/{person.full_name}/{mid}:x"));
  const Json& operation =
      document["paths"]["/v1/{person.full_name}/{mid}:x"]["get"];
  EXPECT_EQ(operation["parameters"][0], Json::parse(R"({
      "name": "person.full_name", "in": "path",
      "description": "As on the poster.", "required": true,
      "schema": {"type": "string"}})"));
  EXPECT_EQ(operation["parameters"][1], Json::parse(R"({
      "name": "mid", "in": "path", "required": true,
      "schema": {"type": "integer", "format": "int32"}})"));
}

TEST_F(OpenApiTest, AVariableOfSeveralSegmentsIsSpelledOut) {
  const Json document = Describe(Method(
      "Get",
      R"([google.api.http] {get: "/v1/{person.full_name=shelves/*/movies/**}"})"));
  const std::string path =
      "/v1/shelves/{person.full_name_2}/movies/{person.full_name_4}";
  ASSERT_THAT(Keys(document["paths"]), ElementsAre(path));
  const Json& parameters = document["paths"][path]["get"]["parameters"];
  EXPECT_EQ(parameters[0]["description"],
            "A part of the field person.full_name, which is "
            "shelves/*/movies/**.");
  EXPECT_THAT(parameters[1]["description"].get<std::string>(),
              HasSubstr("May be several segments of the path, or none."));
  EXPECT_EQ(ParameterNamed(document["paths"][path]["get"], "person.full_name"),
            nullptr)
      << "what is in the path is not in the query";
}

TEST_F(OpenApiTest, WildcardsWithoutAVariableAreNumbered) {
  EXPECT_THAT(
      Keys(Describe(
          Method("Get", R"([google.api.http] {get: "/v1/*/{mid}"})"))["paths"]),
      ElementsAre("/v1/{segment_2}/{mid}"));
}

// OpenAPI forbids paths that differ in the names of their parameters only.
TEST_F(OpenApiTest, PathsOfOneShapeShareTheirNames) {
  const Json document = Describe(
      Method("Get", R"([google.api.http] {get: "/v1/{mid}"})") +
      Method("Put",
             R"([google.api.http] {put: "/v1/{person.full_name}" body: "*"})"));
  ASSERT_THAT(Keys(document["paths"]), ElementsAre("/v1/{mid}"));
  const Json& put = document["paths"]["/v1/{mid}"]["put"];
  EXPECT_EQ(put["parameters"], Json::parse(R"([{
      "name": "mid", "in": "path",
      "description": "The field person.full_name.", "required": true,
      "schema": {"type": "string"}}])"));
}

TEST_F(OpenApiTest, TheFirstOfRoutesThatLookAlikeStays) {
  const Json document = Describe(
      Method("Get", R"([google.api.http] {get: "/v1/{mid}"})") +
      Method("List",
             R"([google.api.http] {get: "/v1/{person.full_name=**}"})"));
  EXPECT_EQ(document["paths"]["/v1/{mid}"]["get"]["operationId"], "Test_Get");
  EXPECT_THAT(Keys(document["paths"]), ElementsAre("/v1/{mid}"));
}

TEST_F(OpenApiTest, AdditionalBindingsAreOperationsToo) {
  const Json document = Describe(Method(
      "Get",
      R"([google.api.http] {get: "/a" additional_bindings {get: "/b"} additional_bindings {custom {kind: "HEAD" path: "/c"}} additional_bindings {custom {kind: "LINK" path: "/d"}} additional_bindings {custom {kind: "*" path: "/e"}}})"));
  EXPECT_EQ(document["paths"]["/a"]["get"]["operationId"], "Test_Get");
  EXPECT_EQ(document["paths"]["/b"]["get"]["operationId"], "Test_Get_2");
  EXPECT_EQ(document["paths"]["/c"]["head"]["operationId"], "Test_Get_3");
  EXPECT_THAT(Keys(document["paths"]), ElementsAre("/a", "/b", "/c"))
      << "OpenAPI knows neither LINK nor any method";
}

TEST_F(OpenApiTest, TheRestIsInTheQuery) {
  const Json get = DescribeGet();
  std::vector<std::string> names;
  for (const Json& parameter : get["parameters"]) {
    names.push_back(parameter["name"]);
    EXPECT_EQ(parameter["in"], "query");
    EXPECT_FALSE(parameter.contains("required"));
  }
  EXPECT_THAT(names, ElementsAre("mid", "person.full_name", "tags", "colour",
                                 "since", "length", "budget", "views", "seats",
                                 "score", "poster", "sound"))
      << "A message's fields are named with dots; repeated messages, maps and "
         "objects cannot be in a query, nor can a person's boss's boss's …";
}

TEST_F(OpenApiTest, ScalarsInTheQuery) {
  const Json get = DescribeGet();
  const auto schema = [&get](const std::string& name) {
    return ParameterNamed(get, name)["schema"].dump();
  };
  EXPECT_EQ(schema("mid"), R"({"type":"integer","format":"int32"})");
  EXPECT_EQ(schema("tags"), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(schema("colour"), R"({"$ref":"#/components/schemas/test.Colour"})");
  EXPECT_EQ(schema("since"), R"({"type":"string","format":"date-time"})");
  EXPECT_EQ(
      schema("length"),
      R"({"type":"string","pattern":"^-?[0-9]+(\\.[0-9]{1,9})?s$","example":"1.5s"})");
  EXPECT_EQ(schema("budget"), R"({"type":"string","format":"int64"})");
  EXPECT_EQ(schema("views"), R"({"type":"string","format":"int64"})");
  EXPECT_EQ(schema("seats"),
            R"({"type":"integer","format":"int64","minimum":0})");
  EXPECT_EQ(schema("score"), R"({"type":"number","format":"double"})");
  EXPECT_EQ(schema("poster"), R"({"type":"string","format":"byte"})");
  EXPECT_EQ(schema("sound"), R"({"type":"boolean"})");
}

TEST_F(OpenApiTest, AnEnumIsOneOfItsNames) {
  const Json document =
      Describe(Method("Get", R"([google.api.http] {get: "/x"})"));
  EXPECT_EQ(document["components"]["schemas"]["test.Colour"], Json::parse(R"({
      "type": "string", "enum": ["BLACK", "WHITE"],
      "description": "Light, and what\nit falls on."})"));
}

TEST_F(OpenApiTest, TheWholeRequestIsTheBody) {
  const Json document =
      Describe(Method("Post", R"([google.api.http] {post: "/x" body: "*"})"));
  const Json& post = document["paths"]["/x"]["post"];
  EXPECT_FALSE(post.contains("parameters"));
  EXPECT_EQ(post["requestBody"]["required"], true);
  EXPECT_EQ(
      post["requestBody"]["content"]["application/json"]["schema"]["$ref"],
      "#/components/schemas/test.Request");
  const Json& properties =
      document["components"]["schemas"]["test.Request"]["properties"];
  EXPECT_EQ(properties["person"]["$ref"], "#/components/schemas/test.Person");
  EXPECT_EQ(
      properties["cast"].dump(),
      R"({"type":"array","items":{"$ref":"#/components/schemas/test.Person"}})");
  EXPECT_EQ(
      properties["crew"].dump(),
      R"({"type":"object","additionalProperties":{"$ref":"#/components/schemas/test.Person"}})");
  EXPECT_EQ(properties["extra"].dump(),
            R"({"type":"object","additionalProperties":{}})");
  EXPECT_EQ(properties["budget"]["nullable"], true);
}

TEST_F(OpenApiTest, AFieldHasItsJsonNameAndItsComment) {
  const Json document =
      Describe(Method("Post", R"([google.api.http] {post: "/x" body: "*"})",
                      "Person", "Response"));
  EXPECT_EQ(document["components"]["schemas"]["test.Person"], Json::parse(R"({
      "type": "object", "description": "Somebody.",
      "properties": {
        "fullName": {"type": "string", "description": "As on the poster."},
        "boss": {"allOf": [{"$ref": "#/components/schemas/test.Person"}],
                 "description": "Who decides."}}})"));
}

TEST_F(OpenApiTest, WhatThePathHasIsNotInTheBody) {
  const Json document = Describe(
      Method("Post", R"([google.api.http] {post: "/x/{full_name}" body: "*"})",
             "Person", "Response"));
  const Json& post = document["paths"]["/x/{full_name}"]["post"];
  EXPECT_THAT(Keys(post["requestBody"]["content"]["application/json"]["schema"]
                       ["properties"]),
              ElementsAre("boss"));
}

TEST_F(OpenApiTest, OneFieldIsTheBodyAndTheRestIsInTheQuery) {
  const Json document = Describe(
      Method("Post", R"([google.api.http] {post: "/x/{mid}" body: "cast"})"));
  const Json& post = document["paths"]["/x/{mid}"]["post"];
  EXPECT_EQ(
      post["requestBody"]["content"]["application/json"]["schema"]["type"],
      "array");
  EXPECT_NE(ParameterNamed(post, "tags"), nullptr);
  EXPECT_EQ(ParameterNamed(post, "cast"), nullptr);
  EXPECT_EQ(ParameterNamed(post, "mid")["in"], "path");
}

TEST_F(OpenApiTest, OneFieldIsTheResponse) {
  const Json document = Describe(Method(
      "Get", R"([google.api.http] {get: "/x" response_body: "people"})"));
  EXPECT_EQ(document["paths"]["/x"]["get"]["responses"]["200"]["content"]
                    ["application/json"]["schema"]["type"],
            "array");
}

TEST_F(OpenApiTest, StreamsAreLines) {
  const Json document = Describe(
      Method("Chat", R"([google.api.http] {post: "/x" body: "*"})", "Person",
             "Person", "client_streaming: true server_streaming: true"));
  const Json& post = document["paths"]["/x"]["post"];
  EXPECT_EQ(
      post["requestBody"]["content"]["application/x-ndjson"]["schema"]["$ref"],
      "#/components/schemas/test.Person");
  const Json& line = post["responses"]["200"]["content"]["application/x-ndjson"]
                         ["schema"]["properties"];
  EXPECT_EQ(line["result"]["$ref"], "#/components/schemas/test.Person");
  EXPECT_EQ(line["error"]["$ref"], "#/components/schemas/google.rpc.Status");
}

TEST_F(OpenApiTest, RefusesABadAnnotation) {
  Describe(Method("Get", R"([google.api.http] {get: "/x/{nothing}"})"));
  EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status_.message(), HasSubstr("test.Test.Get"));
}

TEST_F(OpenApiTest, TheMovieServiceHasNoCommentsInGeneratedCode) {
  const Json document = Describe(
      v1::Movie::descriptor()->file()->FindServiceByName("MoviesService"));
  EXPECT_THAT(Keys(document["paths"]),
              ElementsAre("/v1/movies/{mid}", "/v1/movies",
                          "/v1/movies/{mid}:rate", "/v1/movies:rate"));
  EXPECT_THAT(Keys(document["paths"]["/v1/movies"]),
              ElementsAre("get", "post"));
  EXPECT_FALSE(
      document["paths"]["/v1/movies/{mid}"]["get"].contains("description"));
}

}  // namespace
}  // namespace movies
