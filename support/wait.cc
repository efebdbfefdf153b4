#include "support/wait.h"

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace support {

absl::Duration Patience() {
  return testing::UnitTest::GetInstance()->Failed() ? absl::Milliseconds(300)
                                                    : absl::Seconds(2);
}

bool WaitUntilCancelled(const grpc::ServerContextBase& context,
                        absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  while (!context.IsCancelled()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

}  // namespace support
