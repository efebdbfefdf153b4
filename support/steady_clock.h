// A clock that nobody sets.

#ifndef SUPPORT_STEADY_CLOCK_H_
#define SUPPORT_STEADY_CLOCK_H_

#include "absl/time/time.h"

namespace support {

// A time that never goes back, however the system's clock is set. For durations
// only: the difference of two of them is the time that passed between, but one
// alone is no date, and means nothing to another machine. Thread-safe.
absl::Time SteadyNow();

}  // namespace support

#endif  // SUPPORT_STEADY_CLOCK_H_
