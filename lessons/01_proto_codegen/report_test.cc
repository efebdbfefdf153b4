#include "report.h"

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A field as the wire_format exercise reads it, without needing it solved.
WireField TextField(int number, absl::string_view encoded) {
  WireField field;
  field.number = number;
  field.type = WireType::kLengthDelimited;
  field.bytes = encoded.substr(2);
  field.encoded = encoded;
  return field;
}

WireField VarintField(int number, uint64_t value, absl::string_view encoded) {
  WireField field;
  field.number = number;
  field.value = value;
  field.encoded = encoded;
  return field;
}

TEST(FieldTableTest, ShowsTagLengthPayloadAndName) {
  EXPECT_EQ(FieldTable(*v1::Movie::descriptor(),
                       {VarintField(1, 5, "\x08\x05"), TextField(2,
                                                                 "\x12\x03"
                                                                 "Ran")}),
            "    at  tag    length  payload                    field\n"
            "     0  08             05                         1 mid = 5\n"
            "     2  12     03      52 61 6e                   2 movie_name = "
            "\"Ran\"\n");
}

TEST(FieldTableTest, ShowsTagsOfTwoBytesAndNegativeNumbers) {
  EXPECT_THAT(
      FieldTable(*v1::Movie::descriptor(),
                 {VarintField(1, ~uint64_t{0},
                              "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                              "\x01")}),
      HasSubstr("08             ff ff ff ff ff ff ff ff …  1 mid = -1"));
  EXPECT_THAT(FieldTable(*v1::Movie::descriptor(),
                         {VarintField(16, 7, "\x80\x01\x07")}),
              HasSubstr("80 01          07  "));
}

TEST(FieldTableTest, SaysWhichFieldsItDoesNotKnow) {
  const std::string table = FieldTable(
      *v1::Movie::descriptor(),
      {VarintField(5, 1927, "\x28\x87\x0f"), TextField(6, "\x32\x01x")});
  EXPECT_THAT(table, HasSubstr("5 (unknown) = 1927\n"));
  EXPECT_THAT(table, HasSubstr("6 (unknown) = 1 bytes\n"));
}

TEST(FieldTableTest, CutsLongTextBetweenCharacters) {
  const std::string text =
      "\x12\x28" + std::string(35, 'x') + "é" + std::string(3, 'x');
  const std::string table =
      FieldTable(*v1::Movie::descriptor(), {TextField(2, text)});
  EXPECT_THAT(table, HasSubstr("\"" + std::string(35, 'x') + "…\"\n"));
}

TEST(MethodTableTest, SaysWhatStreams) {
  EXPECT_EQ(
      MethodTable(
          *v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")),
      "  /movies.v1.MoviesService/GetMovie     MovieID -> Movie\n"
      "  /movies.v1.MoviesService/QueryMovie   MovieQueryParams -> stream "
      "Movie\n"
      "  /movies.v1.MoviesService/AddMovies    stream Movie -> "
      "AddMoviesSummary\n"
      "  /movies.v1.MoviesService/RateMovie    MovieRating -> MovieScore\n"
      "  /movies.v1.MoviesService/RateMovies   stream MovieRating -> stream "
      "MovieScore\n");
}

TEST(WhyNotTest, NamesTheExerciseOfAnEmptyHole) {
  EXPECT_EQ(
      WhyNot(absl::UnimplementedError("TODO(01_proto_codegen.wire_format)")),
      "  This waits for exercise 01_proto_codegen.wire_format.\n");
}

TEST(WhyNotTest, ShowsOtherErrorsAsTheyAre) {
  const std::string why = WhyNot(absl::InvalidArgumentError("cut off"));
  EXPECT_THAT(why, HasSubstr("INVALID_ARGUMENT: cut off"));
  EXPECT_THAT(why, Not(HasSubstr("exercise")));
}

}  // namespace
}  // namespace movies
