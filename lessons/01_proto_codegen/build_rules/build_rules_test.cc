// proto_rules_exercise() defines PROTO_RULES_PROBLEM while the BUILD file's
// rules are not as they should be; the generated code cannot be used then.

#include "gtest/gtest.h"

#ifdef PROTO_RULES_PROBLEM

TEST(BuildRulesTest, DeclaresTheThreeTargets) { FAIL() << PROTO_RULES_PROBLEM; }

#else

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.pb.h"
#include "showtimes/v1/showtimes.grpc.pb.h"
#include "showtimes/v1/showtimes.pb.h"

namespace showtimes {
namespace {

TEST(BuildRulesTest, DeclaresTheThreeTargets) {
  // That this file compiles is the proof.
}

TEST(BuildRulesTest, MessagesHoldImportedMessages) {
  v1::ListShowtimesResponse response;
  v1::Showtime* showtime = response.add_showtimes();
  showtime->mutable_movie()->set_movie_name("Metropolis (1927)");
  v1::ListShowtimesResponse copy;
  ASSERT_TRUE(copy.ParseFromString(response.SerializeAsString()));
  EXPECT_EQ(copy.showtimes(0).movie().movie_name(), "Metropolis (1927)");
}

TEST(BuildRulesTest, ServiceAnswersUnimplementedUntilWritten) {
  v1::ShowtimesService::Service service;
  grpc::ServerContext context;
  v1::ListShowtimesRequest request;
  v1::ListShowtimesResponse response;
  EXPECT_EQ(service.ListShowtimes(&context, &request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace showtimes

#endif  // PROTO_RULES_PROBLEM
