#include "generated_api.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void AddMovie(int mid, const std::string& style, v1::Catalogue* catalogue) {
  v1::Movie* movie = catalogue->add_movies();
  movie->set_mid(mid);
  movie->set_movie_style(style);
  // Long enough that std::string keeps it on the heap, so that a move takes
  // the text along instead of copying it.
  movie->set_movie_description(std::string(100, 'x'));
}

v1::Catalogue FiveMovies() {
  v1::Catalogue catalogue;
  AddMovie(1, "western", &catalogue);
  AddMovie(2, "comedy", &catalogue);
  AddMovie(3, "western", &catalogue);
  AddMovie(4, "western", &catalogue);
  AddMovie(5, "horror", &catalogue);
  return catalogue;
}

std::vector<int> Ids(const v1::Catalogue& catalogue) {
  std::vector<int> ids;
  for (const v1::Movie& movie : catalogue.movies()) ids.push_back(movie.mid());
  return ids;
}

TEST(GeneratedApiTest, ReturnsTheMoviesOfTheStyleInOrder) {
  v1::Catalogue catalogue = FiveMovies();
  EXPECT_THAT(Ids(TakeStyle("western", &catalogue)), ElementsAre(1, 3, 4))
      << "Movies 1, 3 and 4 are westerns, but other IDs came back. A repeated "
         "field is read with movies(), grows with add_movies(), which returns "
         "a pointer to a new, empty movie, and is changed in place through "
         "mutable_movies().";
}

TEST(GeneratedApiTest, LeavesTheOthersInTheirOrder) {
  v1::Catalogue catalogue = FiveMovies();
  TakeStyle("western", &catalogue);
  EXPECT_THAT(Ids(catalogue), ElementsAre(2, 5))
      << "Movies 2 and 5 should be all that is left, in this order. What was "
         "copied or moved from is still an element of the list: the copied one "
         "as it was, the moved-from one empty, with ID 0.";
}

TEST(GeneratedApiTest, TakesNothingOfAStyleThatNobodyHas) {
  v1::Catalogue catalogue = FiveMovies();
  EXPECT_THAT(Ids(TakeStyle("west", &catalogue)), IsEmpty())
      << "No movie's style is exactly \"west\".";
  EXPECT_THAT(Ids(catalogue), ElementsAre(1, 2, 3, 4, 5))
      << "Nothing was taken, so everything should still be there.";
}

TEST(GeneratedApiTest, CanTakeEveryMovie) {
  v1::Catalogue catalogue;
  AddMovie(1, "western", &catalogue);
  AddMovie(2, "western", &catalogue);
  EXPECT_THAT(Ids(TakeStyle("western", &catalogue)), ElementsAre(1, 2))
      << "Both movies are westerns, so both should come back.";
  EXPECT_THAT(Ids(catalogue), IsEmpty()) << "Every movie was taken.";
}

TEST(GeneratedApiTest, MovesTextsInsteadOfCopyingThem) {
  v1::Catalogue catalogue = FiveMovies();
  const char* text_of_1 = catalogue.movies(0).movie_description().data();
  const char* text_of_2 = catalogue.movies(1).movie_description().data();
  const v1::Catalogue taken = TakeStyle("western", &catalogue);
  if (Ids(taken) != std::vector<int>{1, 3, 4} ||
      Ids(catalogue) != std::vector<int>{2, 5}) {
    GTEST_SKIP() << "The right movies first: see the tests above.";
  }
  EXPECT_TRUE(taken.movies(0).movie_description().data() == text_of_1)
      << "The description of movie 1, which was taken, is a copy. Assigning "
         "from a const reference copies; std::move of an element that "
         "mutable_movies() hands out moves.";
  EXPECT_TRUE(catalogue.movies(0).movie_description().data() == text_of_2)
      << "The description of movie 2, which stayed, is a copy.";
}

}  // namespace
}  // namespace movies
