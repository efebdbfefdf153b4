#include "list_services.h"

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reflection_client.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A server with one answer, to every question.
class ScriptedReflection : public Reflection {
 public:
  explicit ScriptedReflection(absl::StatusOr<ServerReflectionResponse> answer)
      : answer_(std::move(answer)) {}

  absl::StatusOr<ServerReflectionResponse> Ask(
      const ServerReflectionRequest& question) override {
    questions_.push_back(question);
    return answer_;
  }

  const std::vector<ServerReflectionRequest>& questions() const {
    return questions_;
  }

 private:
  const absl::StatusOr<ServerReflectionResponse> answer_;
  std::vector<ServerReflectionRequest> questions_;
};

ServerReflectionResponse Services(const std::vector<std::string>& names) {
  ServerReflectionResponse answer;
  answer.mutable_list_services_response();
  for (const std::string& name : names) {
    answer.mutable_list_services_response()->add_service()->set_name(name);
  }
  return answer;
}

ServerReflectionResponse Error(int code, const std::string& message) {
  ServerReflectionResponse answer;
  answer.mutable_error_response()->set_error_code(code);
  answer.mutable_error_response()->set_error_message(message);
  return answer;
}

TEST(ListServicesTest, ReturnsTheNamesInTheServersOrder) {
  ScriptedReflection reflection(Services(
      {"movies.v1.MoviesService", "grpc.reflection.v1alpha.ServerReflection",
       "grpc.health.v1.Health"}));
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  ASSERT_TRUE(names.ok())
      << "The server answered with three services, and ListServices returned "
      << names.status() << ".";
  EXPECT_THAT(*names, ElementsAre("movies.v1.MoviesService",
                                  "grpc.reflection.v1alpha.ServerReflection",
                                  "grpc.health.v1.Health"))
      << "Each entry of list_services_response.service has a name, in full. "
         "All of them are services of the server: whoever calls decides which "
         "of them are of interest.";
}

TEST(ListServicesTest, AsksForTheServices) {
  ScriptedReflection reflection(Services({}));
  ListServices(reflection).IgnoreError();
  ASSERT_EQ(reflection.questions().size(), 1u)
      << "One question is enough, and was asked "
      << reflection.questions().size() << " times. See Reflection::Ask().";
  EXPECT_EQ(reflection.questions()[0].message_request_case(),
            ServerReflectionRequest::kListServices)
      << "message_request is a oneof: which of its fields is set is the "
         "question, and an empty string is set only if you set it. A real "
         "server answers \"{"
      << reflection.questions()[0].ShortDebugString()
      << "}\" with an error, or with something else.";
}

TEST(ListServicesTest, NoServicesIsNoError) {
  ScriptedReflection reflection(Services({}));
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  ASSERT_TRUE(names.ok()) << "The server has no services, and says so: an "
                             "empty list. What came is "
                          << names.status();
  EXPECT_THAT(*names, IsEmpty());
}

TEST(ListServicesTest, NoAnswerIsTheErrorOfAsk) {
  ScriptedReflection reflection(absl::UnimplementedError("has no reflection"));
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  EXPECT_EQ(names.status(), absl::UnimplementedError("has no reflection"))
      << "Ask() returned an error: this server cannot be asked. That is not a "
         "server without services, and its message says what is wrong.";
}

TEST(ListServicesTest, AnErrorResponseIsAnError) {
  ScriptedReflection reflection(Error(7, "only for operators"));
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  EXPECT_FALSE(names.ok())
      << "The stream is well and Ask() is OK, but the answer is an "
         "error_response. A field that is not set reads as empty: look which "
         "one is set before you read one.";
  EXPECT_EQ(names.status().code(), absl::StatusCode::kPermissionDenied)
      << "error_code is a gRPC status code, here 7. ToStatus() knows.";
  EXPECT_EQ(names.status().message(), "only for operators")
      << "The server said why, and the header promises its message, without "
         "words of yours: whoever calls knows best what to put before it.";
}

TEST(ListServicesTest, AnAnswerToAnotherQuestionIsNone) {
  ServerReflectionResponse answer;
  answer.mutable_file_descriptor_response();
  ScriptedReflection reflection(answer);
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  EXPECT_EQ(names.status().code(), absl::StatusCode::kInternal)
      << "The server sent a file_descriptor_response. To read the list of "
         "services from it yields none, and that is not what the server said.";
}

TEST(ListServicesTest, AnEmptyAnswerIsNone) {
  ScriptedReflection reflection(ServerReflectionResponse{});
  EXPECT_EQ(ListServices(reflection).status().code(),
            absl::StatusCode::kInternal)
      << "The server sent a response in which no message_response is set.";
}

// Last: a StatusOr made of the status OK ends the program, and the tests.
TEST(ListServicesTest, AnErrorWithoutACodeIsStillAnError) {
  ScriptedReflection reflection(Error(0, "out of order"));
  std::cout << "The server sends an error_response whose code is 0, OK. If the "
               "program ends here, that became a status as it is: ToStatus() "
               "makes an error of it.\n"
            << std::flush;
  const absl::StatusOr<std::vector<std::string>> names =
      ListServices(reflection);
  EXPECT_EQ(names.status().code(), absl::StatusCode::kInternal)
      << "An error_response whose code is 0, OK, is no list of services. "
         "ToStatus() makes an error of it.";
  EXPECT_THAT(std::string(names.status().message()), HasSubstr("out of order"))
      << "The answer is an error_response because that field is set, whatever "
         "its code, and the server said what is wrong.";
}

}  // namespace
}  // namespace movies
