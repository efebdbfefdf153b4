#include "status_bridge.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"
#include "payloads.h"

namespace movies {
namespace {

constexpr char kMovieErrorUrl[] = "type.googleapis.com/movies.v1.MovieError";
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";

v1::MovieError NotFoundError() {
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  error.set_message("no movie has the ID 999");
  return error;
}

google::rpc::RetryInfo RetryAfterSeconds(int seconds) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  return info;
}

// A google.rpc.Status with these details, as a server packs it.
google::rpc::Status Packed(
    int code, const std::string& message,
    const std::vector<const google::protobuf::Message*>& details) {
  google::rpc::Status packed;
  packed.set_code(code);
  packed.set_message(message);
  for (const google::protobuf::Message* detail : details) {
    packed.add_details()->PackFrom(*detail);
  }
  return packed;
}

grpc::Status WithMovieError() {
  const v1::MovieError error = NotFoundError();
  return grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie 999",
                      Packed(5, "no movie 999", {&error}).SerializeAsString());
}

std::string Show(const grpc::Status& status) {
  return absl::StrCat("code ", static_cast<int>(status.error_code()), ", \"",
                      status.error_message(), "\", ",
                      status.error_details().size(), " bytes of details");
}

TEST(StatusBridgeTest, KeepsEveryCodeAndTheMessage) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status there = ToAbslStatus(
        grpc::Status(static_cast<grpc::StatusCode>(code), "some words"));
    ASSERT_EQ(there.raw_code(), code)
        << "ToAbslStatus was given code " << code << " and returned " << there
        << ". absl and gRPC number the codes alike, so that a cast keeps them.";
    ASSERT_EQ(there.message(), "some words") << "Keep the message as it is.";
    const grpc::Status back = ToGrpcStatus(
        absl::Status(static_cast<absl::StatusCode>(code), "some words"));
    ASSERT_EQ(back.error_code(), code) << "ToGrpcStatus was given code " << code
                                       << " and returned " << Show(back) << ".";
    ASSERT_EQ(back.error_message(), "some words")
        << "Keep the message as it is: absl::Status has it without the code's "
           "name in front.";
  }
}

TEST(StatusBridgeTest, OkIsOk) {
  const absl::Status there = ToAbslStatus(grpc::Status::OK);
  EXPECT_TRUE(there.ok()) << "ToAbslStatus made of OK: " << there;
  const grpc::Status back = ToGrpcStatus(absl::OkStatus());
  EXPECT_TRUE(back.ok()) << "ToGrpcStatus made of OK: " << Show(back);
  EXPECT_EQ(back.error_details(), "") << "OK has no details.";
}

TEST(StatusBridgeTest, KeepsACodeThatNeitherKnows) {
  const absl::Status there = ToAbslStatus(
      grpc::Status(static_cast<grpc::StatusCode>(77), "from tomorrow"));
  EXPECT_EQ(there.raw_code(), 77)
      << "ToAbslStatus was given code 77, and returned " << there << ".";
  const grpc::Status back = ToGrpcStatus(
      absl::Status(static_cast<absl::StatusCode>(77), "from tomorrow"));
  EXPECT_EQ(static_cast<int>(back.error_code()), 77)
      << "ToGrpcStatus was given code 77, and returned " << Show(back)
      << ". absl::Status has two functions that return the code: one of them "
         "turns what absl does not know into UNKNOWN (2).";
}

TEST(StatusBridgeTest, DetailsBecomePayloads) {
  const absl::Status status = ToAbslStatus(WithMovieError());
  const absl::optional<absl::Cord> payload = status.GetPayload(kMovieErrorUrl);
  ASSERT_TRUE(payload.has_value())
      << "The grpc::Status carries a MovieError. The absl::Status has no "
         "payload by its type URL, "
      << kMovieErrorUrl << ": " << status;
  v1::MovieError error;
  ASSERT_TRUE(error.ParseFromString(std::string(*payload)))
      << "A payload is the detail's own bytes, without the Any around it.";
  EXPECT_EQ(error.message(), "no movie has the ID 999");
}

TEST(StatusBridgeTest, PayloadsBecomeDetails) {
  absl::Status status = absl::UnavailableError("still loading");
  status.SetPayload(kMovieErrorUrl,
                    absl::Cord(NotFoundError().SerializeAsString()));
  status.SetPayload(kRetryInfoUrl,
                    absl::Cord(RetryAfterSeconds(3).SerializeAsString()));
  google::rpc::Status packed;
  ASSERT_TRUE(packed.ParseFromString(ToGrpcStatus(status).error_details()));
  ASSERT_EQ(packed.details_size(), 2)
      << "The absl::Status has two payloads; each becomes a detail. "
         "ForEachPayload() goes through them.";
  EXPECT_EQ(packed.code(), 14);
  EXPECT_EQ(packed.message(), "still loading");
  for (const google::protobuf::Any& any : packed.details()) {
    v1::MovieError error;
    google::rpc::RetryInfo retry;
    EXPECT_TRUE(any.UnpackTo(&error) || any.UnpackTo(&retry))
        << "This detail is neither of the two: " << any.ShortDebugString();
  }
}

TEST(StatusBridgeTest, KeepsAPayloadInSeveralPieces) {
  // A Cord may hold its bytes in pieces, and a large one does.
  v1::MovieError error;
  error.set_message(std::string(3000, 'x'));
  const std::string bytes = error.SerializeAsString();
  absl::Cord pieces(bytes.substr(0, 1000));
  pieces.Append(absl::Cord(bytes.substr(1000)));
  ASSERT_FALSE(pieces.TryFlat().has_value());
  absl::Status status = absl::NotFoundError("no movie");
  status.SetPayload(kMovieErrorUrl, pieces);
  google::rpc::Status packed;
  ASSERT_TRUE(packed.ParseFromString(ToGrpcStatus(status).error_details()));
  ASSERT_EQ(packed.details_size(), 1)
      << "The absl::Status has one payload; it becomes one detail.";
  v1::MovieError unpacked;
  EXPECT_TRUE(packed.details(0).UnpackTo(&unpacked));
  EXPECT_EQ(unpacked.message().size(), 3000u)
      << "The payload's Cord holds its 3 kB in two pieces. Converted to a "
         "std::string it has all of them.";
}

TEST(StatusBridgeTest, FromGrpcAndBackNothingIsLost) {
  const v1::MovieError error = NotFoundError();
  const google::rpc::RetryInfo retry = RetryAfterSeconds(3);
  const google::rpc::Status packed =
      Packed(14, "still löading\n", {&error, &retry});
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "still löading\n",
                            packed.SerializeAsString());
  const grpc::Status back = ToGrpcStatus(ToAbslStatus(status));
  EXPECT_EQ(back.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(back.error_message(), "still löading\n");
  google::rpc::Status repacked;
  ASSERT_TRUE(repacked.ParseFromString(back.error_details()));
  // absl::Status keeps no order.
  std::vector<std::string> before, after;
  for (const auto& any : packed.details()) {
    before.push_back(any.SerializeAsString());
  }
  for (const auto& any : repacked.details()) {
    after.push_back(any.SerializeAsString());
  }
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  EXPECT_EQ(before, after) << "The details that came back are "
                           << repacked.ShortDebugString();
}

TEST(StatusBridgeTest, FromAbslAndBackNothingIsLost) {
  absl::Status status = absl::AbortedError("changed meanwhile");
  status.SetPayload(kMovieErrorUrl,
                    absl::Cord(NotFoundError().SerializeAsString()));
  status.SetPayload("type.example.com/not.ours", absl::Cord("any bytes"));
  EXPECT_EQ(ToAbslStatus(ToGrpcStatus(status)), status)
      << "Converted to a grpc::Status and back, it should be what it was, "
         "code, "
         "message and both payloads.";
  const absl::Status bare = absl::AbortedError("changed meanwhile");
  EXPECT_EQ(ToAbslStatus(ToGrpcStatus(bare)), bare);
}

TEST(StatusBridgeTest, WhatCannotBePayloadsIsKeptAsItIs) {
  const v1::MovieError error = NotFoundError();
  const std::vector<std::string> details = {
      "no google.rpc.Status at all",
      // Another code.
      Packed(3, "no movie 999", {&error}).SerializeAsString(),
      // Two of a type: payloads would keep the second.
      Packed(5, "no movie 999", {&error, &error}).SerializeAsString(),
      // A fourth field, which a newer google.rpc.Status might have.
      Packed(5, "no movie 999", {&error}).SerializeAsString() + "\x20\x01",
  };
  for (const std::string& bytes : details) {
    const grpc::Status status(grpc::StatusCode::NOT_FOUND, "no movie 999",
                              bytes);
    const absl::Status there = ToAbslStatus(status);
    EXPECT_EQ(there.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(there.GetPayload(kRawDetails), absl::Cord(bytes))
        << "ReadDetails() returns such details as one payload: " << there;
    EXPECT_EQ(ToGrpcStatus(there).error_details(), bytes)
        << "They should come back as they were.";
  }
}

TEST(StatusBridgeTest, NoDetailsStayNone) {
  const absl::Status there =
      ToAbslStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie"));
  there.ForEachPayload([](absl::string_view type_url, const absl::Cord&) {
    ADD_FAILURE() << "There were no details, and now there is a payload by the "
                     "name of "
                  << type_url;
  });
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("no movie")).error_details(), "")
      << "There were no payloads, and now there are details.";
}

}  // namespace
}  // namespace movies
