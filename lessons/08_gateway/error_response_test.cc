#include "error_response.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

v1::MovieError NotFound() {
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  error.set_message("no 99");
  return error;
}

// A failed call with these details in a google.rpc.Status, as servers send it.
grpc::Status Failed(const std::vector<google::protobuf::Any>& details,
                    int packed_code = grpc::StatusCode::NOT_FOUND) {
  google::rpc::Status packed;
  packed.set_code(packed_code);
  packed.set_message("not what the status says");
  for (const auto& detail : details) *packed.add_details() = detail;
  return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no movie 99",
                      packed.SerializeAsString());
}

google::protobuf::Any Pack(const google::protobuf::Message& message) {
  google::protobuf::Any any;
  any.PackFrom(message);
  return any;
}

google::protobuf::Any Unknown() {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/somebody.else.Error");
  any.set_value("\x08\x01");
  return any;
}

// Returns the body as JSON, null if it is none.
Json Body(const grpc::Status& status) {
  const std::string body = ErrorBody(status);
  Json json = Json::parse(body, nullptr, false);
  EXPECT_TRUE(json.is_object())
      << "A client reads the body of an error as a JSON object; this is \""
      << absl::CHexEscape(body) << "\".";
  return json.is_object() ? json : Json::object();
}

TEST(ErrorResponseTest, CodeAndMessageAreTheCalls) {
  const Json body =
      Body(grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no movie 99"));
  EXPECT_EQ(body.value("code", Json()), 5)
      << "`code` is gRPC's number, NOT_FOUND is 5. HTTP's 404 is in the first "
         "line of the answer already, and says less: several codes share one "
         "HTTP status.";
  EXPECT_EQ(body.value("message", Json()), Json("there is no movie 99"))
      << "The message is for people who use the API.";
}

TEST(ErrorResponseTest, AnEmptyMessageIsAMessage) {
  const Json body = Body(grpc::Status(grpc::StatusCode::NOT_FOUND, ""));
  EXPECT_TRUE(body.contains("message"))
      << "`code` and `message` are always there, so that a client need not ask "
         "for them first. It gave "
      << body;
}

TEST(ErrorResponseTest, DetailsGoAlongWithTheirTypes) {
  const Json body = Body(Failed({Pack(NotFound()), Pack(NotFound())}));
  EXPECT_EQ(body.value("details", Json()), Json::parse(R"([
    {"@type":"type.googleapis.com/movies.v1.MovieError",
     "reason":"MOVIE_NOT_FOUND","message":"no 99"},
    {"@type":"type.googleapis.com/movies.v1.MovieError",
     "reason":"MOVIE_NOT_FOUND","message":"no 99"}])"))
      << "The bytes in error_details() are a google.rpc.Status; its details "
         "become an array, in their order, each with its type.";
  EXPECT_EQ(body.value("message", Json()), Json("there is no movie 99"))
      << "The message is the status's own: the one within the details may be "
         "a copy, or something else.";
}

TEST(ErrorResponseTest, WithoutDetailsThereAreNone) {
  EXPECT_FALSE(
      Body(grpc::Status(grpc::StatusCode::INTERNAL, "x")).contains("details"))
      << "No details came, so there is nothing to say of them.";
}

TEST(ErrorResponseTest, ADetailOfUnknownTypeTakesNoOtherAlong) {
  const Json body =
      Body(Failed({Pack(NotFound()), Unknown(), Pack(NotFound())}));
  const Json details = body.value("details", Json::array());
  ASSERT_EQ(details.size(), 3u)
      << "A server that is newer than this program sends details of types that "
         "it does not know. The others are still wanted.";
  EXPECT_EQ(details[1], Json::parse(R"(
    {"@type":"type.googleapis.com/somebody.else.Error","value":"CAE="})"))
      << "Whoever knows the type can read the detail from its bytes. \"@type\" "
         "is the type URL as it came, as for all details. JSON has no bytes, "
         "so `value` has them in base64.";
  EXPECT_EQ(body.value("code", Json()), 5)
      << "And the error is still the one that it was.";
}

TEST(ErrorResponseTest, ADetailWhoseBytesAreBrokenIsNotMadeUp) {
  google::protobuf::Any broken = Pack(NotFound());
  broken.mutable_value()->pop_back();
  const Json details = Body(Failed({broken})).value("details", Json::array());
  ASSERT_EQ(details.size(), 1u) << details;
  EXPECT_EQ(details[0],
            (Json{{"@type", "type.googleapis.com/movies.v1.MovieError"},
                  {"value", absl::Base64Escape(broken.value())}}))
      << "DetailJson() has nothing for it, as for a type that is unknown; so "
         "its bytes are shown.";
}

TEST(ErrorResponseTest, DetailsKeepTheirOrder) {
  const Json details = Body(Failed({Unknown(), Pack(NotFound())}))
                           .value("details", Json::array());
  ASSERT_EQ(details.size(), 2u) << details;
  EXPECT_EQ(details[0].value("value", Json()), Json("CAE="))
      << "The detail that cannot be read was the first. A service puts first "
         "what matters most. It gave "
      << details;
  EXPECT_EQ(details[1].value("reason", Json()), Json("MOVIE_NOT_FOUND"))
      << details;
}

TEST(ErrorResponseTest, BytesThatAreNoStatusAreLeftOut) {
  const Json body = Body(
      grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff not one"));
  EXPECT_EQ(body.value("code", Json()), 5)
      << "error_details() may hold anything; the code is still good.";
  EXPECT_EQ(body.value("message", Json()), Json("gone"));
  EXPECT_FALSE(body.contains("details")) << body;
}

TEST(ErrorResponseTest, AStatusThatIsCutOffIsNoStatus) {
  const grpc::Status whole = Failed({Pack(NotFound())});
  const std::string bytes = whole.error_details();
  const Json body = Body(grpc::Status(whole.error_code(), whole.error_message(),
                                      bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(body.contains("details"))
      << "Its code was read, and then the bytes ended too early. Only "
         "ParseFromString() knows, and it returns false. It gave "
      << body;
}

TEST(ErrorResponseTest, DetailsOfAnotherErrorAreLeftOut) {
  const Json body =
      Body(Failed({Pack(NotFound())}, grpc::StatusCode::INTERNAL));
  EXPECT_FALSE(body.contains("details"))
      << "A google.rpc.Status with another code than the call's belongs to "
         "another error: a proxy on the way may have changed the code. It "
         "gave "
      << body;
  EXPECT_EQ(body.value("code", Json()), 5) << "The call's own code decides.";
}

TEST(ErrorResponseTest, AMessageMayBeAnyBytes) {
  const Json body =
      Body(grpc::Status(grpc::StatusCode::UNKNOWN, "bad \xff byte \"x\"\n"));
  EXPECT_EQ(body.value("message", Json()),
            Json("bad \xEF\xBF\xBD byte \"x\"\n"))
      << "JSON is UTF-8, a gRPC message need not be; and quotes and line "
         "breaks must not end the text.";
}

TEST(ErrorResponseTest, TheBodyIsOneLine) {
  EXPECT_THAT(ErrorBody(Failed({Pack(NotFound())})), Not(HasSubstr("\n")))
      << "In a stream, a line is a message.";
}

TEST(HttpStatusTest, CodesHaveTheirHttpStatus) {
  const std::vector<int> expected = {200, 499, 500, 400, 504, 404,
                                     409, 403, 429, 400, 409, 400,
                                     501, 500, 503, 500, 401};
  for (int code = 0; code <= 16; ++code) {
    EXPECT_EQ(HttpStatusOf(code), expected[code]) << code;
  }
  EXPECT_EQ(HttpStatusOf(17), 500);
  EXPECT_EQ(HttpStatusOf(-1), 500);
}

TEST(HttpStatusTest, ResponseHasStatusTypeAndBody) {
  const grpc::Status status(grpc::StatusCode::UNAUTHENTICATED, "who?");
  const support::HttpResponse response = ErrorResponse(status);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, ErrorBody(status));
  std::vector<std::string> headers;
  for (const auto& header : response.headers) {
    headers.push_back(header.name + ": " + header.value);
  }
  EXPECT_THAT(headers,
              ::testing::UnorderedElementsAre("Content-Type: application/json",
                                              "WWW-Authenticate: Bearer"));
}

}  // namespace
}  // namespace movies
