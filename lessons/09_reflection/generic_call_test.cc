#include "generic_call.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "call_streams.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/byte_buffer.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class GenericCallTest : public ::testing::Test {
 protected:
  GenericCallTest() {
    context_.set_deadline(
        absl::ToChronoTime(absl::Now() + 5 * support::Patience()));
  }

  // Calls a method of MoviesService with `requests`; responses are in
  // responses_.
  grpc::Status Call(const std::string& method,
                    const std::vector<std::string>& requests) {
    size_t next = 0;
    return CallStreams(
        server_.NewChannel(),
        *v1::Movie::descriptor()->file()->service(0)->FindMethodByName(method),
        [&](std::string* json) {
          if (next == requests.size()) return false;
          *json = requests[next++];
          return true;
        },
        &context_,
        [this](const std::string& json) { responses_.push_back(json); });
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  support::TestServer server_{&service_};
  grpc::ClientContext context_;
  std::vector<std::string> responses_;
};

TEST_F(GenericCallTest, ServerStream) {
  const grpc::Status status = Call("QueryMovie", {R"({"query": "robot"})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(responses_.size(), 2u);
  EXPECT_THAT(responses_[0], HasSubstr("\"movieName\""));
}

TEST_F(GenericCallTest, ClientStream) {
  const grpc::Status status =
      Call("AddMovies", {R"({"mid": 9001, "movieName": "A"})",
                         R"({"mid": 9002, "movieName": "B"})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_, ElementsAre(R"({"added":2})"));
}

TEST_F(GenericCallTest, BothWays) {
  const grpc::Status status =
      Call("RateMovies", {R"({"mid":1,"stars":5})", R"({"mid":1,"stars":4})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_,
              ElementsAre(R"({"mid":1,"ratings":1,"average":5})",
                          R"({"mid":1,"ratings":2,"average":4.5})"));
}

TEST_F(GenericCallTest, UnaryIsAStreamOfOneEachWay) {
  const grpc::Status status = Call("GetMovie", {R"({"mid": 1})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_, SizeIs(1));
}

TEST_F(GenericCallTest, ARefusalMidwayIsTheServers) {
  const grpc::Status status =
      Call("RateMovies", {R"({"mid":1,"stars":5})", R"({"mid":1,"stars":9})"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(responses_, SizeIs(1));
}

TEST_F(GenericCallTest, JsonThatDoesNotFitEndsTheCall) {
  const grpc::Status status = Call("RateMovies", {R"({"mid":"one"})"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("mid"));
}

TEST_F(GenericCallTest, ACallThatIsDroppedIsCancelled) {
  GenericCall call(server_.NewChannel(), "/movies.v1.MoviesService/RateMovies",
                   &context_);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(3);
  ASSERT_TRUE(call.Write(support::ToByteBuffer(rating)));
  grpc::ByteBuffer bytes;
  ASSERT_TRUE(call.Read(&bytes));
  // The server's destructor would wait for a handler that still reads.
}

TEST_F(GenericCallTest, FinishMayBeCalledAgain) {
  GenericCall call(server_.NewChannel(), "/no.Such/Method", &context_);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  grpc::ByteBuffer bytes;
  EXPECT_FALSE(call.Read(&bytes));
}

}  // namespace
}  // namespace movies
