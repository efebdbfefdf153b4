#include "tools/learner/command_line.h"

#include <string>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace workshop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<Invocation> Parse(const std::vector<std::string>& arguments) {
  const absl::FlagSaver restore_flags;
  return ParseCommandLine(arguments);
}

TEST(ParseCommandLineTest, NoCommand) {
  absl::StatusOr<Invocation> invocation = Parse({"--color=never"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(invocation->command, "");
  EXPECT_EQ(invocation->color, "never");
}

TEST(ParseCommandLineTest, FlagsMayStandAnywhere) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"reset", "3", "--all-files", "--from", "v1"},
           {"--from=v1", "reset", "--all_files=true", "3"}}) {
    absl::StatusOr<Invocation> invocation = Parse(arguments);
    ASSERT_TRUE(invocation.ok()) << invocation.status();
    EXPECT_EQ(invocation->command, "reset");
    EXPECT_THAT(invocation->arguments, ElementsAre("3"));
    EXPECT_TRUE(invocation->all_files);
    EXPECT_EQ(invocation->from, "v1");
  }
}

TEST(ParseCommandLineTest, HelpWinsOverTheCommand) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"help", "hint"}, {"hint", "--help"}, {"-h", "hint"}}) {
    absl::StatusOr<Invocation> invocation = Parse(arguments);
    ASSERT_TRUE(invocation.ok()) << invocation.status();
    EXPECT_EQ(invocation->command, "help");
    EXPECT_THAT(invocation->arguments, ElementsAre("hint"));
  }
}

TEST(ParseCommandLineTest, Slips) {
  const struct {
    std::vector<std::string> arguments;
    std::string says;
  } cases[] = {
      {{"statsu"}, "there is no command \"statsu\"; did you mean status?"},
      {{"status", "--jsn"}, "there is no flag --jsn; did you mean --json?"},
      {{"test", "--spoil"}, "test has no flag --spoil"},
      {{"--json"}, "--json goes with a command"},
      {{"status", "--json=perhaps"}, "--json"},
      {{"reset", "3", "--from"}, "--from wants a value"},
      {{"status", "--color=blue"}, "--color is auto, always or never"},
      {{"hint"}, "tools/workshop hint LESSON.EXERCISE"},
      {{"test", "1", "2"}, "tools/workshop test [LESSON[.EXERCISE]]"},
  };
  for (const auto& slip : cases) {
    const absl::Status status = Parse(slip.arguments).status();
    EXPECT_FALSE(status.ok()) << slip.says;
    EXPECT_THAT(std::string(status.message()), HasSubstr(slip.says));
  }
}

TEST(UsageTest, NamesEveryCommand) {
  for (const std::string command : {"next", "test", "hint", "compare", "reset",
                                    "status", "slides", "help"}) {
    EXPECT_THAT(Usage(), HasSubstr("tools/workshop " + command));
    absl::StatusOr<std::string> usage = UsageOf(command);
    ASSERT_TRUE(usage.ok()) << usage.status();
    EXPECT_THAT(*usage, HasSubstr("tools/workshop " + command));
  }
  EXPECT_EQ(UsageOf("hnit").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace workshop
