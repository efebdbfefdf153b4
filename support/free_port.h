// A port for a child process that cannot be told to choose one itself.

#ifndef SUPPORT_FREE_PORT_H_
#define SUPPORT_FREE_PORT_H_

#include "absl/status/statusor.h"

namespace support {

// Returns a port of 127.0.0.1 that is free for TCP and UDP. Another process may
// take it at any time, so whoever starts a server there must be ready to try
// again with another one. UNAVAILABLE if the machine has none left. May be
// called from any thread.
absl::StatusOr<int> FreePort();

}  // namespace support

#endif  // SUPPORT_FREE_PORT_H_
