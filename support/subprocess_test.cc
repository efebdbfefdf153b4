#include "support/subprocess.h"

#include <signal.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace support {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SubprocessTest, WaitTellsTheExitCode) {
  absl::StatusOr<Subprocess> process =
      Subprocess::Start({"sh", "-c", "exit 3"});
  ASSERT_TRUE(process.ok()) << process.status();
  absl::StatusOr<ExitStatus> exit = process->Wait();
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(ToString(*exit), "exit code 3");
}

TEST(SubprocessTest, WaitTellsTheSignal) {
  absl::StatusOr<Subprocess> process =
      Subprocess::Start({"sh", "-c", "kill -9 $$"});
  ASSERT_TRUE(process.ok()) << process.status();
  absl::StatusOr<ExitStatus> exit = process->Wait();
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->signal, 9);
}

TEST(SubprocessTest, MissingProgramIsNotFound) {
  absl::StatusOr<Subprocess> process = Subprocess::Start({"no-such-program"});
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(process.status().message()),
              HasSubstr("no-such-program"));
}

TEST(SubprocessTest, ArgumentsReachItUnquoted) {
  const std::string path = testing::TempDir() + "/arguments";
  Subprocess::Options options;
  options.stdout_path = path;
  absl::StatusOr<Subprocess> process =
      Subprocess::Start({"printf", "%s", "a b'\"$HOME"}, options);
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(process->Wait()->ok());
  EXPECT_EQ(ReadFile(path), "a b'\"$HOME");
}

TEST(SubprocessTest, OnePathTakesBothOutputs) {
  const std::string path = testing::TempDir() + "/both";
  Subprocess::Options options;
  options.stdout_path = path;
  options.stderr_path = path;
  absl::StatusOr<Subprocess> process =
      Subprocess::Start({"sh", "-c", "echo out; echo err >&2"}, options);
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(process->Wait()->ok());
  EXPECT_EQ(ReadFile(path), "out\nerr\n");
}

TEST(SubprocessTest, EnvironmentIsAddedToOurs) {
  const std::string path = testing::TempDir() + "/environment";
  Subprocess::Options options;
  options.environment = {{"MOVIE", "Metropolis"}};
  options.stdout_path = path;
  absl::StatusOr<Subprocess> process = Subprocess::Start(
      {"sh", "-c", "test -n \"$PATH\" && echo $MOVIE"}, options);
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(process->Wait()->ok());
  EXPECT_EQ(ReadFile(path), "Metropolis\n");
}

TEST(SubprocessTest, WaitForGivesUpAndTheProcessRunsOn) {
  absl::StatusOr<Subprocess> process = Subprocess::Start({"sleep", "1000"});
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(process->WaitFor(absl::Milliseconds(10)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  absl::StatusOr<ExitStatus> exit = process->Terminate(absl::Seconds(10));
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->signal, 15);
}

TEST(SubprocessTest, TerminateKillsWhatIgnoresIt) {
  absl::StatusOr<Subprocess> process = Subprocess::Start(
      {"sh", "-c", "trap '' TERM; while :; do read -r _ </dev/zero; done"});
  ASSERT_TRUE(process.ok()) << process.status();
  // Until the trap is set SIGTERM ends it too, so either signal is right.
  absl::StatusOr<ExitStatus> exit = process->Terminate(absl::Milliseconds(100));
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_NE(exit->signal, 0);
}

TEST(SubprocessTest, DestructorLeavesNoProcessBehind) {
  pid_t pid = -1;
  {
    absl::StatusOr<Subprocess> process = Subprocess::Start({"sleep", "1000"});
    ASSERT_TRUE(process.ok()) << process.status();
    pid = process->pid();
    ASSERT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(SubprocessTest, MovedToObjectOwnsTheProcess) {
  absl::StatusOr<Subprocess> process = Subprocess::Start({"true"});
  ASSERT_TRUE(process.ok()) << process.status();
  Subprocess owner = *std::move(process);
  EXPECT_TRUE(owner.Wait()->ok());
}

}  // namespace
}  // namespace support
