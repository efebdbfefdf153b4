#include "proto/idempotency.h"

#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::google::protobuf::MethodOptions;

// Nothing in a program that never uses a movie makes the linker keep the
// generated code, and then nobody there knows its methods.
TEST(IdempotencyTest, TheProgramHasTheGeneratedCode) {
  EXPECT_NE(v1::MovieID::descriptor(), nullptr);
}

TEST(IdempotencyTest, AMethodWithoutSideEffectsMayBeRepeated) {
  EXPECT_EQ(IdempotencyOf("/movies.v1.MoviesService/GetMovie"),
            MethodOptions::NO_SIDE_EFFECTS);
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/GetMovie"));
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/QueryMovie"));
}

TEST(IdempotencyTest, SoMayOneWhoseSecondRunChangesNothingMore) {
  EXPECT_EQ(IdempotencyOf("/movies.v1.MoviesService/AddMovies"),
            MethodOptions::IDEMPOTENT);
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/AddMovies"));
}

TEST(IdempotencyTest, AMethodThatIsNotMarkedMayNot) {
  // A rating sent twice counts twice.
  EXPECT_EQ(IdempotencyOf("/movies.v1.MoviesService/RateMovie"),
            MethodOptions::IDEMPOTENCY_UNKNOWN);
  EXPECT_FALSE(MayBeRepeated("/movies.v1.MoviesService/RateMovie"));
}

TEST(IdempotencyTest, AMethodThatNobodyKnowsMayNot) {
  for (const char* method :
       {"/movies.v1.MoviesService/DropMovies", "/shop.v1.Cart/Buy",
        "movies.v1.MoviesService/GetMovie", "/", ""}) {
    EXPECT_EQ(IdempotencyOf(method), MethodOptions::IDEMPOTENCY_UNKNOWN)
        << method;
    EXPECT_FALSE(MayBeRepeated(method)) << method;
  }
}

}  // namespace
}  // namespace movies
