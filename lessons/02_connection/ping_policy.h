// The server's side of keepalive: how often clients may ping.

#ifndef PING_POLICY_H_
#define PING_POLICY_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"

namespace movies {

// Lets clients ping every `interval`, and also while they have no call in
// flight. Without it a server tolerates a ping every five minutes; to a client
// that has pinged too soon three times in a row it says GOAWAY
// (ENHANCE_YOUR_CALM, "too_many_pings") and closes the connection.
//
// Allow a little less than the interval that clients use: pings that were sent
// on time may arrive closer together.
void AllowPings(grpc::ServerBuilder& builder, absl::Duration interval);

}  // namespace movies

#endif  // PING_POLICY_H_
