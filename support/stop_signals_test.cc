#include "support/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
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

void TerminateAfterStopSignals() {
  auto stop_signals = std::make_unique<StopSignals>();
  stop_signals.reset();
  kill(getpid(), SIGTERM);
}

TEST(StopSignalsTest, SignalsWorkAsBeforeOnceItIsGone) {
  EXPECT_EXIT(TerminateAfterStopSignals(), testing::KilledBySignal(SIGTERM),
              "");
}

}  // namespace
}  // namespace support
