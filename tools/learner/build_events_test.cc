#include "tools/learner/build_events.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace workshop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Status = TargetResult::Status;

// Recorded from Bazel 4.2.3; configurations, tags and times cut out.

constexpr char kPassed[] =
    R"({"id":{"targetCompleted":{"label":"//lessons/00_demo:add_test"}},"children":[{"testSummary":{"label":"//lessons/00_demo:add_test"}}],"completed":{"success":true,"testTimeoutSeconds":"60"}}
{"id":{"testResult":{"label":"//lessons/00_demo:add_test","run":1,"shard":1,"attempt":1}},"testResult":{"testActionOutput":[{"name":"test.log","uri":"file:///out/add_test/test.log"}],"testAttemptDurationMillis":"180","cachedLocally":true,"status":"PASSED","executionInfo":{}}}
{"id":{"testSummary":{"label":"//lessons/00_demo:add_test"}},"testSummary":{"totalRunCount":1,"passed":[{"uri":"file:///out/add_test/test.log"}],"overallStatus":"PASSED","totalNumCached":1}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"SUCCESS"},"overallSuccess":true,"anomalyReport":{}}}
)";

constexpr char kFailed[] =
    R"({"id":{"targetCompleted":{"label":"//lessons/00_demo:add_test"}},"completed":{"success":true}}
{"id":{"testResult":{"label":"//lessons/00_demo:add_test","run":1,"shard":1,"attempt":1}},"testResult":{"status":"FAILED","executionInfo":{"strategy":"processwrapper-sandbox"}}}
{"id":{"testSummary":{"label":"//lessons/00_demo:add_test"}},"testSummary":{"totalRunCount":1,"failed":[{"uri":"file:///home/a%20b/test.log"}],"overallStatus":"FAILED"}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"TESTS_FAILED","code":3},"anomalyReport":{}}}
)";

constexpr char kTimedOut[] =
    R"({"id":{"targetCompleted":{"label":"//lessons/00_demo:add_test"}},"completed":{"success":true}}
{"id":{"testSummary":{"label":"//lessons/00_demo:add_test"}},"testSummary":{"failed":[{"uri":"file:///out/test.log"}],"overallStatus":"TIMEOUT"}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"TESTS_FAILED","code":3}}}
)";

// The action that failed is that of a library, not of the test; the other
// failed action is no concern of this test's.
constexpr char kDoesNotCompile[] =
    R"({"id":{"actionCompleted":{"primaryOutput":"bin/_objs/greet/greet.pic.o","label":"//lessons/00_demo:greet"}},"action":{"exitCode":1,"stderr":{"name":"stderr","uri":"file:///out/stderr-5"},"label":"//lessons/00_demo:greet","type":"CppCompile"}}
{"id":{"actionCompleted":{"primaryOutput":"bin/_objs/slow/slow.pic.o","label":"//lessons/00_demo:slow"}},"action":{"exitCode":1,"stderr":{"name":"stderr","uri":"file:///out/stderr-6"},"label":"//lessons/00_demo:slow","type":"CppCompile"}}
{"id":{"targetCompleted":{"label":"//lessons/00_demo:add_test"}},"children":[{"actionCompleted":{"primaryOutput":"bin/_objs/greet/greet.pic.o","label":"//lessons/00_demo:greet"}}],"completed":{"failureDetail":{"message":"error executing command"}}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"BUILD_FAILURE","code":1}}}
)";

constexpr char kNotAnalyzed[] =
    R"({"id":{"targetCompleted":{"label":"//lessons/00_demo:add_test"}},"children":[{"unconfiguredLabel":{"label":"//proto:nonesuch"}}],"aborted":{"reason":"ANALYSIS_FAILURE"}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"BUILD_FAILURE","code":1}}}
{"id":{"unconfiguredLabel":{"label":"//proto:nonesuch"}},"aborted":{},"lastMessage":true}
)";

constexpr char kNotLoaded[] =
    R"({"id":{"pattern":{"pattern":["//lessons/00_demo:add_test"]}},"aborted":{"reason":"LOADING_FAILURE","description":"no such target \u0027//lessons/00_demo:add_test\u0027"}}
{"id":{"pattern":{"pattern":["//lessons/00_demo:add_test","//lessons/02_connection:start_server_test"]}},"children":[{"pattern":{"pattern":["//lessons/00_demo:add_test"]}}],"expanded":{}}
{"id":{"buildFinished":{}},"finished":{"exitCode":{"name":"BUILD_FAILURE","code":1}}}
)";

struct Case {
  std::string name;
  std::string events;
  Status status;
  bool cached;
  std::string log_path;
  std::vector<std::string> error_paths;
  std::string description;
  int exit_code;
};

class ParseBuildEventsTest : public testing::TestWithParam<Case> {};

TEST_P(ParseBuildEventsTest, SaysHowItWent) {
  const Case& expected = GetParam();
  absl::StatusOr<BuildResults> results = ParseBuildEvents(expected.events);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_TRUE(results->finished);
  EXPECT_EQ(results->exit_code, expected.exit_code);
  ASSERT_EQ(results->targets.size(), 1u);
  const auto& [label, result] = *results->targets.begin();
  EXPECT_EQ(label, "//lessons/00_demo:add_test");
  EXPECT_EQ(result.status, expected.status);
  EXPECT_EQ(result.cached, expected.cached);
  EXPECT_EQ(result.log_path, expected.log_path);
  EXPECT_EQ(result.error_paths, expected.error_paths);
  EXPECT_EQ(result.description, expected.description);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, ParseBuildEventsTest,
    testing::ValuesIn(std::vector<Case>{
        {"Passed", kPassed, Status::kPassed, true, "", {}, "", 0},
        {"Failed",
         kFailed,
         Status::kFailed,
         false,
         "/home/a b/test.log",
         {},
         "",
         3},
        {"TimedOut",
         kTimedOut,
         Status::kTimedOut,
         false,
         "/out/test.log",
         {},
         "",
         3},
        {"DoesNotCompile",
         kDoesNotCompile,
         Status::kFailedToBuild,
         false,
         "",
         {"/out/stderr-5"},
         "",
         1},
        {"NotAnalyzed", kNotAnalyzed, Status::kAborted, false, "", {}, "", 1},
        {"NotLoaded",
         kNotLoaded,
         Status::kAborted,
         false,
         "",
         {},
         "no such target '//lessons/00_demo:add_test'",
         1},
    }),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(ParseBuildEventsErrorTest, NothingIsAnUnfinishedBuild) {
  absl::StatusOr<BuildResults> results = ParseBuildEvents("");
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_FALSE(results->finished);
  EXPECT_THAT(results->targets, IsEmpty());
}

TEST(ParseBuildEventsErrorTest, NamesTheLine) {
  for (const std::string bad : {"{\"id\":{\"testSum", "not json", "[]", "7",
                                "{}", "{\"id\":3}", "\x80\xff"}) {
    const absl::Status status =
        ParseBuildEvents(absl::StrCat(R"({"id":{"started":{}}})", "\n", bad))
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2 ")) << bad;
  }
}

// Each event with every value in turn of a type that it should not have.
TEST(ParseBuildEventsErrorTest, WrongTypesDoNoHarm) {
  for (const std::string wrong : {"null", "7", "\"x\"", "[]", "[7]", "{}"}) {
    for (const std::string event : {
             R"({"id":{"pattern":$},"aborted":{}})",
             R"({"id":{"pattern":{"pattern":$}},"aborted":{}})",
             R"({"id":{"pattern":{"pattern":["//a"]}},"aborted":$})",
             R"({"id":{"targetCompleted":$},"completed":{}})",
             R"({"id":{"targetCompleted":{"label":$}},"completed":$})",
             R"({"id":{"targetCompleted":{"label":"//a"}},"children":$})",
             R"({"id":{"actionCompleted":$},"action":{"stderr":$}})",
             R"({"id":{"testResult":$},"testResult":$})",
             R"({"id":{"testSummary":{"label":"//a"}},"testSummary":$})",
             R"({"id":{"testSummary":{}},"testSummary":{"failed":$}})",
             R"({"id":{"buildFinished":$},"finished":$})",
             R"({"id":{"buildFinished":{}},"finished":{"exitCode":$}})",
         }) {
      std::string text = event;
      for (size_t at; (at = text.find('$')) != std::string::npos;) {
        text.replace(at, 1, wrong);
      }
      EXPECT_TRUE(ParseBuildEvents(text).ok()) << text;
    }
  }
}

}  // namespace
}  // namespace workshop
