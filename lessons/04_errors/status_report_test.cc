// Any detail can be shown to people, also one whose type only the descriptors
// know, and one that cannot be read at all.

#include "status_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "codes.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StatusReportTest, ShowsEveryDetailThatItKnows) {
  google::rpc::Status packed;
  packed.set_code(5);
  packed.set_message("no movie");
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  error.set_message("Amélie is out");
  packed.add_details()->PackFrom(error);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  packed.add_details()->PackFrom(retry);
  EXPECT_THAT(
      DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie",
                               packed.SerializeAsString())),
      ElementsAre("movies.v1.MovieError { reason: MOVIE_NOT_FOUND message: "
                  "\"Amélie is out\" }",
                  "google.rpc.RetryInfo { retry_delay { seconds: 3 } }"));
}

TEST(StatusReportTest, SaysWhatItCannotRead) {
  google::rpc::Status packed;
  packed.set_code(5);
  packed.add_details()->set_type_url("example.com/movies.v9.NotYetInvented");
  packed.mutable_details(0)->set_value("12345");
  google::protobuf::Any* garbled = packed.add_details();
  garbled->set_type_url("type.googleapis.com/movies.v1.MovieError");
  garbled->set_value("\xff");
  packed.add_details();  // No type at all.
  EXPECT_THAT(
      DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "",
                               packed.SerializeAsString())),
      ElementsAre("a detail of type movies.v9.NotYetInvented that cannot be "
                  "read (5 bytes)",
                  "a detail of type movies.v1.MovieError that cannot be read "
                  "(1 bytes)",
                  "a detail of type  that cannot be read (0 bytes)"));
  EXPECT_THAT(
      DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "", "garbage")),
      ElementsAre("details that cannot be read (7 bytes)"));
}

TEST(StatusReportTest, TwoDetailsOfATypeAndAnotherMessageAreReadable) {
  google::rpc::Status packed;
  packed.set_code(5);
  packed.set_message("pas de film");
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  packed.add_details()->PackFrom(error);
  packed.add_details()->PackFrom(error);
  EXPECT_THAT(DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie",
                                       packed.SerializeAsString())),
              ElementsAre("movies.v1.MovieError { reason: MOVIE_NOT_FOUND }",
                          "movies.v1.MovieError { reason: MOVIE_NOT_FOUND }"));
}

TEST(StatusReportTest, DetailsOfAnotherErrorAreNotShown) {
  google::rpc::Status packed;
  packed.set_code(3);
  packed.add_details()->PackFrom(v1::MovieError());
  const std::string bytes = packed.SerializeAsString();
  EXPECT_THAT(
      DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "", bytes)),
      ElementsAre(absl::StrCat("details of another error, INVALID_ARGUMENT (",
                               bytes.size(), " bytes)")));
}

TEST(StatusReportTest, AHostileNameStaysOnItsLine) {
  google::rpc::Status packed;
  packed.set_code(5);
  packed.add_details()->set_type_url("x/evil\n\x1b[2J");
  EXPECT_THAT(
      DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "",
                               packed.SerializeAsString())),
      ElementsAre("a detail of type evil\\n\\x1b[2J that cannot be read "
                  "(0 bytes)"));
}

TEST(StatusReportTest, NoDetailsNoLines) {
  EXPECT_THAT(DetailLines(grpc::Status::OK), IsEmpty());
  EXPECT_THAT(DetailLines(grpc::Status(grpc::StatusCode::NOT_FOUND, "x")),
              IsEmpty());
}

TEST(CodesTest, NamesCodes) {
  EXPECT_EQ(CodeName(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(CodeName(grpc::StatusCode::NOT_FOUND), "NOT_FOUND");
  EXPECT_EQ(CodeName(30), "code 30");
  EXPECT_EQ(CodeName(-1), "code -1");
}

TEST(CodesTest, ANumberThatNoCodeCanHaveIsUnknown) {
  EXPECT_EQ(CodeOf(0), grpc::StatusCode::OK);
  EXPECT_EQ(CodeOf(16), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(static_cast<int>(CodeOf(31)), 31);
  EXPECT_EQ(CodeOf(32), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(CodeOf(-1), grpc::StatusCode::UNKNOWN);
}

}  // namespace
}  // namespace movies
