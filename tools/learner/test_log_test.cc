#include "tools/learner/test_log.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace workshop {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ParseTestLogTest, TellsTheSentenceFromTheValues) {
  const TestLog log = ParseTestLog(
      R"(exec ${PAGER:-/usr/bin/less} "$0" || exit 1
Executing tests from //lessons/03_streaming:query_movie_test
-----------------------------------------------------------------------------
[==========] Running 2 tests from 1 test suite.
[----------] 2 tests from QueryMovieTest
[ RUN      ] QueryMovieTest.SendsAll
the server listens
lessons/03_streaming/query_movie_test.cc:40: Failure
Expected equality of these values:
  titles.size()
    Which is: 0
  3u
No movie came.

Write() sends one.
E1122 22:30:12.123456789   14 tcp_posix.cc:214] a line of gRPC's own

lessons/03_streaming/query_movie_test.cc:41: Failure
Value of: status.ok()
  Actual: false
Expected: true
The call failed.
Google Test trace:
lessons/03_streaming/query_movie_test.cc:30: with a slow reader

[  FAILED  ] QueryMovieTest.SendsAll (3 ms)
[ RUN      ] QueryMovieTest.SendsNone
[       OK ] QueryMovieTest.SendsNone (0 ms)
[----------] 2 tests from QueryMovieTest (3 ms total)

[==========] 2 tests from 1 test suite ran. (3 ms total)
[  PASSED  ] 1 test.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] QueryMovieTest.SendsAll

 1 FAILED TEST
)");
  ASSERT_THAT(log.failures, SizeIs(2));
  EXPECT_EQ(log.failures[0].test, "QueryMovieTest.SendsAll");
  EXPECT_EQ(log.failures[0].location,
            "lessons/03_streaming/query_movie_test.cc:40");
  EXPECT_EQ(log.failures[0].sentence, "No movie came.\n\nWrite() sends one.");
  EXPECT_EQ(log.failures[0].detail,
            "Expected equality of these values:\n  titles.size()\n    Which "
            "is: 0\n  3u");
  EXPECT_EQ(log.failures[1].sentence, "The call failed.");
  EXPECT_EQ(log.failures[1].detail,
            "Value of: status.ok()\n  Actual: false\nExpected: true\nGoogle "
            "Test trace:\nlessons/03_streaming/query_movie_test.cc:30: with a "
            "slow reader");
  EXPECT_EQ(log.unfinished, "");
}

TEST(ParseTestLogTest, FailHasASentenceAlone) {
  const TestLog log = ParseTestLog(
      "[ RUN      ] A.B\na_test.cc:1: Failure\nFailed\nDo this.\n\n"
      "[  FAILED  ] A.B (0 ms)\n");
  ASSERT_THAT(log.failures, SizeIs(1));
  EXPECT_EQ(log.failures[0].sentence, "Do this.");
  EXPECT_EQ(log.failures[0].detail, "");
}

TEST(ParseTestLogTest, AMatcherDescribesItselfInManyLines) {
  const std::string values =
      "Value of: ids\nExpected: has 2 elements where\nelement #0 is equal to "
      "1,\nelement #1 is equal to 3\n  Actual: {}";
  const TestLog log = ParseTestLog(
      "[ RUN      ] A.B\na_test.cc:1: Failure\n" + values +
      "\nMovies 1 and 3 are westerns.\n\n[  FAILED  ] A.B (0 ms)\n");
  ASSERT_THAT(log.failures, SizeIs(1));
  EXPECT_EQ(log.failures[0].sentence, "Movies 1 and 3 are westerns.");
  EXPECT_EQ(log.failures[0].detail, values);
}

TEST(ParseTestLogTest, NamesTheTestThatCrashed) {
  const TestLog log = ParseTestLog(
      "[ RUN      ] A.B\n[       OK ] A.B (0 ms)\n[ RUN      ] A.C\n"
      "terminate called\nAborted\n");
  EXPECT_THAT(log.failures, IsEmpty());
  EXPECT_EQ(log.unfinished, "A.C");
  EXPECT_EQ(log.tail, "terminate called\nAborted");
}

TEST(ParseTestLogTest, ParametersInATestsName) {
  const TestLog log = ParseTestLog(
      "[ RUN      ] All/A.B/0\na_test.cc:1: Failure\nFailed\nNo.\n"
      "[  FAILED  ] All/A.B/0, where GetParam() = 3 (0 ms)\n");
  ASSERT_THAT(log.failures, SizeIs(1));
  EXPECT_EQ(log.failures[0].test, "All/A.B/0");
  EXPECT_EQ(log.unfinished, "");
}

TEST(ParseTestLogTest, NothingIsNoFailure) {
  EXPECT_THAT(ParseTestLog("").failures, IsEmpty());
}

TEST(FirstCompilerErrorTest, SkipsWarningsAndColours) {
  EXPECT_EQ(FirstCompilerError(
                "a.cc: In function 'int f()':\n"
                "a.cc:2:3: warning: unused\n    2 |   int x;\n"
                "\x1b[1ma.cc:5:38:\x1b[m \x1b[31merror: \x1b[mexpected ';'\n"
                "    5 |   return 1\n      |           ^\n"
                "a.cc:9:1: error: another\n")
                .text,
            "a.cc:5:38: error: expected ';'\n    5 |   return 1\n      |"
            "           ^");
}

TEST(FirstCompilerErrorTest, TheLinkersWords) {
  EXPECT_EQ(
      FirstCompilerError("ld: in function x:\na.cc:(.text+0x1): undefined "
                         "reference to `f()'\ncollect2: error: ld\n")
          .text,
      "a.cc:(.text+0x1): undefined reference to `f()'");
}

TEST(FirstCompilerErrorTest, OtherWordsFromTheirBegin) {
  EXPECT_EQ(FirstCompilerError("protoc: no such plugin\n").text,
            "protoc: no such plugin");
  EXPECT_EQ(FirstCompilerError("").text, "");
}

TEST(FirstCompilerErrorTest, NamesTheLearnersLine) {
  const CompilerError error = FirstCompilerError(
      "lessons/01_a/a.cc: In function 'int f()':\n"
      "lessons/01_a/a.cc:5:38: error: expected ';'\n    5 |   return 1\n");
  EXPECT_EQ(error.text,
            "lessons/01_a/a.cc:5:38: error: expected ';'\n    5 |   return 1");
  EXPECT_EQ(error.place, "lessons/01_a/a.cc:5");
  EXPECT_EQ(FirstCompilerError("a.cc:5:38: error: no\n").place, "");
}

// An exercise may be a .proto: protoc writes a line for each error, without the
// word.
TEST(FirstCompilerErrorTest, ProtocsWordsNameTheLearnersLine) {
  const CompilerError error = FirstCompilerError(
      "lessons/08_a/a.proto:9:7: Error while parsing option value for "
      "\"http\": Message type \"google.api.HttpRule\" has no field named "
      "\"gett\".\nlessons/08_a/a.proto:12:1: Expected \"}\".\n");
  EXPECT_EQ(error.text,
            "lessons/08_a/a.proto:9:7: Error while parsing option value for "
            "\"http\": Message type \"google.api.HttpRule\" has no field named "
            "\"gett\".");
  EXPECT_EQ(error.place, "lessons/08_a/a.proto:9");
}

// As GCC 12 says that set_style() does not take an absl::string_view.
TEST(FirstCompilerErrorTest, TheLearnersLineComesBeforeALibrarys) {
  const CompilerError error = FirstCompilerError(
      R"(In file included from lessons/01_a/a.cc:4:
bazel-out/k8/bin/movies.pb.h: In instantiation of 'void set_style(T&&)':
lessons/01_a/a.cc:19:59:   required from here
bazel-out/k8/bin/movies.pb.h:1564:20: error: no matching function
 1564 |  style_.Set(value)
      |  ~~~~~~~~~~^
In file included from /usr/include/message.h:49,
                 from lessons/01_a/a.cc:4:
/usr/include/arenastring.h:262:8: note: candidate: 'void Set()'
lessons/01_a/a.cc:30:1: error: another
)");
  EXPECT_EQ(error.text,
            R"(lessons/01_a/a.cc:19:59:   required from here
bazel-out/k8/bin/movies.pb.h:1564:20: error: no matching function
 1564 |  style_.Set(value)
      |  ~~~~~~~~~~^)");
  EXPECT_EQ(error.place, "lessons/01_a/a.cc:19");
}

// GCC 14 quotes the learner's line, too.
TEST(FirstCompilerErrorTest, TheLearnersLineIsQuoted) {
  EXPECT_EQ(
      FirstCompilerError(
          "/usr/include/a.h:9:1: warning: w\n"
          "lessons/01_a/a.cc:19:59:   required from here\n"
          "   19 |   f(x);\n      |   ^\n/usr/include/a.h:1:2: error: no\n")
          .text,
      "lessons/01_a/a.cc:19:59:   required from here\n   19 |   f(x);\n"
      "      |   ^\n/usr/include/a.h:1:2: error: no");
}

TEST(FirstCompilerErrorTest, NotesAndInclusionsLeadToTheLearner) {
  CompilerError error = FirstCompilerError(
      "/usr/include/a.h:1:2: error: deleted\n    1 | x\n"
      "/usr/include/a.h:7:2: note: here\n"
      "lessons/01_a/a.cc:8:2: note: implicitly deleted here\n");
  EXPECT_EQ(error.place, "lessons/01_a/a.cc:8");
  EXPECT_EQ(error.text,
            "lessons/01_a/a.cc:8:2: note: implicitly deleted here\n"
            "/usr/include/a.h:1:2: error: deleted\n    1 | x");
  error = FirstCompilerError(
      "In file included from /usr/include/b.h:2,\n"
      "                 from lessons/01_a/a.cc:3:\n"
      "/usr/include/a.h:1:2: error: no\n");
  EXPECT_EQ(error.place, "lessons/01_a/a.cc:3");
  EXPECT_EQ(error.text,
            "lessons/01_a/a.cc:3: included from here\n"
            "/usr/include/a.h:1:2: error: no");
  // It belongs to the next error.
  EXPECT_EQ(FirstCompilerError("/usr/include/a.h:1:2: error: no\n"
                               "/usr/include/a.h:2:2: error: no\n"
                               "lessons/01_a/a.cc:8:2: note: here\n")
                .place,
            "");
}

TEST(BazelErrorsTest, PathsAreFromTheRootAndNothingIsSaidTwice) {
  EXPECT_THAT(
      BazelErrors("Loading: \nERROR: /w/lessons/01_a/BUILD.bazel:4:1: syntax "
                  "error\nINFO: fine\nERROR: /w/lessons/01_a/BUILD.bazel:4:1: "
                  "syntax error\nERROR: command succeeded, but there were "
                  "errors parsing the target pattern\n",
                  "/w"),
      ElementsAre("lessons/01_a/BUILD.bazel:4:1: syntax error"));
}

TEST(BazelErrorsTest, ACallStackIsItsOutermostPlaceAndItsReason) {
  EXPECT_THAT(
      BazelErrors(
          "ERROR: Traceback (most recent call last):\n\tFile "
          "\"/w/lessons/01_a/BUILD.bazel\", line 3, column 7, in "
          "<toplevel>\n\t\tlesson(\n\tFile \"/w/lesson.bzl\", line 115, "
          "column 5, in lesson\nError: lesson() lacks a name\nINFO: x\n",
          "/w"),
      ElementsAre("lessons/01_a/BUILD.bazel:3:7: lesson() lacks a name"));
}

TEST(BazelErrorsTest, WhatARepositoryRuleAsksFor) {
  EXPECT_THAT(BazelErrors("ERROR: An error occurred during the fetch:\n"
                          "   Traceback (most recent call last):\n\tFile "
                          "\"/w/a.bzl\", line 70, column 38, in _impl\n"
                          "Error in fail: \n\n  @grpc is not installed.\n"
                          "  Run tools/setup.\n",
                          "/w"),
              ElementsAre("  @grpc is not installed.\n  Run tools/setup."));
}

TEST(BazelErrorsTest, GuessesAreLeftOut) {
  EXPECT_THAT(
      BazelErrors("ERROR: /w/a/BUILD.bazel:1:2: target '//a:b' does not "
                  "exist. Since this rule was created by the macro "
                  "'lesson', the error might have been caused by it\n",
                  "/w"),
      ElementsAre("a/BUILD.bazel:1:2: target '//a:b' does not exist"));
}

TEST(BazelErrorsTest, CommandLinesAreLeftOut) {
  EXPECT_THAT(BazelErrors("ERROR: /w/a/BUILD.bazel:1:2: Compiling a.cc failed: "
                          "error executing command \n  (cd /x && gcc)\n",
                          "/w"),
              ElementsAre("a/BUILD.bazel:1:2: Compiling a.cc failed: error "
                          "executing command"));
}

TEST(ParseTestLogTest, ACrashComesWithGrpcsLastWord) {
  const TestLog log = ParseTestLog(
      "[ RUN      ] A.B\n"
      "E1122 22:30:12.123456789      7 call.cc:12] of another test\n"
      "[       OK ] A.B (0 ms)\n"
      "[ RUN      ] A.C\n"
      "I1122 22:30:12.123456789      7 call.cc:13] for information\n"
      "E1122 22:30:12.123456789      7 call.cc:14] assertion failed: x\n");
  EXPECT_EQ(log.unfinished, "A.C");
  EXPECT_EQ(log.last_error, "assertion failed: x");
}

TEST(ParseTestLogTest, AnEarlierTestsErrorIsNoLastWord) {
  EXPECT_EQ(ParseTestLog("[ RUN      ] A.B\n"
                         "E1122 22:30:12.123456789      7 call.cc:12] x\n"
                         "[       OK ] A.B (0 ms)\n"
                         "[ RUN      ] A.C\n")
                .last_error,
            "");
}

}  // namespace
}  // namespace workshop
