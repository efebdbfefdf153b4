// Keepalive: how a client notices that its server hangs, or is gone without a
// word.

#ifndef KEEPALIVE_H_
#define KEEPALIVE_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"

namespace movies {

// When a client asks over HTTP/2 whether its server is still there: with a PING
// frame, which the peer's gRPC answers by itself.
struct KeepaliveOptions {
  // How long a connection may be silent before the client pings. Infinite, as
  // it is by default in gRPC: never. Servers refuse clients that ping more
  // often than they allow, which by default is once in five minutes.
  absl::Duration interval = absl::InfiniteDuration();

  // How long the client then waits for the answer. If none comes, it closes the
  // connection, and the calls on it fail with UNAVAILABLE.
  absl::Duration timeout = absl::Seconds(20);

  // Whether to ping while no call is in flight, too.
  bool without_calls = false;
};

// Returns the duration in whole milliseconds, as channel arguments want it. One
// that is too long for an int becomes INT_MAX, which to gRPC means infinite.
int ToMilliseconds(absl::Duration duration);

// Returns channel arguments that switch keepalive on as `options` says, and
// let pings go on for as long as the connection lasts: gRPC would otherwise
// stop after two, until there is other data to send.
grpc::ChannelArguments KeepaliveArguments(const KeepaliveOptions& options);

}  // namespace movies

#endif  // KEEPALIVE_H_
