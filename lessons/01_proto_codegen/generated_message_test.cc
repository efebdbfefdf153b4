// What the generated message classes promise.

#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;

v1::Movie Nosferatu() {
  v1::Movie movie;
  movie.set_mid(5);
  movie.set_movie_name("Nosferatu (1922)");
  return movie;
}

TEST(PresenceTest, AProto3ScalarHasADefaultAndNoPresence) {
  const pb::FieldDescriptor* mid =
      v1::Movie::descriptor()->FindFieldByName("mid");
  ASSERT_NE(mid, nullptr);
  EXPECT_FALSE(mid->has_presence()) << "so there is no has_mid()";
  // Slide: no_presence
  v1::Movie never_set;
  v1::Movie set_to_zero;
  set_to_zero.set_mid(0);
  EXPECT_EQ(never_set.SerializeAsString(), set_to_zero.SerializeAsString())
      << "whoever receives it cannot tell which it was";
  EXPECT_EQ(set_to_zero.ByteSizeLong(), 0u);
  // End slide: no_presence
}

TEST(PresenceTest, AFieldWithPresenceHasHas) {
  // descriptor.proto is proto2, where every singular field has presence; so
  // does one that is marked `optional` in proto3.
  pb::FieldDescriptorProto field;
  EXPECT_FALSE(field.has_number());
  field.set_number(0);
  EXPECT_TRUE(field.has_number());
  EXPECT_GT(field.ByteSizeLong(), 0u);
  field.clear_number();
  EXPECT_FALSE(field.has_number());
}

TEST(MessageTest, CopiesAreDeepAndMovesAreNot) {
  v1::Catalogue original;
  *original.add_movies() = Nosferatu();
  v1::Catalogue copy = original;
  copy.mutable_movies(0)->set_movie_name("Ran (1985)");
  EXPECT_EQ(original.movies(0).movie_name(), "Nosferatu (1922)");

  const v1::Movie* movie = &original.movies(0);
  const v1::Catalogue moved = std::move(original);
  EXPECT_EQ(&moved.movies(0), movie) << "the movie itself has a new owner";
}

TEST(MessageTest, WhatLivesOnAnArenaIsCopiedWhenItIsMovedAway) {
  pb::Arena arena;
  v1::Movie* on_arena = pb::Arena::CreateMessage<v1::Movie>(&arena);
  *on_arena = Nosferatu();
  const v1::Movie moved = std::move(*on_arena);
  EXPECT_EQ(moved.movie_name(), "Nosferatu (1922)");
  EXPECT_EQ(on_arena->movie_name(), "Nosferatu (1922)")
      << "the arena frees all it holds at once, so nothing leaves it";
}

TEST(MessageTest, MergeFromOverwritesWhatIsSetAndAppendsWhatIsRepeated) {
  v1::Catalogue catalogue;
  *catalogue.add_movies() = Nosferatu();
  catalogue.MergeFrom(v1::Catalogue(catalogue));
  EXPECT_EQ(catalogue.movies_size(), 2);

  v1::Movie movie = Nosferatu();
  v1::Movie other;
  other.set_movie_style("horror");
  movie.MergeFrom(other);
  EXPECT_EQ(movie.mid(), 5) << "other's mid has its default: nothing to merge";
  EXPECT_EQ(movie.movie_style(), "horror");
}

TEST(EncodingTest, ConcatenatedBytesAreMergedMessages) {
  v1::Movie other;
  other.set_movie_name("Ran (1985)");
  v1::Movie movie;
  ASSERT_TRUE(movie.ParseFromString(Nosferatu().SerializeAsString() +
                                    other.SerializeAsString()));
  EXPECT_EQ(movie.mid(), 5);
  EXPECT_EQ(movie.movie_name(), "Ran (1985)") << "the last one wins";
}

TEST(EncodingTest, FieldsMayComeInAnyOrder) {
  v1::Movie name;
  name.set_movie_name("Nosferatu (1922)");
  v1::Movie id;
  id.set_mid(5);
  v1::Movie movie;
  ASSERT_TRUE(
      movie.ParseFromString(name.SerializeAsString() + id.SerializeAsString()));
  EXPECT_EQ(movie.SerializeAsString(), Nosferatu().SerializeAsString());
}

TEST(EncodingTest, BytesDoNotSayWhatTypeTheyAre) {
  v1::MovieQueryParams params;
  ASSERT_TRUE(params.ParseFromString(
      v1::MovieError::default_instance().SerializeAsString()));
  v1::MovieScore score;
  EXPECT_TRUE(score.ParseFromString(Nosferatu().SerializeAsString()))
      << "field 1 is an int32 in both, and field 2 of another wire type is "
         "kept as unknown";
  EXPECT_EQ(score.mid(), 5);
}

TEST(EnumTest, AValueThatIsNotNamedIsKept) {
  v1::MovieError error;
  error.set_reason(static_cast<v1::MovieErrorCode>(42));
  v1::MovieError read;
  ASSERT_TRUE(read.ParseFromString(error.SerializeAsString()));
  EXPECT_EQ(static_cast<int>(read.reason()), 42) << "proto3's enums are open";
  EXPECT_FALSE(v1::MovieErrorCode_IsValid(read.reason()));
  EXPECT_EQ(v1::MovieErrorCode_Name(v1::MOVIE_NOT_FOUND), "MOVIE_NOT_FOUND");
}

}  // namespace
}  // namespace movies
