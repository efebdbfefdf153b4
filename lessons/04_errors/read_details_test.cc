#include "read_details.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

constexpr grpc::StatusCode kCode = grpc::StatusCode::NOT_FOUND;

v1::MovieError NotFoundError() {
  v1::MovieError error;
  error.set_reason(v1::MOVIE_NOT_FOUND);
  error.set_message("no movie has the ID 999");
  return error;
}

// A google.rpc.Status as a server packs it, without details yet.
google::rpc::Status NewPacked() {
  google::rpc::Status packed;
  packed.set_code(kCode);
  packed.set_message("no movie");
  return packed;
}

// What the client's stub returns when these details came.
grpc::Status Received(const std::string& bytes) {
  return grpc::Status(kCode, "no movie", bytes);
}

grpc::Status Received(const google::rpc::Status& packed) {
  return Received(packed.SerializeAsString());
}

// A detail of MovieError's type whose content is not MovieError's. It begins
// well: a reader gets as far as the message.
void AddGarbledMovieError(google::rpc::Status* packed) {
  google::protobuf::Any* any = packed->add_details();
  v1::MovieError error = NotFoundError();
  error.set_message("garbled");
  any->PackFrom(error);
  *any->mutable_value() += '\xff';
}

// Expects that nothing is found in `status`, and that nothing is left behind.
void ExpectNothing(const grpc::Status& status, const std::string& what) {
  v1::MovieError error;
  error.set_message("left from an earlier call");
  EXPECT_FALSE(FindDetail(status, &error))
      << what << ", and FindDetail found { " << error.ShortDebugString()
      << " }.";
  EXPECT_EQ(error.ByteSizeLong(), 0u)
      << what << ". FindDetail returned without a detail, but left { "
      << error.ShortDebugString()
      << " } behind for a caller who does not look at the bool.";
}

TEST(ReadDetailsTest, FindsTheMovieError) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError error;
  ASSERT_TRUE(FindDetail(Received(packed), &error))
      << "The status carries a MovieError, and FindDetail did not find it. "
         "error_details() has a serialized google.rpc.Status, and that has the "
         "details, each in an Any.";
  EXPECT_EQ(error.reason(), v1::MOVIE_NOT_FOUND);
  EXPECT_EQ(error.message(), "no movie has the ID 999");
}

TEST(ReadDetailsTest, FindsItAmongOthersInAnyOrder) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(google::rpc::ErrorInfo());
  google::protobuf::Any* unknown = packed.add_details();
  unknown->set_type_url("type.googleapis.com/movies.v9.NotYetInvented");
  unknown->set_value("whatever");
  packed.add_details()->PackFrom(NotFoundError());
  packed.add_details()->PackFrom(google::rpc::RetryInfo());
  v1::MovieError error;
  ASSERT_TRUE(FindDetail(Received(packed), &error))
      << "There are four details, of which one has a type that this program "
         "does not know, and the third is the MovieError. Nothing says in "
         "which order details come, or that all are known: go through them.";
  EXPECT_EQ(error.reason(), v1::MOVIE_NOT_FOUND)
      << "The MovieError is the third of four details, and what was found is { "
      << error.ShortDebugString()
      << " }. The bytes of another type may well parse as a MovieError: the "
         "type URL tells whose they are.";
}

TEST(ReadDetailsTest, FindsEveryTypeThatIsAskedFor) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  google::rpc::ErrorInfo info;
  info.set_reason("MOVIE_NOT_FOUND");
  packed.add_details()->PackFrom(info);
  google::rpc::ErrorInfo found;
  ASSERT_TRUE(FindDetail(Received(packed), &found))
      << "The second detail is the ErrorInfo that was asked for.";
  EXPECT_EQ(found.reason(), "MOVIE_NOT_FOUND")
      << "The second detail is the ErrorInfo, and what was found is { "
      << found.ShortDebugString() << " }.";
}

TEST(ReadDetailsTest, TheHostOfATypeUrlDoesNotMatter) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  packed.mutable_details(0)->set_type_url(
      "types.example.com/v2/movies.v1.MovieError");
  v1::MovieError error;
  EXPECT_TRUE(FindDetail(Received(packed), &error))
      << "A type URL ends with the type's name after the last slash; what "
         "stands before is up to the sender. Any knows the rule.";
}

TEST(ReadDetailsTest, NoDetailsIsNoDetail) {
  ExpectNothing(grpc::Status(kCode, "no movie"), "The status has no details");
  ExpectNothing(Received(NewPacked()), "The google.rpc.Status has no details");
  ExpectNothing(grpc::Status::OK, "The status is OK");
}

TEST(ReadDetailsTest, OtherTypesAreNoDetail) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(google::rpc::RetryInfo());
  // The name of ours is in it, and it is not ours.
  packed.add_details()->set_type_url(
      "type.googleapis.com/x.movies.v1.MovieError");
  packed.add_details()->set_type_url("");
  packed.add_details()->set_type_url("movies.v1.MovieError");
  packed.add_details()->set_type_url(
      "type.googleapis.com/movies.v1.MovieErrorV2");
  ExpectNothing(Received(packed), "None of the details is a MovieError");
}

TEST(ReadDetailsTest, BytesThatAreNoStatusDoNoHarm) {
  std::mt19937 random(4);  // Always the same bytes.
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ExpectNothing(Received(bytes), absl::StrCat("Random bytes, number ", i));
  }
  ExpectNothing(Received(std::string(1'000'000, '\xff')),
                "A megabyte of 0xff came");
}

TEST(ReadDetailsTest, TruncatedDetailsAreNotUsed) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  packed.add_details()->PackFrom(NotFoundError());
  const std::string whole = packed.SerializeAsString();
  // Cut off where a field ends, the rest is a smaller message, and nobody can
  // tell. Everywhere else it must be noticed, though the parser has read the
  // first detail by then.
  ExpectNothing(Received(whole.substr(0, whole.size() - 1)),
                "The last byte of the details is missing: ParseFromString() "
                "says so, and what it has read until then is not to be used");
  v1::MovieError error;
  for (size_t size = 0; size < whole.size(); ++size) {
    FindDetail(Received(whole.substr(0, size)), &error);  // Must not crash.
  }
}

TEST(ReadDetailsTest, AGarbledDetailIsNotUsed) {
  google::rpc::Status packed = NewPacked();
  AddGarbledMovieError(&packed);
  ExpectNothing(Received(packed),
                "A detail has the type MovieError and other bytes inside");
}

TEST(ReadDetailsTest, AGarbledDetailDoesNotHideAGoodOne) {
  google::rpc::Status packed = NewPacked();
  AddGarbledMovieError(&packed);
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError error;
  ASSERT_TRUE(FindDetail(Received(packed), &error))
      << "The first MovieError is garbled and the second is fine. Go on to the "
         "next one.";
  EXPECT_EQ(error.message(), "no movie has the ID 999");
}

TEST(ReadDetailsTest, TheFirstGoodOneCounts) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError second;
  second.set_reason(v1::INVALID_MOVIE);
  packed.add_details()->PackFrom(second);
  AddGarbledMovieError(&packed);
  v1::MovieError error;
  ASSERT_TRUE(FindDetail(Received(packed), &error))
      << "The first MovieError is fine; another one and a garbled one follow.";
  EXPECT_EQ(error.ShortDebugString(), NotFoundError().ShortDebugString())
      << "Three MovieErrors came, and the first is fine. What follows has "
         "spoilt it: once one is found, look no further.";
}

TEST(ReadDetailsTest, TheMessageInsideMayDiffer) {
  google::rpc::Status packed = NewPacked();
  packed.set_message("pas de film");
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError error;
  EXPECT_TRUE(FindDetail(Received(packed), &error))
      << "The message inside is not that of the status: a proxy may have "
         "shortened one of them. Messages are for people; it is the code that "
         "has to be the same.";
}

TEST(ReadDetailsTest, ACodeOfTomorrowHasDetailsToo) {
  google::rpc::Status packed = NewPacked();
  packed.set_code(30);
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError error;
  EXPECT_TRUE(FindDetail(grpc::Status(static_cast<grpc::StatusCode>(30), "new",
                                      packed.SerializeAsString()),
                         &error))
      << "The status has the code 30, which this program does not know, and so "
         "have the details. They belong together.";
}

TEST(ReadDetailsTest, DetailsOfAnotherErrorAreNotUsed) {
  google::rpc::Status packed = NewPacked();
  packed.set_code(grpc::StatusCode::INVALID_ARGUMENT);
  packed.add_details()->PackFrom(NotFoundError());
  ExpectNothing(Received(packed),
                "The status has the code NOT_FOUND (5), and the details inside "
                "say INVALID_ARGUMENT (3): they belong to another error, which "
                "somebody on the way has forwarded or replaced");
  packed.clear_code();
  ExpectNothing(Received(packed),
                "The status has the code NOT_FOUND (5), and the details inside "
                "have none, which is 0, OK: they belong to no error");
}

// Over the wire, from a server that misbehaves.

class FailingService final : public v1::MoviesService::Service {
 public:
  explicit FailingService(std::string details) : details_(std::move(details)) {}

  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    return Received(details_);
  }

 private:
  const std::string details_;
};

// What a client's stub returns if the server sends these details.
grpc::Status Call(const std::string& details) {
  FailingService service(details);
  support::TestServer server(&service);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  v1::Movie movie;
  return v1::MoviesService::NewStub(server.NewChannel())
      ->GetMovie(&context, v1::MovieID(), &movie);
}

TEST(ReadDetailsTest, GoodDetailsArriveOverTheWire) {
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(NotFoundError());
  v1::MovieError error;
  EXPECT_TRUE(FindDetail(Call(packed.SerializeAsString()), &error))
      << "A server has sent a MovieError, and FindDetail did not find it.";
}

TEST(ReadDetailsTest, GarbageOverTheWireLeavesTheCode) {
  const grpc::Status status = Call("\xde\xad\xbe\xef");
  ExpectNothing(status, "A server has sent garbage for details");
  EXPECT_EQ(status.error_code(), kCode);
  EXPECT_EQ(status.error_message(), "no movie");
}

TEST(ReadDetailsTest, OversizedDetailsNeverArrive) {
  google::rpc::Status packed = NewPacked();
  v1::MovieError error = NotFoundError();
  error.set_message(std::string(20'000, 'x'));
  packed.add_details()->PackFrom(error);
  const grpc::Status status = Call(packed.SerializeAsString());
  ExpectNothing(status, "A server has sent 20 kB of details");
  // Not the server's code: gRPC's own, for metadata that is too large.
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Given code, which stands on FindDetail.

TEST(ReadDetailsTest, AReasonOfTomorrowReadsAsUnknown) {
  v1::MovieError tomorrow = NotFoundError();
  tomorrow.set_reason(static_cast<v1::MovieErrorCode>(17));
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(tomorrow);
  const std::optional<v1::MovieError> error = ReadMovieError(Received(packed));
  ASSERT_TRUE(error.has_value())
      << "The reason is a number that this program's enum lacks. proto3 enums "
         "are open: the message parses all the same, and FindDetail should "
         "have found it.";
  EXPECT_EQ(error->reason(), v1::UNKNOWN);
  EXPECT_EQ(error->message(), "no movie has the ID 999");
}

std::optional<absl::Duration> RetryDelay(int64_t seconds, int32_t nanos) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  info.mutable_retry_delay()->set_nanos(nanos);
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(info);
  return ReadRetryDelay(Received(packed), absl::Minutes(1));
}

TEST(ReadDetailsTest, TheRetryDelayIsReadAndBounded) {
  EXPECT_EQ(RetryDelay(2, 500'000'000), absl::Milliseconds(2500))
      << "FindDetail should find the RetryInfo that the status carries.";
  EXPECT_EQ(RetryDelay(0, 0), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(365 * 24 * 3600, 0), absl::Minutes(1));
  EXPECT_EQ(RetryDelay(std::numeric_limits<int64_t>::max(), 999'999'999),
            absl::Minutes(1));
}

TEST(ReadDetailsTest, ARetryDelayThatIsNoneIsIgnored) {
  EXPECT_EQ(RetryDelay(-1, 0), std::nullopt);
  EXPECT_EQ(RetryDelay(0, -1), std::nullopt);
  EXPECT_EQ(RetryDelay(1, 1'000'000'000), std::nullopt);
  EXPECT_EQ(RetryDelay(std::numeric_limits<int64_t>::min(), 0), std::nullopt);
  google::rpc::Status packed = NewPacked();
  packed.add_details()->PackFrom(google::rpc::RetryInfo());
  EXPECT_EQ(ReadRetryDelay(Received(packed), absl::Minutes(1)), std::nullopt);
  EXPECT_EQ(ReadRetryDelay(grpc::Status(kCode, "x"), absl::Minutes(1)),
            std::nullopt);
}

}  // namespace
}  // namespace movies
