#include "idempotency.h"

#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

// Nothing in a program that never uses a movie makes the linker keep the
// generated code, and then nobody there knows its methods.
TEST(IdempotencyTest, TheProgramHasTheGeneratedCode) {
  EXPECT_NE(v1::MovieID::descriptor(), nullptr);
}

TEST(IdempotencyTest, AMethodWithoutSideEffectsMayBeRepeated) {
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/GetMovie"));
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/QueryMovie"));
}

TEST(IdempotencyTest, SoMayOneWhoseSecondRunChangesNothingMore) {
  EXPECT_TRUE(MayBeRepeated("/movies.v1.MoviesService/AddMovies"));
}

TEST(IdempotencyTest, AMethodThatIsNotMarkedMayNot) {
  // A rating sent twice counts twice.
  EXPECT_FALSE(MayBeRepeated("/movies.v1.MoviesService/RateMovie"));
}

TEST(IdempotencyTest, AMethodThatNobodyKnowsMayNot) {
  EXPECT_FALSE(MayBeRepeated("/movies.v1.MoviesService/DropMovies"));
  EXPECT_FALSE(MayBeRepeated("/shop.v1.Cart/Buy"));
  EXPECT_FALSE(MayBeRepeated("movies.v1.MoviesService/GetMovie"));
  EXPECT_FALSE(MayBeRepeated(""));
}

}  // namespace
}  // namespace movies
