#include "status_text.h"

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

const google::protobuf::Descriptor* Known(const std::string& name) {
  return name == "movies.v1.MovieError" ? v1::MovieError::descriptor()
                                        : nullptr;
}

grpc::Status WithDetails(const google::rpc::Status& details) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such movie",
                      details.SerializeAsString());
}

TEST(StatusTextTest, CodeAndMessage) {
  EXPECT_EQ(
      StatusText(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"), Known),
      "UNAVAILABLE: gone");
}

TEST(StatusTextTest, ACodeThatNobodyKnows) {
  EXPECT_EQ(CodeName(static_cast<grpc::StatusCode>(99)), "CODE 99");
}

TEST(StatusTextTest, ADetailOfUnknownTypeHidesNoOther) {
  google::rpc::Status details;
  details.add_details()->PackFrom(google::rpc::RetryInfo());
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  details.add_details()->PackFrom(error);
  EXPECT_EQ(StatusText(WithDetails(details), Known),
            "NOT_FOUND: no such movie\n"
            "  google.rpc.RetryInfo (0 bytes)\n"
            "  movies.v1.MovieError {\"reason\":\"MOVIE_NOT_FOUND\"}");
}

TEST(StatusTextTest, ADetailWhoseBytesAreWrong) {
  google::rpc::Status details;
  google::protobuf::Any* detail = details.add_details();
  detail->set_type_url("type.googleapis.com/movies.v1.MovieError");
  detail->set_value("\x12\x7f");
  EXPECT_EQ(StatusText(WithDetails(details), Known),
            "NOT_FOUND: no such movie\n  movies.v1.MovieError (2 bytes)");
}

TEST(StatusTextTest, ControlCharactersOfAServerAreSpelt) {
  google::rpc::Status details;
  details.add_details()->set_type_url("type.googleapis.com/a\x1b[2J");
  v1::MovieError error;
  error.set_message("\x1b[2J\xc2\x9b");
  details.add_details()->PackFrom(error);
  EXPECT_EQ(StatusText(grpc::Status(grpc::StatusCode::INTERNAL, "oh\x1b[2J",
                                    details.SerializeAsString()),
                       Known),
            R"(INTERNAL: oh\x1b[2J
  a\x1b[2J (0 bytes)
  movies.v1.MovieError {"message":"\u001b[2J\u009b"})");
}

TEST(StatusTextTest, DetailsThatAreNoStatus) {
  EXPECT_EQ(StatusText(grpc::Status(grpc::StatusCode::INTERNAL, "oh",
                                    std::string("\x1a\x7f")),
                       Known),
            "INTERNAL: oh\n  (with details that cannot be read)");
}

}  // namespace
}  // namespace movies
