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

// The google.rpc.Status that `status` carries. On failure, adds a failure that
// says so.
google::rpc::Status Unpacked(const grpc::Status& status) {
  google::rpc::Status packed;
  if (status.error_details().empty() ||
      !packed.ParseFromString(status.error_details())) {
    ADD_FAILURE() << "ToGrpcStatus was given payloads, and the grpc::Status "
                     "has no google.rpc.Status in its details ("
                  << status.error_details().size()
                  << " bytes). WriteDetails() makes one.";
  }
  return packed;
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
  const absl::Status spoken =
      ToAbslStatus(grpc::Status(grpc::StatusCode::OK, "fine", "details"));
  EXPECT_TRUE(spoken == absl::OkStatus())
      << "ToAbslStatus was given OK with a message and details, and made of "
         "it: "
      << spoken << ". OK has neither.";
}

TEST(StatusBridgeTest, KeepsACodeThatNeitherKnows) {
  const absl::Status there = ToAbslStatus(
      grpc::Status(static_cast<grpc::StatusCode>(30), "from tomorrow"));
  EXPECT_EQ(there.raw_code(), 30)
      << "ToAbslStatus was given code 30, and returned " << there << ".";
  absl::Status status(static_cast<absl::StatusCode>(30), "from tomorrow");
  status.SetPayload(kMovieErrorUrl, absl::Cord(""));
  const grpc::Status back = ToGrpcStatus(status);
  EXPECT_EQ(static_cast<int>(back.error_code()), 30)
      << "ToGrpcStatus was given code 30, and returned " << Show(back)
      << ". absl::Status has two functions that return the code: one of them "
         "turns what absl does not know into UNKNOWN (2).";
  EXPECT_EQ(Unpacked(back).code(), 30)
      << "ToGrpcStatus was given code 30 and a payload. The code inside the "
         "details has to be that of the status, or clients take them for "
         "another error's.";
}

TEST(StatusBridgeTest, ACodeThatDoesNotFitIsUnknown) {
  absl::Status status(static_cast<absl::StatusCode>(1000), "ours");
  status.SetPayload(kMovieErrorUrl, absl::Cord(""));
  const grpc::Status back = ToGrpcStatus(status);
  EXPECT_EQ(back.error_code(), grpc::StatusCode::UNKNOWN)
      << "ToGrpcStatus was given code 1000, and returned " << Show(back)
      << ". A grpc::StatusCode cannot hold that number; CodeOf() in codes.h "
         "knows what to make of it.";
  EXPECT_EQ(Unpacked(back).code(), 2)
      << "ToGrpcStatus was given code 1000 and a payload. The code inside the "
         "details has to be that of the status.";
}

TEST(StatusBridgeTest, AMessageMayHoldAnyByte) {
  const std::string message("cut\0off?", 8);
  EXPECT_EQ(ToAbslStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, message))
                .message()
                .size(),
            message.size())
      << "The message has a zero byte in the middle. It is a std::string, "
         "which has a size; only C's strings end there.";
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError(message)).error_message().size(),
            message.size())
      << "The message has a zero byte in the middle, and absl::Status gives it "
         "as a string_view, which has a size; only C's strings end there.";
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
  const google::rpc::Status packed = Unpacked(ToGrpcStatus(status));
  ASSERT_EQ(packed.details_size(), 2)
      << "The absl::Status has two payloads; each becomes a detail. "
         "ForEachPayload() goes through them.";
  EXPECT_EQ(packed.code(), 14)
      << "The absl::Status is UNAVAILABLE (14), and the code inside the "
         "details has to be the same.";
  EXPECT_EQ(packed.message(), "still loading")
      << "The message inside the details has to be that of the status.";
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
  const google::rpc::Status packed = Unpacked(ToGrpcStatus(status));
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
  EXPECT_EQ(back.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "Converted to an absl::Status and back, it is " << Show(back);
  EXPECT_EQ(back.error_message(), "still löading\n")
      << "Converted to an absl::Status and back, the message should be what it "
         "was.";
  const google::rpc::Status repacked = Unpacked(back);
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
  EXPECT_TRUE(before == after)
      << "Converted to an absl::Status and back, the details should be what "
         "they were, in any order. They were "
      << packed.ShortDebugString() << ", and are "
      << repacked.ShortDebugString();
}

TEST(StatusBridgeTest, FromAbslAndBackNothingIsLost) {
  absl::Status status = absl::AbortedError("changed meanwhile");
  status.SetPayload(kMovieErrorUrl,
                    absl::Cord(NotFoundError().SerializeAsString()));
  status.SetPayload("type.example.com/not.ours", absl::Cord("any bytes"));
  EXPECT_EQ(ToAbslStatus(ToGrpcStatus(status)), status)
      << "Converted to a grpc::Status and back, it should be what it was, "
         "code, message and both payloads.";
  const absl::Status bare = absl::AbortedError("changed meanwhile");
  EXPECT_EQ(ToAbslStatus(ToGrpcStatus(bare)), bare)
      << "Converted to a grpc::Status and back, it should be what it was, and "
         "it had no payload.";
}

TEST(StatusBridgeTest, WhatCannotBePayloadsIsKeptAsItIs) {
  const v1::MovieError error = NotFoundError();
  const std::vector<std::string> details = {
      "no google.rpc.Status at all",
      // Another code.
      Packed(3, "no movie 999", {&error}).SerializeAsString(),
      // Two of a type: payloads would keep the second.
      Packed(5, "no movie 999", {&error, &error}).SerializeAsString(),
  };
  for (const std::string& bytes : details) {
    const grpc::Status status(grpc::StatusCode::NOT_FOUND, "no movie 999",
                              bytes);
    const absl::Status there = ToAbslStatus(status);
    EXPECT_EQ(there.code(), absl::StatusCode::kNotFound)
        << "Whatever the details are, the code stays: " << there;
    const std::string kept(
        there.GetPayload(kRawDetails).value_or(absl::Cord()));
    EXPECT_TRUE(kept == bytes)
        << "ReadDetails() returns details that cannot be taken apart as one "
           "payload, by the key kRawDetails. It should be in the absl::Status "
           "as it is: "
        << there;
    EXPECT_TRUE(ToGrpcStatus(there).error_details() == bytes)
        << "Details that cannot be taken apart should come back from an "
           "absl::Status as they were. This one: "
        << there;
  }
}

TEST(StatusBridgeTest, WhatIsTooLargeIsLeftOut) {
  v1::MovieError error;
  error.set_message(std::string(5000, 'x'));
  absl::Status status = absl::NotFoundError("no movie");
  status.SetPayload(kMovieErrorUrl, absl::Cord(error.SerializeAsString()));
  const grpc::Status back = ToGrpcStatus(status);
  EXPECT_EQ(back.error_code(), grpc::StatusCode::NOT_FOUND)
      << "A payload of 5 kB is too large to send; the code is not.";
  EXPECT_EQ(back.error_message(), "no movie")
      << "A payload of 5 kB is too large to send; the message is not.";
  EXPECT_EQ(back.error_details().size(), 0u)
      << "A payload of 5 kB was sent along. Details that are too large cost "
         "the whole status; WriteDetails() leaves them out.";
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

// Given code: payloads.h.

TEST(PayloadsTest, RawDetailsAreLeftOutBesideOthers) {
  const Payloads both = {{kRawDetails, "raw"}, {kMovieErrorUrl, ""}};
  google::rpc::Status packed;
  ASSERT_TRUE(packed.ParseFromString(WriteDetails(5, "no movie", both)));
  ASSERT_EQ(packed.details_size(), 1);
  EXPECT_EQ(packed.details(0).type_url(), kMovieErrorUrl);
  EXPECT_EQ(WriteDetails(5, "no movie", {{kRawDetails, "raw"}}), "raw");
}

TEST(PayloadsTest, TheLimitHoldsForRawDetailsToo) {
  const std::string most(kMaxDetailsBytes, 'x');
  EXPECT_EQ(WriteDetails(5, "", {{kRawDetails, most}}), most);
  EXPECT_EQ(WriteDetails(5, "", {{kRawDetails, most + "x"}}), "");
}

}  // namespace
}  // namespace movies
