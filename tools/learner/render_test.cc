#include "tools/learner/render.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace workshop {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RenderTest : public testing::Test {
 protected:
  RenderTest() {
    first_.set_name("02_connection");
    first_.set_title("Connection");
    second_.set_name("03_streaming");
    second_.set_title("Streaming");
    outcomes_ = {Make(&first_, "start", Verdict::kSolved),
                 Make(&first_, "drain", Verdict::kDoesNotBuild),
                 Make(&second_, "query", Verdict::kNotSolved)};
  }

  static Outcome Make(Lesson* lesson, const std::string& name,
                      Verdict verdict) {
    Exercise* exercise = lesson->add_exercises();
    exercise->set_name(name);
    exercise->set_title("Title of " + name);
    exercise->set_file(name + ".cc");
    Outcome outcome;
    outcome.exercise = {lesson, exercise};
    outcome.verdict = verdict;
    return outcome;
  }

  Lesson first_;
  Lesson second_;
  std::vector<Outcome> outcomes_;
};

TEST_F(RenderTest, StatusForPeople) {
  EXPECT_EQ(
      StatusText(outcomes_, Style(false)),
      R"(02_connection      Connection                           [######......] 1 of 2
  ✓ start                  Title of start                       solved
  ! drain                  Title of drain                       does not build

03_streaming       Streaming                            [............] 0 of 1
  ✗ query                  Title of query                       not solved yet

1 of 3 solved
)");
}

TEST_F(RenderTest, ColoursOnlyWhenAskedFor) {
  EXPECT_THAT(StatusText(outcomes_, Style(true)),
              HasSubstr("\x1b[32msolved\x1b[0m"));
  EXPECT_THAT(StatusText(outcomes_, Style(false)), Not(HasSubstr("\x1b")));
}

TEST_F(RenderTest, StatusForPrograms) {
  EXPECT_EQ(StatusJson({outcomes_[0]}), R"({
  "solved": 1,
  "total": 1,
  "lessons": [
    {
      "name": "02_connection",
      "title": "Connection",
      "solved": 1,
      "total": 1,
      "exercises": [
        {
          "id": "02_connection.start",
          "title": "Title of start",
          "status": "solved",
          "file": "lessons/02_connection/start.cc",
          "target": "//lessons/02_connection:start_test"
        }
      ]
    }
  ]
}
)");
}

TEST_F(RenderTest, WhySaysTheSameSentenceOnce) {
  Outcome& red = outcomes_[2];
  red.failures = {{"A.One", "a_test.cc:1", "Fill the hole.", "Value of: x"},
                  {"A.Two", "a_test.cc:2", "Fill the hole.", "Value of: y"},
                  {"A.Three", "a_test.cc:3", "Another thing.", ""},
                  {"A.Three", "a_test.cc:4", "It follows.", "Value of: z"},
                  {"A.Four", "a_test.cc:5", "A fourth.", ""}};
  EXPECT_EQ(WhyText(red, 2, Style(false)), R"(
    a_test.cc:1  A.One
    Fill the hole.
      Value of: x

    a_test.cc:3  A.Three
    Another thing.

    … and 1 more in the log
)");
  EXPECT_EQ(WhyShort(red), "Fill the hole.");
}

TEST_F(RenderTest, WhyShowsWhatWasThereOfEveryFailure) {
  Outcome& red = outcomes_[2];
  const std::string wide(60, 'x');
  red.failures = {
      {"A.One", "a_test.cc:1", "Fill the hole.", ""},
      {"A.Two", "a_test.cc:2", "Two.",
       "Value of: x\n  Actual: 4\nExpected: 5\nGoogle Test trace:\nhere"},
      {"A.Three", "a_test.cc:3", "Three.",
       "Expected equality of these values:\n  n\n    Which is: 2\n  3"},
      {"A.Four", "a_test.cc:4", "Four.",
       "Value of: x\nExpected: y\n  Actual: " + wide + "äääää"}};
  EXPECT_EQ(WhyText(red, 4, Style(false)), R"(
    a_test.cc:1  A.One
    Fill the hole.

    a_test.cc:2  A.Two
    Two.
      Actual: 4

    a_test.cc:3  A.Three
    Three.
      Expected equality of these values:
        n
          Which is: 2
        3

    a_test.cc:4  A.Four
    Four.
      Actual: )" + wide + R"(äää…
)");
}

TEST_F(RenderTest, WhyWithoutASentenceShowsTheValues) {
  outcomes_[2].failures = {{"A.One", "a_test.cc:1", "", "Value of: x"}};
  EXPECT_EQ(WhyShort(outcomes_[2]), "Value of: x");
}

TEST_F(RenderTest, WhyItDoesNotBuild) {
  outcomes_[1].explanation = "a.cc:3:4: error: no\n  3 | x";
  EXPECT_EQ(WhyText(outcomes_[1], 1, Style(false)),
            "\n    a.cc:3:4: error: no\n      3 | x\n");
}

TEST(WrapTest, BreaksAtSpacesAndKeepsLines) {
  EXPECT_EQ(Wrap("one\n  two", 2), "  one\n    two\n");
  EXPECT_EQ(Wrap("", 2), "");
  const std::string word(40, 'x');
  EXPECT_EQ(Wrap(word + " " + word, 2), "  " + word + "\n  " + word + "\n");
  // Columns, not bytes.
  EXPECT_EQ(
      Wrap("äääääääääääääääääääääääääääääääääääää ööööööööööööööööööööööö "
           "üüüüüüüüüüüüüüü",
           2),
      "  äääääääääääääääääääääääääääääääääääää ööööööööööööööööööööööö "
      "üüüüüüüüüüüüüüü\n");
}

}  // namespace
}  // namespace workshop
