#include "path_template.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PathTemplate Parse(absl::string_view text) {
  absl::StatusOr<PathTemplate> path_template = PathTemplate::Parse(text);
  EXPECT_TRUE(path_template.ok()) << path_template.status();
  return path_template.ok() ? *path_template : *PathTemplate::Parse("/failed");
}

// "mid [2, 3)" for each variable.
std::vector<std::string> Variables(const PathTemplate& path_template) {
  std::vector<std::string> variables;
  for (const PathTemplate::Variable& variable : path_template.variables()) {
    variables.push_back(absl::StrCat(variable.field_path, " [", variable.begin,
                                     ", ", variable.end, ")"));
  }
  return variables;
}

void ExpectRefused(absl::string_view text, absl::string_view at,
                   absl::string_view why) {
  const absl::Status status = PathTemplate::Parse(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << text << ": " << status;
  EXPECT_THAT(status.message(),
              HasSubstr(absl::StrCat("path template \"", text, "\"")));
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("at \"", at, "\"")));
  EXPECT_THAT(status.message(), HasSubstr(why));
}

TEST(PathTemplateTest, LiteralsAreSegments) {
  const PathTemplate path_template = Parse("/v1/movies");
  EXPECT_THAT(path_template.segments(), ElementsAre("v1", "movies"));
  EXPECT_THAT(path_template.variables(), IsEmpty());
  EXPECT_EQ(path_template.verb(), "");
  EXPECT_EQ(path_template.text(), "/v1/movies");
}

TEST(PathTemplateTest, WildcardsAreSegments) {
  EXPECT_THAT(Parse("/*").segments(), ElementsAre("*"));
  EXPECT_THAT(Parse("/**").segments(), ElementsAre("**"));
  EXPECT_THAT(Parse("/v1/*/movies/**").segments(),
              ElementsAre("v1", "*", "movies", "**"));
}

TEST(PathTemplateTest, AVariableWithoutATemplateIsOneSegment) {
  for (const char* text : {"/v1/movies/{mid}", "/v1/movies/{mid=*}"}) {
    const PathTemplate path_template = Parse(text);
    EXPECT_THAT(path_template.segments(), ElementsAre("v1", "movies", "*"));
    EXPECT_THAT(Variables(path_template), ElementsAre("mid [2, 3)"));
  }
}

TEST(PathTemplateTest, AVariableMayHaveSeveralSegments) {
  const PathTemplate path_template =
      Parse("/v1/{name=shelves/*/movies/*}/cast/{role_1}");
  EXPECT_THAT(path_template.segments(),
              ElementsAre("v1", "shelves", "*", "movies", "*", "cast", "*"));
  EXPECT_THAT(Variables(path_template),
              ElementsAre("name [1, 5)", "role_1 [6, 7)"));
}

TEST(PathTemplateTest, AVariableMayTakeTheRest) {
  const PathTemplate path_template = Parse("/{a=**}");
  EXPECT_THAT(path_template.segments(), ElementsAre("**"));
  EXPECT_THAT(Variables(path_template), ElementsAre("a [0, 1)"));
  EXPECT_THAT(Variables(Parse("/v1/{name=files/**}")),
              ElementsAre("name [1, 3)"));
}

TEST(PathTemplateTest, AVariableMayBeAFieldWithinAField) {
  EXPECT_THAT(Variables(Parse("/v1/{movie.director._name2}")),
              ElementsAre("movie.director._name2 [1, 2)"));
}

TEST(PathTemplateTest, AVerbComesLast) {
  const PathTemplate path_template = Parse("/v1/movies/{mid}:rate");
  EXPECT_THAT(path_template.segments(), ElementsAre("v1", "movies", "*"));
  EXPECT_EQ(path_template.verb(), "rate");
  EXPECT_EQ(Parse("/v1/movies:rate").verb(), "rate");
  EXPECT_EQ(Parse("/v1/{name=files/**}:copy").verb(), "copy");
  EXPECT_EQ(Parse("/v1/**:copy").verb(), "copy");
}

TEST(PathTemplateTest, LiteralsAreEncodedInOneWay) {
  EXPECT_THAT(Parse("/caf\xC3\xA9/caf%c3%a9/%6D/a@b=c").segments(),
              ElementsAre("caf%C3%A9", "caf%C3%A9", "m", "a%40b%3Dc"));
  EXPECT_THAT(Parse("/%2A/%2a%2A/a%2Fb/%7Bmid%7D").segments(),
              ElementsAre("%2A", "%2A%2A", "a%2Fb", "%7Bmid%7D"))
      << "Encoded, they are no wildcards, slashes or variables.";
  EXPECT_EQ(Parse("/movies:%72ate!").verb(), "rate%21");
}

TEST(PathTemplateTest, ItBeginsWithASlash) {
  ExpectRefused("", "", "begins with a slash");
  ExpectRefused("v1/movies", "v1/movies", "begins with a slash");
  ExpectRefused("{name=**}", "{name=**}", "begins with a slash");
}

TEST(PathTemplateTest, NoSegmentIsEmpty) {
  ExpectRefused("/", "", "is missing");
  ExpectRefused("//movies", "/movies", "is missing");
  ExpectRefused("/v1/movies/", "", "is missing");
  ExpectRefused("/v1//movies", "/movies", "is missing");
  ExpectRefused("/v1/:rate", ":rate", "is missing");
}

TEST(PathTemplateTest, AVariableDoesNotBeginOrEndWithASlash) {
  ExpectRefused("/v1/{name=}", "}", "is missing");
  ExpectRefused("/v1/{name=/movies}", "/movies}", "is missing");
  ExpectRefused("/v1/{name=movies/}", "}", "is missing");
}

TEST(PathTemplateTest, TwoStarsComeLast) {
  ExpectRefused("/**/movies", "/movies", "must be the last segment");
  ExpectRefused("/v1/{name=**}/cast", "/cast", "must be the last segment");
  ExpectRefused("/v1/{name=**/cast}", "/cast}", "must be the last segment");
  ExpectRefused("/**/**", "/**", "must be the last segment");
}

TEST(PathTemplateTest, AWildcardOrAVariableIsAWholeSegment) {
  ExpectRefused("/v1/movie-*", "*", "is a whole segment");
  ExpectRefused("/v1/*.json", ".json", "is a whole segment");
  ExpectRefused("/v1/***", "*", "is a whole segment");
  ExpectRefused("/v1/movie-{mid}", "{mid}", "is a whole segment");
  ExpectRefused("/v1/{mid}.json", ".json", "is a whole segment");
  ExpectRefused("/v1/{mid}{name}", "{name}", "is a whole segment");
  ExpectRefused("/v1/movies}", "}", "is a whole segment");
}

TEST(PathTemplateTest, VariablesDoNotNest) {
  ExpectRefused("/v1/{name=movies/{mid}}", "{mid}}", "has no variables in it");
}

TEST(PathTemplateTest, NoVariableIsThereTwice) {
  ExpectRefused("/v1/{mid}/{mid}", "", "\"mid\" is there twice");
}

TEST(PathTemplateTest, AVariableIsTheNameOfAField) {
  ExpectRefused("/v1/{}", "}", "the name of a field");
  ExpectRefused("/v1/{=*}", "=*}", "the name of a field");
  ExpectRefused("/v1/{7}", "7}", "the name of a field");
  ExpectRefused("/v1/{.mid}", ".mid}", "the name of a field");
  ExpectRefused("/v1/{movie.}", "}", "the name of a field");
  ExpectRefused("/v1/{movie..mid}", ".mid}", "the name of a field");
  ExpectRefused("/v1/{movie-id}", "-id}", "should end with a brace");
  ExpectRefused("/v1/{ mid }", " mid }", "the name of a field");
}

TEST(PathTemplateTest, AVariableEndsWithABrace) {
  ExpectRefused("/v1/{mid", "", "should end with a brace");
  ExpectRefused("/v1/{name=movies/*", "", "should end with a brace");
  ExpectRefused("/v1/{name=movies:rate}", ":rate}", "should end with a brace");
}

TEST(PathTemplateTest, AVerbComesOnceAndHasAName) {
  ExpectRefused("/v1/movies:", "", "is missing");
  ExpectRefused("/v1/movies:rate:again", ":again", "%3A");
  ExpectRefused("/v1:beta/movies", "/movies", "%3A");
  ExpectRefused("/v1/movies:*", "*", "is missing");
}

TEST(PathTemplateTest, AQueryHasNoPlaceInIt) {
  ExpectRefused("/v1/movies?query={query}", "?query={query}",
                "of the path only");
  ExpectRefused("/v1/movies#top", "#top", "of the path only");
}

TEST(PathTemplateTest, APercentSignNeedsItsDigits) {
  ExpectRefused("/v1/100%", "100%", "%25");
  ExpectRefused("/v1/movies:%zz", "%zz", "%25");
}

}  // namespace
}  // namespace movies
