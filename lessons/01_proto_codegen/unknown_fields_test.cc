#include "unknown_fields.h"

#include <google/protobuf/unknown_field_set.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::google::protobuf::UnknownField;
using ::google::protobuf::UnknownFieldSet;

UnknownFieldSet* MutableUnknown(google::protobuf::Message* message) {
  return message->GetReflection()->MutableUnknownFields(message);
}

const UnknownFieldSet& Unknown(const google::protobuf::Message& message) {
  return message.GetReflection()->GetUnknownFields(message);
}

// Two movies as today's program knows them.
v1::Catalogue TwoMovies() {
  v1::Catalogue catalogue;
  v1::Movie* first = catalogue.add_movies();
  first->set_mid(1);
  first->set_movie_name("Metropolis (1927)");
  first->set_movie_description("An inventor builds a robot.");
  first->set_movie_style("science fiction");
  v1::Movie* second = catalogue.add_movies();
  second->set_mid(3);
  second->set_movie_name("The General (1926)");
  second->set_movie_style("comedy");
  return catalogue;
}

v1::Catalogue Parse(const std::string& bytes) {
  v1::Catalogue catalogue;
  EXPECT_TRUE(catalogue.ParseFromString(bytes));
  return catalogue;
}

TEST(UnknownFieldsTest, RenamesTheStyle) {
  absl::StatusOr<std::string> renamed =
      RenameStyle(TwoMovies().SerializeAsString(), "science fiction", "sci-fi");
  ASSERT_TRUE(renamed.ok())
      << "RenameStyle returned " << renamed.status()
      << ". Parse the bytes into a Catalogue, change its movies through "
         "mutable_movies(), and the code below serializes it.";
  v1::Catalogue expected = TwoMovies();
  expected.mutable_movies(0)->set_movie_style("sci-fi");
  EXPECT_EQ(*renamed, expected.SerializeAsString())
      << "Expected the same catalogue with \"sci-fi\" as the first movie's "
         "style, but got\n"
      << Parse(*renamed).DebugString();
}

TEST(UnknownFieldsTest, KeepsAMoviesUnknownFields) {
  v1::Catalogue catalogue = TwoMovies();
  MutableUnknown(catalogue.mutable_movies(0))->AddVarint(5, 1927);
  MutableUnknown(catalogue.mutable_movies(1))->AddVarint(5, 1926);
  MutableUnknown(catalogue.mutable_movies(1))
      ->AddLengthDelimited(6, "Buster Keaton");

  absl::StatusOr<std::string> renamed =
      RenameStyle(catalogue.SerializeAsString(), "comedy", "slapstick");
  ASSERT_TRUE(renamed.ok()) << renamed.status();
  const v1::Catalogue result = Parse(*renamed);
  ASSERT_EQ(result.movies_size(), 2);
  EXPECT_EQ(result.movies(1).movie_style(), "slapstick");

  ASSERT_EQ(Unknown(result.movies(1)).field_count(), 2)
      << "A newer program wrote fields 5 and 6 into movie 3. They came in, and "
         "did not go out: a parsed message keeps what it does not know, but a "
         "new message, JSON, and DiscardUnknownFields do not.";
  EXPECT_EQ(Unknown(result.movies(1)).field(0).varint(), 1926u);
  EXPECT_EQ(Unknown(result.movies(1)).field(1).length_delimited(),
            "Buster Keaton");
  ASSERT_EQ(Unknown(result.movies(0)).field_count(), 1)
      << "The movie that was not renamed lost its unknown field.";
  EXPECT_EQ(Unknown(result.movies(0)).field(0).varint(), 1927u);
}

TEST(UnknownFieldsTest, KeepsTheCataloguesUnknownFields) {
  v1::Catalogue catalogue = TwoMovies();
  MutableUnknown(&catalogue)->AddLengthDelimited(2, "silent films");
  absl::StatusOr<std::string> renamed =
      RenameStyle(catalogue.SerializeAsString(), "comedy", "slapstick");
  ASSERT_TRUE(renamed.ok()) << renamed.status();
  const v1::Catalogue result = Parse(*renamed);
  ASSERT_EQ(Unknown(result).field_count(), 1)
      << "A newer program gave the catalogue a field 2. Every message keeps "
         "unknown fields of its own: a new Catalogue with the old movies has "
         "lost those of the old Catalogue.";
  EXPECT_EQ(Unknown(result).field(0).length_delimited(), "silent films");
}

TEST(UnknownFieldsTest, TakesAnEmptyCatalogue) {
  absl::StatusOr<std::string> renamed = RenameStyle("", "comedy", "slapstick");
  ASSERT_TRUE(renamed.ok())
      << "No bytes are a catalogue without movies, but RenameStyle returned "
      << renamed.status();
  EXPECT_EQ(*renamed, "");
}

TEST(UnknownFieldsTest, RefusesBytesThatAreCutOff) {
  std::string bytes = TwoMovies().SerializeAsString();
  bytes.pop_back();
  absl::StatusOr<std::string> renamed =
      RenameStyle(bytes, "comedy", "slapstick");
  ASSERT_FALSE(renamed.ok())
      << "The last byte is missing, and what was parsed before it was passed "
         "on as if it were everything. Parsing tells with a bool.";
  EXPECT_EQ(renamed.status().code(), absl::StatusCode::kInvalidArgument)
      << renamed.status();
}

TEST(UnknownFieldsTest, RefusesTextThatIsNotUtf8) {
  v1::Catalogue catalogue = TwoMovies();
  // As a bytes field would hold it: protobuf does not check an unknown one.
  MutableUnknown(catalogue.add_movies())->AddLengthDelimited(2, "caf\xe9");
  absl::StatusOr<std::string> renamed =
      RenameStyle(catalogue.SerializeAsString(), "comedy", "slapstick");
  ASSERT_FALSE(renamed.ok())
      << "A proto3 string is UTF-8, and the third movie's name is Latin-1; "
         "parsing says false.";
  EXPECT_EQ(renamed.status().code(), absl::StatusCode::kInvalidArgument)
      << renamed.status();
}

}  // namespace
}  // namespace movies
