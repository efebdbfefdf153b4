#include "json_size.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"
#include "proto/movie_store.h"

namespace movies {
namespace {

using ::testing::HasSubstr;

// The length of a JSON text, which stands in the test for people to see.
constexpr std::size_t Length(absl::string_view json) { return json.size(); }

v1::Movie Nosferatu() {
  v1::Movie movie;
  movie.set_mid(5);
  movie.set_movie_name("Nosferatu (1922)");
  movie.set_movie_style("horror");
  return movie;
}

TEST(JsonSizeTest, CountsTheBytesOfTheBinaryEncoding) {
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(Nosferatu());
  ASSERT_TRUE(sizes.ok())
      << "CompareSizes returned " << sizes.status()
      << ". A message tells its own size in binary (ByteSizeLong); for the "
         "JSON, google/protobuf/util/json_util.h has MessageToJsonString.";
  // The ID takes 2 bytes, and each text a tag, a length and its characters.
  EXPECT_EQ(sizes->binary, 2u + (2 + 16) + (2 + 6))
      << "That is not how many bytes travel. What the C++ object takes in "
         "memory, and what printing it takes, are other numbers.";
}

TEST(JsonSizeTest, CountsTheBytesOfCompactJson) {
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(Nosferatu());
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->json,
            Length(R"json({"mid":5,"movie_name":"Nosferatu (1922)",)json"
                   R"json("movie_style":"horror"})json"))
      << "Expected the length of {\"mid\":5,\"movie_name\":\"Nosferatu "
         "(1922)\",\"movie_style\":\"horror\"}. White space is for people; "
         "and without preserve_proto_field_names the mapping says movieName.";
}

TEST(JsonSizeTest, AnEmptyMessageIsNoBytesButTwoOfJson) {
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(v1::Movie());
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->binary, 0u) << "A field with its default is not sent.";
  EXPECT_EQ(sizes->json, Length("{}"))
      << "Expected {}: in JSON, too, a field with its default is left out "
         "unless an option asks for it.";
}

TEST(JsonSizeTest, TakesMessagesOfAnyType) {
  v1::MovieScore score;
  score.set_mid(5);
  score.set_ratings(2);
  score.set_average(4.5);
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(score);
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->binary, 2u + 2 + 9) << "A double takes a tag and 8 bytes.";
  EXPECT_EQ(sizes->json,
            Length(R"json({"mid":5,"ratings":2,"average":4.5})json"));
}

TEST(JsonSizeTest, JsonIsTheSmallerOneForANegativeInt32) {
  v1::MovieID id;
  id.set_mid(-1);
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(id);
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->binary, 1u + 10)
      << "An int32 below zero is a varint of 10 bytes; sint32 would take 1.";
  EXPECT_EQ(sizes->json, Length(R"json({"mid":-1})json"));
}

TEST(JsonSizeTest, MeasuresTheCatalogue) {
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(CatalogueText());
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(*catalogue);
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->binary, catalogue->SerializeAsString().size());
  // Most of a movie is text, which both encodings send as it is: what binary
  // saves is names, quotes and commas, some 50 to 65 bytes a movie.
  const auto saved = (sizes->json - sizes->binary) /
                     static_cast<double>(catalogue->movies_size());
  EXPECT_GT(saved, 50) << "JSON names all four fields of each movie.";
  EXPECT_LT(saved, 65) << "JSON is expected to be compact.";
}

TEST(JsonSizeTest, SaysSoWhenThereIsNoJson) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/movies.v9.Trailer");
  any.set_value("some bytes");
  absl::StatusOr<EncodedSizes> sizes = CompareSizes(any);
  ASSERT_FALSE(sizes.ok())
      << "An Any holds a message of a type that it names, here one that this "
         "program does not have. Without the type's descriptor its bytes "
         "cannot become JSON, and MessageToJsonString's status says so; "
         "CompareSizes returned "
      << sizes->json << " as the JSON's size.";
  EXPECT_EQ(sizes.status().code(), absl::StatusCode::kInvalidArgument)
      << sizes.status();
  EXPECT_THAT(std::string(sizes.status().message()),
              HasSubstr("google.protobuf.Any"))
      << "The error should name the type of the message.";
  std::string json;
  const auto reason = google::protobuf::util::MessageToJsonString(any, &json);
  EXPECT_THAT(std::string(sizes.status().message()),
              HasSubstr(std::string(reason.message())))
      << "The error should give the reason too: that the message has no JSON "
         "is seen anyway, but not why. MessageToJsonString's status knows it.";
}

}  // namespace
}  // namespace movies
