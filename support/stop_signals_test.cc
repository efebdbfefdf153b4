#include "support/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace support {
namespace {

TEST(StopSignalsTest, WaitTakesAnInterruptThatCameBefore) {
  StopSignals stop_signals;
  kill(getpid(), SIGINT);
  stop_signals.Wait();
}

TEST(StopSignalsTest, WaitTakesATermination) {
  StopSignals stop_signals;
  std::thread other([] { kill(getpid(), SIGTERM); });
  stop_signals.Wait();
  other.join();
}

TEST(StopSignalsTest, SignalsWorkAsBeforeOnceItIsGone) {
  EXPECT_EXIT(
      {
        { StopSignals stop_signals; }
        kill(getpid(), SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace support
