#include "support/steady_clock.h"

#include <chrono>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace support {
namespace {

TEST(SteadyNowTest, NeverGoesBack) {
  absl::Time last = SteadyNow();
  for (int i = 0; i < 10000; ++i) {
    const absl::Time now = SteadyNow();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SteadyNowTest, GoesAsFastAsTheSteadyClock) {
  const auto outer_start = std::chrono::steady_clock::now();
  const absl::Time start = SteadyNow();
  const auto inner_start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - inner_start <
         std::chrono::milliseconds(1)) {
  }
  const auto inner_end = std::chrono::steady_clock::now();
  const absl::Duration passed = SteadyNow() - start;
  const auto outer_end = std::chrono::steady_clock::now();
  EXPECT_GE(passed, absl::FromChrono(inner_end - inner_start));
  EXPECT_LE(passed,
            absl::FromChrono(outer_end - outer_start) + absl::Nanoseconds(1));
}

}  // namespace
}  // namespace support
