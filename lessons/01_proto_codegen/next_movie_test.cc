#include "next_movie.h"

#include <google/protobuf/unknown_field_set.h>

#include <memory>

#include "gtest/gtest.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;

pb::DescriptorProto MovieWith(const char* name, int number) {
  pb::DescriptorProto next;
  v1::Movie::descriptor()->CopyTo(&next);
  pb::FieldDescriptorProto* field = next.add_field();
  field->set_name(name);
  field->set_number(number);
  field->set_type(pb::FieldDescriptorProto::TYPE_INT32);
  field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  return next;
}

TEST(NextMovieTest, AddsTheYearAsAnUnknownField) {
  absl::StatusOr<std::unique_ptr<NextMovie>> next =
      NextMovie::Make(MovieWith("release_year", 5));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((*next)->release_year_number(), 5);
  v1::Movie movie;
  movie.set_mid(1);
  movie.set_movie_name("Metropolis (1927)");
  ASSERT_TRUE((*next)->Upgrade(&movie).ok());
  EXPECT_EQ(movie.mid(), 1);
  EXPECT_EQ(movie.movie_name(), "Metropolis (1927)");
  const pb::UnknownFieldSet& unknown =
      movie.GetReflection()->GetUnknownFields(movie);
  ASSERT_EQ(unknown.field_count(), 1);
  EXPECT_EQ(unknown.field(0).number(), 5);
  EXPECT_EQ(unknown.field(0).varint(), 1927u);
}

TEST(NextMovieTest, RefusesAMovieWithoutAYear) {
  absl::StatusOr<std::unique_ptr<NextMovie>> next =
      NextMovie::Make(MovieWith("release_year", 5));
  ASSERT_TRUE(next.ok()) << next.status();
  for (const char* name :
       {"", "Metropolis", "Metropolis (silent)", ")", "1)x"}) {
    v1::Movie movie;
    movie.set_movie_name(name);
    EXPECT_EQ((*next)->Upgrade(&movie).code(),
              absl::StatusCode::kInvalidArgument)
        << name;
    EXPECT_EQ(movie.movie_name(), name);
  }
}

TEST(NextMovieTest, NeedsTheField) {
  EXPECT_EQ(NextMovie::Make(MovieWith("year", 5)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(NextMovieTest, RefusesADescriptionThatDoesNotCompile) {
  EXPECT_EQ(NextMovie::Make(MovieWith("release_year", 4)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace movies
