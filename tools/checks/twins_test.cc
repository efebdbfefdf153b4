#include "tools/checks/twins.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace checks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kStub[] = R"(int F() {
  // TODO(01_a.b): Do it.
  return 0;
  // END TODO(01_a.b)
}
)";

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

TEST(CheckTwinsTest, AcceptsAnAnswerInTheHole) {
  absl::Status status =
      CheckTwins(kStub, "int F() {\n  int a = 1;\n  ++a;\n  return a;\n}\n");
  EXPECT_TRUE(status.ok()) << status;
}

TEST(CheckTwinsTest, AHoleMayBeInAProto) {
  const std::string stub =
      "service S {\n  // TODO(08_a.b): Say it.\n  rpc F(A) returns (B);\n"
      "  // END TODO(08_a.b)\n}\n";
  const std::string answer =
      "service S {\n  rpc F(A) returns (B) {\n    option deprecated = true;\n"
      "  }\n}\n";
  absl::Status status = CheckTwins(stub, answer);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(CheckTwinsTest, RefusesADifferenceBeforeTheHole) {
  EXPECT_THAT(Message(CheckTwins(
                  kStub, "long F() {\n  int a = 1;\n  ++a;\n  return a;\n}\n")),
              HasSubstr("line 1"));
}

TEST(CheckTwinsTest, RefusesADifferenceAfterTheHole) {
  EXPECT_FALSE(
      CheckTwins(kStub, "int F() {\n  int a;\n  ++a;\n  return a;\n};\n").ok());
}

TEST(CheckTwinsTest, RefusesADifferenceBetweenHoles) {
  const std::string stub =
      "// TODO(01_a.b): x\n// END TODO(01_a.b)\nmiddle\n"
      "// TODO(01_a.c): x\n// END TODO(01_a.c)\nend\n";
  EXPECT_TRUE(CheckTwins(stub, "1\n2\n3\nmiddle\n4\n5\n6\nend\n").ok());
  EXPECT_FALSE(CheckTwins(stub, "1\n2\n3\nmuddle\n4\n5\n6\nend\n").ok());
}

TEST(CheckTwinsTest, RefusesFilesWithoutHolesThatDiffer) {
  EXPECT_TRUE(CheckTwins("a\nb\n", "a\nb\n").ok());
  EXPECT_FALSE(CheckTwins("a\nb\n", "a\nc\n").ok());
  EXPECT_FALSE(CheckTwins("a\n", "a\nb\n").ok());
}

TEST(CheckTwinsTest, RefusesAnAnswerThatIsTooShort) {
  EXPECT_THAT(Message(CheckTwins(kStub, "int F() {\n  return 1;\n}\n")),
              HasSubstr("has 1 lines"));
}

TEST(CheckTwinsTest, RefusesAnAnswerThatIsTooLong) {
  std::string answer = "int F() {\n";
  for (int i = 0; i < 26; ++i) answer += "  G();\n";
  EXPECT_THAT(Message(CheckTwins(kStub, answer + "}\n")),
              HasSubstr("has 26 lines"));
}

TEST(CheckTwinsTest, RefusesAMarkerInTheSolution) {
  EXPECT_THAT(Message(CheckTwins(kStub, kStub)), HasSubstr("no markers"));
}

TEST(CheckTwinsTest, TakesTheLessonMacroForTheSolutionMacro) {
  EXPECT_TRUE(CheckTwins("load(\"//tools/rules:lesson.bzl\", \"lesson\")\n"
                         "lesson(\n)\n",
                         "load(\"//tools/rules:lesson.bzl\", \"solution\")\n"
                         "solution(\n)\n")
                  .ok());
}

TEST(AnswersTest, AreTheLinesInThePlaceOfTheHoles) {
  const std::string stub =
      "// TODO(01_a.b): x\n// END TODO(01_a.b)\nmiddle\n"
      "// TODO(01_a.c): x\nreturn;\n// END TODO(01_a.c)\nend\n";
  absl::StatusOr<std::vector<Answer>> answers =
      Answers(stub, "1\n2\nmiddle\n3\nend\n");
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_THAT(*answers, SizeIs(2));
  EXPECT_EQ((*answers)[0].exercise, "01_a.b");
  EXPECT_THAT((*answers)[0].lines, ElementsAre("1", "2"));
  EXPECT_EQ((*answers)[1].exercise, "01_a.c");
  EXPECT_THAT((*answers)[1].lines, ElementsAre("3"));
}

TEST(HolesTest, NamesThemInOrder) {
  absl::StatusOr<std::vector<std::string>> holes = Holes(kStub);
  ASSERT_TRUE(holes.ok()) << holes.status();
  EXPECT_THAT(*holes, ElementsAre("01_a.b"));
}

TEST(HolesTest, KnowsBuildFileComments) {
  absl::StatusOr<std::vector<std::string>> holes =
      Holes("# TODO(01_a.b): x\n# END TODO(01_a.b)\n");
  ASSERT_TRUE(holes.ok()) << holes.status();
  EXPECT_THAT(*holes, ElementsAre("01_a.b"));
}

TEST(HolesTest, RefusesAMarkerThatIsNotClosed) {
  EXPECT_THAT(Message(Holes("// TODO(01_a.b): x\n").status()),
              HasSubstr("no END TODO"));
}

TEST(HolesTest, RefusesAnEndThatOpensNothing) {
  EXPECT_FALSE(Holes("// END TODO(01_a.b)\n").ok());
}

TEST(HolesTest, RefusesNestedMarkers) {
  EXPECT_FALSE(Holes("// TODO(01_a.b): x\n// TODO(01_a.c): y\n").ok());
}

}  // namespace
}  // namespace checks
