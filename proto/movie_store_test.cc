#include "proto/movie_store.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::SizeIs;

v1::Movie MakeMovie(int mid, const std::string& description) {
  v1::Movie movie;
  movie.set_mid(mid);
  movie.set_movie_name("Movie (2001)");
  movie.set_movie_description(description);
  return movie;
}

TEST(CatalogueTest, BuiltInTextParses) {
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(CatalogueText());
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  EXPECT_GE(catalogue->movies_size(), 50);
}

TEST(CatalogueTest, EveryMovieIsComplete) {
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(CatalogueText());
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  for (const v1::Movie& movie : catalogue->movies()) {
    EXPECT_THAT(movie.movie_name(), ::testing::EndsWith(")")) << "no year";
    EXPECT_GE(movie.movie_description().size(), 60u) << movie.movie_name();
    EXPECT_FALSE(movie.movie_style().empty()) << movie.movie_name();
  }
}

TEST(CatalogueTest, SyntaxErrorNamesItsLine) {
  absl::StatusOr<v1::Catalogue> catalogue =
      ParseCatalogue("movies {\n  mid: one\n}\n");
  EXPECT_EQ(catalogue.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(catalogue.status().message()),
              HasSubstr("catalogue.textproto:2:"));
}

TEST(CatalogueTest, DuplicateIdNamesTheMovie) {
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(
      "movies { mid: 1 movie_name: 'A' } movies { mid: 1 movie_name: 'B' }");
  EXPECT_THAT(std::string(catalogue.status().message()),
              AllOf(HasSubstr("\"B\""), HasSubstr("mid 1")));
}

TEST(CatalogueTest, IdBelowOneIsRefused) {
  EXPECT_FALSE(ParseCatalogue("movies { movie_name: 'A' }").ok());
}

TEST(CatalogueTest, NamelessMovieIsRefused) {
  EXPECT_FALSE(ParseCatalogue("movies { mid: 7 }").ok());
}

TEST(MovieStoreTest, FindsByIdOrNotAtAll) {
  MovieStore store;
  ASSERT_TRUE(store.Find(1).has_value());
  EXPECT_EQ(store.Find(1)->movie_name(), "Metropolis (1927)");
  EXPECT_FALSE(store.Find(0).has_value());
}

TEST(MovieStoreTest, QueryLooksInDescriptionsInOrderOfId) {
  v1::Catalogue catalogue;
  *catalogue.add_movies() = MakeMovie(3, "A train to nowhere.");
  *catalogue.add_movies() = MakeMovie(1, "Two trains.");
  *catalogue.add_movies() = MakeMovie(2, "A boat.");
  MovieStore store(catalogue);
  EXPECT_THAT(store.Query("train"), ElementsAre(Property(&v1::Movie::mid, 1),
                                                Property(&v1::Movie::mid, 3)));
}

TEST(MovieStoreTest, QueryIgnoresLetterCase) {
  MovieStore store;
  EXPECT_THAT(store.Query("ROBOT"), SizeIs(Ge(4u)));
}

TEST(MovieStoreTest, EmptyQueryMatchesEveryMovie) {
  MovieStore store;
  EXPECT_THAT(store.Query(""), SizeIs(store.size()));
}

TEST(MovieStoreTest, PutTellsNewFromReplaced) {
  MovieStore store((v1::Catalogue()));
  EXPECT_TRUE(store.Put(MakeMovie(5, "First.")));
  EXPECT_FALSE(store.Put(MakeMovie(5, "Second.")));
  EXPECT_EQ(store.Find(5)->movie_description(), "Second.");
  EXPECT_EQ(store.size(), 1u);
}

}  // namespace
}  // namespace movies
