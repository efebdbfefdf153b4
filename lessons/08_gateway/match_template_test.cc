#include "match_template.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "path_template.h"
#include "percent_encoding.h"

namespace movies {
namespace {

using ::testing::ElementsAreArray;

// Each "mid = 7", in the template's order.
using Values = std::vector<std::string>;

absl::optional<std::vector<PathBinding>> Match(absl::string_view text,
                                               absl::string_view path) {
  absl::StatusOr<PathTemplate> path_template = PathTemplate::Parse(text);
  EXPECT_TRUE(path_template.ok()) << path_template.status();
  if (!path_template.ok()) return absl::nullopt;
  return MatchTemplate(*path_template, path);
}

Values Show(const std::vector<PathBinding>& bindings) {
  Values values;
  for (const PathBinding& binding : bindings) {
    values.push_back(absl::StrCat(binding.field_path, " = ", binding.value));
  }
  return values;
}

void ExpectMatch(absl::string_view text, absl::string_view path,
                 const Values& expected, absl::string_view why) {
  const auto bindings = Match(text, path);
  EXPECT_TRUE(bindings.has_value())
      << "The template " << text << " matches the path " << path << ": " << why;
  if (!bindings.has_value()) return;
  EXPECT_THAT(Show(*bindings), ElementsAreArray(expected))
      << "The template " << text << " over the path " << path << ": " << why;
}

void ExpectNoMatch(absl::string_view text, absl::string_view path,
                   absl::string_view why) {
  const auto bindings = Match(text, path);
  EXPECT_FALSE(bindings.has_value())
      << "The template " << text << " does not match the path " << path << ": "
      << why << ". It gave: " << ::testing::PrintToString(Show(*bindings));
}

TEST(MatchTemplateTest, AVariableIsTheSegmentInItsPlace) {
  ExpectMatch("/v1/movies/{mid}", "/v1/movies/7", {"mid = 7"},
              "the variable's begin says which part of the path it is");
  ExpectMatch(
      "/v1/{user.name}/movies/{mid}", "/v1/ada/movies/7",
      {"user.name = ada", "mid = 7"},
      "there is a binding for each variable, from left to right, by the "
      "field path as it is");
}

TEST(MatchTemplateTest, LiteralsMustBeThere) {
  ExpectMatch("/v1/movies", "/v1/movies", {},
              "it has no variables, so it matches and has no bindings");
  ExpectNoMatch("/v1/movies/{mid}", "/v1/books/7", "\"books\" is another text");
  ExpectNoMatch("/v1/movies/{mid}", "/v1/movie/7", "\"movie\" is another text");
  ExpectNoMatch("/v1/movies", "/v1/Movies", "letter case matters in a path");
}

TEST(MatchTemplateTest, EverySegmentNeedsItsPart) {
  ExpectNoMatch("/v1/movies/{mid}", "/v1/movies",
                "nothing is left for the variable");
  ExpectNoMatch("/v1/movies/{mid}", "/", "it has a single part, an empty one");
}

TEST(MatchTemplateTest, NoPartMayBeLeft) {
  ExpectNoMatch("/v1/movies/{mid}", "/v1/movies/7/cast",
                "a variable is one segment, and no segment of the template is "
                "left for \"cast\"");
  ExpectNoMatch("/v1/movies", "/v1/movies/",
                "a slash at the end begins one more segment, an empty one");
}

TEST(MatchTemplateTest, AStarIsAnySegmentAndBindsNothing) {
  ExpectMatch("/v1/*/movies/{mid}", "/v1/ada/movies/7", {"mid = 7"},
              "* matches any one segment; only variables have bindings");
}

TEST(MatchTemplateTest, AStarIsNoEmptySegment) {
  ExpectNoMatch("/v1/movies/{mid}", "/v1/movies/",
                "a variable with one segment has a value, but the part in its "
                "place is empty");
  ExpectNoMatch("/v1/*/movies", "/v1//movies", "so it is for a * alone");
}

TEST(MatchTemplateTest, AVariableHasTheLiteralsInItsBraces) {
  ExpectMatch("/v1/{name=movies/*}", "/v1/movies/7", {"name = movies/7"},
              "the value is all that the variable's segments match, literals "
              "and slashes in between too");
  ExpectMatch("/v1/{name=shelves/*/movies/*}/cast",
              "/v1/shelves/drama/movies/7/cast",
              {"name = shelves/drama/movies/7"},
              "it is all from the variable's first segment to its last");
  ExpectMatch("/v1/{name=latest}", "/v1/latest", {"name = latest"},
              "a literal alone can be a variable's value too");
  ExpectNoMatch("/v1/{name=movies/*}", "/v1/books/7",
                "a literal in braces must be there like any other");
}

TEST(MatchTemplateTest, TwoStarsAreAllThatIsLeft) {
  ExpectMatch("/v1/files/{name=**}", "/v1/files/a/b/c", {"name = a/b/c"},
              "** matches all segments that are left");
  ExpectMatch("/v1/{name=files/**}", "/v1/files/a/b", {"name = files/a/b"},
              "what stands before ** in the braces is in the value");
  ExpectMatch("/v1/**", "/v1/a/b", {}, "** alone binds nothing");
  ExpectNoMatch("/v1/files/**", "/v1/movies/a", "\"movies\" is another text");
}

TEST(MatchTemplateTest, TwoStarsMayBeNothing) {
  ExpectMatch("/v1/files/{name=**}", "/v1/files", {"name = "},
              "** matches zero or more segments, and here it is zero");
  ExpectMatch("/v1/{name=files/**}", "/v1/files", {"name = files"},
              "no segment, so no slash before it");
  ExpectMatch("/**", "/", {}, "** matches the one part, an empty one");
  ExpectNoMatch("/v1/files/*/**", "/v1/files",
                "** may be nothing, but the * before it needs a part");
}

TEST(MatchTemplateTest, TwoStarsKeepEmptySegments) {
  ExpectMatch("/v1/files/{name=**}", "/v1/files/a//b/", {"name = a//b/"},
              "what is left is passed on as it is; whoever made the URL meant "
              "something by the slashes");
}

TEST(MatchTemplateTest, AVariableOfOneSegmentIsDecodedWhole) {
  ExpectMatch("/v1/movies/{name}", "/v1/movies/Caf%C3%A9%20%26%20Bar",
              {"name = Caf\xC3\xA9 & Bar"}, "each %XX is one byte");
  ExpectMatch("/v1/movies/{name}", "/v1/movies/Face%2FOff", {"name = Face/Off"},
              "an encoded slash does not divide the path; in a variable with "
              "one segment it can only be a part of the value");
  ExpectMatch("/v1/movies/{name=*}", "/v1/movies/Face%2fOff",
              {"name = Face/Off"}, "{name=*} is the same as {name}");
}

TEST(MatchTemplateTest, AVariableOfSeveralSegmentsKeepsEncodedSlashes) {
  ExpectMatch("/v1/{name=shelves/*/movies/*}",
              "/v1/shelves/war%20films/movies/Face%2FOff",
              {"name = shelves/war films/movies/Face%2FOff"},
              "decoded, %2F would look like a slash between segments; all else "
              "is decoded");
  ExpectMatch("/v1/files/{name=**}", "/v1/files/a%2Fb/c%2fd%21",
              {"name = a%2Fb/c%2fd!"},
              "** may be several segments; %2F and %2f stay as they were sent, "
              "all else is decoded");
}

// The lesson's picture.
TEST(MatchTemplateTest, EachVariableIsDecodedByItsOwnRule) {
  ExpectMatch(
      "/v1/{name=shelves/*/movies/*}/cast/{role}:play",
      "/v1/shelves/war%20films/movies/Face%2FOff/cast/"
      "Castor%2FSean:play",
      {"name = shelves/war films/movies/Face%2FOff", "role = Castor/Sean"},
      "name has four segments, role has one");
}

TEST(MatchTemplateTest, TheTemplateSaysWhetherAVariableHasSeveralSegments) {
  ExpectMatch("/v1/files/{name=**}", "/v1/files/a%2Fb", {"name = a%2Fb"},
              "the path has only one part for it, but ** may have several. "
              "Decoded, nobody could tell it from the path /v1/files/a/b");
}

TEST(MatchTemplateTest, AValueIsDecodedOnce) {
  ExpectMatch("/v1/movies/{name}", "/v1/movies/100%2525", {"name = 100%25"},
              "%25 is a percent sign; what it makes of the rest is text");
  ExpectMatch("/v1/movies/{name}", "/v1/movies/a+b", {"name = a+b"},
              "a plus is a plus; it means a space in queries only");
}

TEST(MatchTemplateTest, AnyTextMayBeAValue) {
  ExpectMatch("/v1/files/{name}", "/v1/files/..", {"name = .."},
              "\"..\" is a text like any other; whoever makes a file name of "
              "it has to check it");
  ExpectMatch("/v1/movies/{name}", "/v1/movies/%20", {"name =  "},
              "the part is not empty: it is a space");
}

TEST(MatchTemplateTest, WhatAClientEncodesComesBack) {
  std::string all, encoded;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string character(1, static_cast<char>(byte));
    all += character;
    encoded += character == "/" ? character : PercentEncode(character);
  }
  ExpectMatch("/v1/{name}", "/v1/" + PercentEncode(all), {"name = " + all},
              "http.proto has the client encode all but [-_.~0-9a-zA-Z]");
  ExpectMatch("/v1/{name=**}", "/v1/" + encoded, {"name = " + all},
              "http.proto has the client encode all but [-_.~/0-9a-zA-Z]");
}

TEST(MatchTemplateTest, LiteralsAreComparedDecoded) {
  ExpectMatch("/v1/caf\xC3\xA9s/{mid}", "/v1/caf%c3%a9s/7", {"mid = 7"},
              "clients have to encode what is no ASCII, in digits of either "
              "case");
  ExpectMatch("/v1/movies/{mid}", "/v1/%6Dovies/7", {"mid = 7"},
              "%6D is an m, which need not be encoded but may be");
  ExpectMatch("/v1/ac%2Fdc/{mid}", "/v1/ac%2fdc/7", {"mid = 7"},
              "a literal may have an encoded slash, in digits of either case");
}

TEST(MatchTemplateTest, AnEncodedStarInATemplateIsALiteral) {
  ExpectMatch("/v1/%2A/{mid}", "/v1/*/7", {"mid = 7"}, "%2A is the text \"*\"");
  ExpectNoMatch("/v1/%2A/{mid}", "/v1/movies/7",
                "%2A is the text \"*\", not any segment");
}

TEST(MatchTemplateTest, AVerbComesOffTheLastSegment) {
  ExpectMatch("/v1/movies/{mid}:rate", "/v1/movies/7:rate", {"mid = 7"},
              "the verb is off already");
  ExpectMatch("/v1/movies:rate", "/v1/movies:rate", {},
              "RemoveVerb() has taken the verb off the literal's part");
  ExpectMatch("/v1/movies/{name}:rate", "/v1/movies/urn:7:rate",
              {"name = urn:7"}, "only the last colon begins the verb");
  ExpectMatch("/v1/{name=files/**}:copy", "/v1/files/a/b:copy",
              {"name = files/a/b"},
              "the verb is off the last part that ** matches");
  ExpectNoMatch("/v1/movies/{mid}:rate", "/v1/movies/7", "there is no verb");
  ExpectNoMatch("/v1/movies/{mid}:rate", "/v1/movies/7:rates",
                "it is another verb");
  ExpectNoMatch("/v1/movies/{mid}:rate", "/v1/movies/:rate",
                "without the verb, the last part is empty");
}

TEST(MatchTemplateTest, AColonIsTextToATemplateWithoutAVerb) {
  ExpectMatch("/v1/movies/{name}", "/v1/movies/urn:7", {"name = urn:7"},
              "the template has no verb");
  ExpectNoMatch("/v1/movies/{name}:rate", "/v1/movies/7%3Arate",
                "an encoded colon begins no verb");
}

TEST(MatchTemplateTest, WhatIsNoPathMatchesNothing) {
  for (const char* path : {"", "v1/a", "/v1/%", "/v1/%4", "/v1/%4g"}) {
    ExpectNoMatch("/v1/**", path, "it is no path");
    ExpectNoMatch("/**", path, "it is no path");
  }
}

}  // namespace
}  // namespace movies
