// How tests wait for what other threads, or the other end of a call, will do.
//
//   EXPECT_TRUE(done.WaitForNotificationWithTimeout(support::Patience()));

#ifndef SUPPORT_WAIT_H_
#define SUPPORT_WAIT_H_

#include <grpcpp/server_context.h>

#include "absl/time/time.h"

namespace support {

// Returns how long to wait for what should come at once: long enough for a busy
// machine, 2 seconds. Once a test of this program has failed it is 0.3 seconds,
// so that the later ones keep nobody waiting. May be called from any thread.
absl::Duration Patience();

// Waits until a call is cancelled, in its handler. The sync API has no event
// for it, so this asks, every millisecond. Returns whether the call is
// cancelled, at the latest after `patience`. May be called from any thread
// while the context lives.
bool WaitUntilCancelled(const grpc::ServerContextBase& context,
                        absl::Duration patience);

}  // namespace support

#endif  // SUPPORT_WAIT_H_
