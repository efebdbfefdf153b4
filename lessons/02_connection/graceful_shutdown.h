// How to stop a server without breaking the calls that it is working on.

#ifndef GRACEFUL_SHUTDOWN_H_
#define GRACEFUL_SHUTDOWN_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"

namespace movies {

// Stops the server, and returns when it has stopped:
//
//   1. From now on it takes no new calls. Its port is closed, and its clients
//      are told (GOAWAY) to go elsewhere.
//   2. The calls in flight may finish, for as long as `grace`.
//   3. Those that have not are cancelled. Their clients get UNAVAILABLE or
//      CANCELLED; their handlers see ServerContext::IsCancelled().
//
// Returns as soon as the last handler has, without waiting for the rest of
// `grace`: true if all calls came to their own end within it, false if it ran
// out. A handler that ignores its cancellation keeps this function waiting.
//
// Not to be called from a handler: it would wait for itself.
// Slide: drain_server
bool DrainServer(grpc::Server& server, absl::Duration grace);
// End slide: drain_server

}  // namespace movies

#endif  // GRACEFUL_SHUTDOWN_H_
