#include "support/console_log.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace support {
namespace {

TEST(ConsoleLogTest, ALineHasItsTimeAndItsText) {
  testing::internal::CaptureStdout();
  ConsoleLog log;
  log.Say("GetMovie(7)");
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              testing::MatchesRegex(" *[0-9]+\\.[0-9]+ s  GetMovie.7.\n"));
}

TEST(ConsoleLogTest, LinesOfSeveralThreadsStayWhole) {
  testing::internal::CaptureStdout();
  ConsoleLog log;
  const std::string text(200, 'x');
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 50; ++line) log.Say(text);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string output = testing::internal::GetCapturedStdout();
  const std::vector<std::string> lines =
      absl::StrSplit(output, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 400u);
  EXPECT_THAT(lines, testing::Each(testing::EndsWith("s  " + text)));
}

}  // namespace
}  // namespace support
