#include "pack_details.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

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

// Parses what `status` carries. On failure, adds a failure that says what was
// expected there.
google::rpc::Status Packed(const grpc::Status& status) {
  google::rpc::Status packed;
  const std::string bytes = status.error_details();
  if (bytes.empty()) {
    ADD_FAILURE() << "The status carries no details; it is code "
                  << status.error_code() << ", \"" << status.error_message()
                  << "\". grpc::Status takes them as its third argument.";
  } else if (bytes == NotFoundError().SerializeAsString()) {
    ADD_FAILURE() << "The details are the MovieError's own bytes. Clients in "
                     "every language expect a serialized google.rpc.Status "
                     "there, and look for the details inside it. Taken for "
                     "one, these bytes even parse, as both messages begin with "
                     "a number and a string; nobody finds a detail in it.";
  } else if (!packed.ParseFromString(bytes)) {
    ADD_FAILURE() << "The details are no serialized google.rpc.Status. That "
                     "message is what clients in every language expect there, "
                     "and the details proper are inside it. The bytes: "
                  << absl::CHexEscape(bytes.substr(0, 80));
  }
  return packed;
}

class PackDetailsTest : public ::testing::Test {
 protected:
  const v1::MovieError error_ = NotFoundError();
  const grpc::Status status_ =
      StatusWithDetails(grpc::StatusCode::NOT_FOUND, "no movie 999", {&error_});
};

TEST_F(PackDetailsTest, KeepsTheCodeAndTheMessage) {
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::NOT_FOUND)
      << "StatusWithDetails was called with NOT_FOUND (5). Clients that know "
         "nothing of details still decide by the code of the status itself.";
  EXPECT_EQ(status_.error_message(), "no movie 999")
      << "The message of the status itself is what people read in logs.";
}

TEST_F(PackDetailsTest, RepeatsTheCodeAndTheMessageInside) {
  const google::rpc::Status packed = Packed(status_);
  EXPECT_EQ(packed.code(), grpc::StatusCode::NOT_FOUND)
      << "google.rpc.Status has the code too, and it must be the same: clients "
         "refuse details that disagree with the status they came with.";
  EXPECT_EQ(packed.message(), "no movie 999")
      << "google.rpc.Status has the message too, and it must be the same.";
}

TEST_F(PackDetailsTest, PacksTheDetailAsAny) {
  const google::rpc::Status packed = Packed(status_);
  ASSERT_EQ(packed.details_size(), 1)
      << "One detail was given, and google.rpc.Status.details has another "
         "number of them.";
  const google::protobuf::Any& any = packed.details(0);
  EXPECT_EQ(any.type_url(), "type.googleapis.com/movies.v1.MovieError")
      << "The type URL tells the reader what the bytes are. Any's own way to "
         "take a message sets it; the host before the last slash is never "
         "called, but readers want a slash.";
  v1::MovieError unpacked;
  ASSERT_TRUE(any.UnpackTo(&unpacked))
      << "The Any cannot be unpacked as a MovieError.";
  EXPECT_TRUE(unpacked.SerializeAsString() == error_.SerializeAsString())
      << "The MovieError that was packed is { " << error_.ShortDebugString()
      << " }, and the one that comes out is { " << unpacked.ShortDebugString()
      << " }.";
}

TEST_F(PackDetailsTest, KeepsEveryDetailInOrder) {
  const google::rpc::RetryInfo retry = RetryAfterSeconds(3);
  const google::rpc::Status packed =
      Packed(StatusWithDetails(grpc::StatusCode::UNAVAILABLE, "still loading",
                               {&retry, &error_, &retry, &retry, &error_}));
  ASSERT_EQ(packed.details_size(), 5)
      << "Five details were given: RetryInfo, MovieError, two RetryInfo and a "
         "MovieError. All of them go, also several of a type.";
  EXPECT_TRUE(packed.details(0).Is<google::rpc::RetryInfo>())
      << "The first is " << packed.details(0).type_url();
  EXPECT_TRUE(packed.details(1).Is<v1::MovieError>())
      << "The second is " << packed.details(1).type_url();
}

TEST_F(PackDetailsTest, LeavesOutDetailsThatWouldCostTheStatus) {
  google::rpc::DebugInfo debug;
  debug.set_detail(std::string(100'000, 'x'));
  const grpc::Status status =
      StatusWithDetails(grpc::StatusCode::NOT_FOUND, "no movie 999", {&debug});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND)
      << "The details are too large to send; the code is not, and stays.";
  EXPECT_EQ(status.error_message(), "no movie 999")
      << "The details are too large to send; the message is not, and stays.";
  EXPECT_EQ(status.error_details().size(), 0u)
      << "The details take more than kMaxDetailsBytes. Sent, they would exceed "
         "the metadata that a client takes, and it would get "
         "RESOURCE_EXHAUSTED in place of the whole status. Cut off, they would "
         "be garbage. So send none.";
}

TEST_F(PackDetailsTest, TheLimitIsOnAllThatIsPacked) {
  // Together they are below the limit. With the names of their types, which
  // are sent too, they are above it.
  google::rpc::DebugInfo debug;
  debug.set_detail(std::string(kMaxDetailsBytes / 2 - 20, 'x'));
  ASSERT_LT(2 * debug.ByteSizeLong(), kMaxDetailsBytes);
  const grpc::Status status = StatusWithDetails(
      grpc::StatusCode::NOT_FOUND, "no movie 999", {&debug, &debug});
  EXPECT_EQ(status.error_details().size(), 0u)
      << "Two details of nearly half the limit each, with the names of their "
         "types, are above it. What counts is what is sent: the "
         "google.rpc.Status.";
}

TEST_F(PackDetailsTest, TheLimitItselfIsStillSent) {
  google::rpc::DebugInfo debug;
  const auto size = [&debug] {
    return StatusWithDetails(grpc::StatusCode::NOT_FOUND, "no movie 999",
                             {&debug})
        .error_details()
        .size();
  };
  debug.set_detail(std::string(kMaxDetailsBytes - 200, 'x'));
  const size_t below = size();
  ASSERT_GT(below, kMaxDetailsBytes - 200)
      << "These details are below kMaxDetailsBytes, and were left out.";
  ASSERT_LT(below, kMaxDetailsBytes) << "These details have grown.";
  debug.mutable_detail()->append(kMaxDetailsBytes - below, 'x');
  EXPECT_EQ(size(), kMaxDetailsBytes)
      << "The google.rpc.Status takes exactly kMaxDetailsBytes: not more, so "
         "it is sent.";
  debug.mutable_detail()->push_back('x');
  EXPECT_EQ(size(), 0u)
      << "The google.rpc.Status takes one byte more than kMaxDetailsBytes, so "
         "the status has no details. What counts is all of it, with the code, "
         "the message and the type's name.";
}

// A server whose GetMovie always fails with the given status.
class FailingService final : public v1::MoviesService::Service {
 public:
  explicit FailingService(grpc::Status status) : status_(std::move(status)) {}

  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    return status_;
  }

 private:
  const grpc::Status status_;
};

TEST_F(PackDetailsTest, TravelsToTheClient) {
  FailingService service(status_);
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  v1::Movie movie;
  const grpc::Status received = stub->GetMovie(&context, v1::MovieID(), &movie);
  EXPECT_EQ(received.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(
      context.GetServerTrailingMetadata().count("grpc-status-details-bin"), 1u)
      << "Details travel under this key of the trailing metadata, and gRPC "
         "puts there what the grpc::Status has been given.";
  EXPECT_EQ(received.error_details(), status_.error_details());
}

// Given code: what a client without our proto gets.
TEST_F(PackDetailsTest, MovieErrorStatusSaysItToEveryKindOfClient) {
  const google::rpc::Status packed =
      Packed(MovieErrorStatus(grpc::StatusCode::NOT_FOUND, v1::MOVIE_NOT_FOUND,
                              "no movie has the ID 999", 999));
  ASSERT_EQ(packed.details_size(), 2);
  v1::MovieError error;
  ASSERT_TRUE(packed.details(0).UnpackTo(&error));
  EXPECT_EQ(error.reason(), v1::MOVIE_NOT_FOUND);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(packed.details(1).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "MOVIE_NOT_FOUND");
  EXPECT_EQ(info.domain(), kErrorDomain);
  EXPECT_EQ(info.metadata().at("mid"), "999");
}

TEST_F(PackDetailsTest, OkCarriesNothing) {
  const grpc::Status ok =
      StatusWithDetails(grpc::StatusCode::OK, "fine", {&error_});
  EXPECT_TRUE(ok.ok());
  EXPECT_EQ(ok.error_details(), "");
}

}  // namespace
}  // namespace movies
