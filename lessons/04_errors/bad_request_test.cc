#include "bad_request.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::Movie GoodMovie() {
  v1::Movie movie;
  movie.set_mid(65);
  movie.set_movie_name("Playtime (1967)");
  movie.set_movie_description("A man is lost in a city of glass.");
  movie.set_movie_style("comedy");
  return movie;
}

std::vector<std::string> Fields(const google::rpc::BadRequest& faults) {
  std::vector<std::string> fields;
  for (const auto& violation : faults.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

TEST(BadRequestTest, AGoodMovieHasNoFault) {
  EXPECT_THAT(Fields(FindFaults(GoodMovie())), IsEmpty())
      << "Nothing is wrong with this movie: " << GoodMovie().ShortDebugString();
}

TEST(BadRequestTest, WhatMayBeMissingIsNoFault) {
  v1::Movie movie = GoodMovie();
  movie.clear_movie_description();
  movie.clear_movie_style();
  EXPECT_THAT(Fields(FindFaults(movie)), IsEmpty())
      << "bad_request.h asks for no description and no style.";
}

TEST(BadRequestTest, TheIdIsOneOrMore) {
  v1::Movie movie = GoodMovie();
  movie.set_mid(0);
  EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("mid"))
      << "mid is 0. The violation's field is the field's name in the proto.";
  movie.set_mid(-7);
  EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("mid"))
      << "mid is -7. An int32 may be negative, a movie's ID may not.";
  movie.set_mid(1);
  EXPECT_THAT(Fields(FindFaults(movie)), IsEmpty())
      << "mid is 1, the smallest ID that a movie can have.";
}

TEST(BadRequestTest, TheNameIsNotEmpty) {
  v1::Movie movie = GoodMovie();
  movie.clear_movie_name();
  EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("movie_name"))
      << "The movie has no name. The field's name is the one in the proto, "
         "which clients in every language can find: not JSON's movieName, and "
         "no words of ours.";
}

TEST(BadRequestTest, TheDescriptionHasItsLimit) {
  v1::Movie movie = GoodMovie();
  movie.set_movie_description(std::string(kMaxDescriptionBytes, 'x'));
  EXPECT_THAT(Fields(FindFaults(movie)), IsEmpty())
      << "The description has exactly as many bytes as it may.";
  movie.set_movie_description(std::string(kMaxDescriptionBytes + 1, 'x'));
  EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("movie_description"))
      << "The description has one byte too many. The limit is the most that "
         "is allowed, and whatever is above it is a fault.";
  movie.set_movie_description("");
  for (int i = 0; i < 501; ++i) movie.mutable_movie_description()->append("é");
  EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("movie_description"))
      << "The description has 501 letters é of two bytes each. The limit is in "
         "bytes: they are what a message takes and a disk holds.";
}

TEST(BadRequestTest, TheStyleIsInLowerCase) {
  v1::Movie movie = GoodMovie();
  for (const char* style : {"science Fiction", "COMEDY", "jaZz", "Art"}) {
    movie.set_movie_style(style);
    EXPECT_THAT(Fields(FindFaults(movie)), ElementsAre("movie_style"))
        << "The style is \"" << style
        << "\". A capital ASCII letter, from A to "
        << "Z and wherever it stands, is a fault: one, however many there are.";
  }
}

TEST(BadRequestTest, AStyleMayHaveMoreThanLetters) {
  v1::Movie movie = GoodMovie();
  for (const char* style : {"science fiction", "sci-fi", "comédie", "1920s"}) {
    movie.set_movie_style(style);
    EXPECT_THAT(Fields(FindFaults(movie)), IsEmpty())
        << "The style is \"" << style << "\". It has no capital ASCII letter, "
        << "and that is all that bad_request.h asks: blanks, digits, dashes "
           "and letters beyond ASCII are no fault.";
  }
}

TEST(BadRequestTest, AllFaultsAreReportedAtOnce) {
  v1::Movie movie;
  movie.set_movie_description(std::string(kMaxDescriptionBytes + 1, 'x'));
  movie.set_movie_style("Comedy");
  EXPECT_THAT(
      Fields(FindFaults(movie)),
      ElementsAre("mid", "movie_name", "movie_description", "movie_style"))
      << "All four fields are wrong. Reported one at a time, they cost the "
         "client four calls; reported together, one, and a form can mark every "
         "field.";
}

TEST(BadRequestTest, EachFaultSaysWhatIsRight) {
  v1::Movie movie;
  movie.set_movie_description(std::string(kMaxDescriptionBytes + 1, 'x'));
  movie.set_movie_style("Comedy");
  const google::rpc::BadRequest faults = FindFaults(movie);
  ASSERT_EQ(faults.field_violations_size(), 4)
      << "All four fields are wrong, and there is one violation for each.";
  for (const auto& violation : faults.field_violations()) {
    EXPECT_THAT(violation.description(), Not(IsEmpty()))
        << violation.field()
        << " has no description: which rule does its content break?";
  }
  EXPECT_THAT(faults.field_violations(2).description(), HasSubstr("1000"))
      << "A limit that is not named has to be found by trying.";
}

TEST(BadRequestTest, TheContentIsNotSentBack) {
  v1::Movie movie;
  movie.set_mid(-31415);
  movie.set_movie_description("xyzzy" + std::string(50'000, '.'));
  movie.set_movie_style("SECRET");
  const google::rpc::BadRequest faults = FindFaults(movie);
  for (const auto& violation : faults.field_violations()) {
    for (const char* content : {"31415", "xyzzy", "SECRET"}) {
      EXPECT_FALSE(absl::StrContains(violation.description(), content))
          << "The content of " << violation.field() << " went back with the "
          << "refusal. It may be long, and details have to fit into 8 kB of "
             "metadata with all the rest; it may be private, and errors end up "
             "in logs. Say what is right, not what came.";
    }
  }
}

}  // namespace
}  // namespace movies
