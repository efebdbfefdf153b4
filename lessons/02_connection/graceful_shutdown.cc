#include "graceful_shutdown.h"

#include "absl/time/clock.h"

namespace movies {

bool DrainServer(grpc::Server& server, absl::Duration grace) {
  // TODO(02_connection.graceful_shutdown): Shut the server down so that the
  // calls in flight have `grace` to finish, and return whether that took less
  // than `grace`. Shutdown() itself waits until the last handler has returned.
  return false;
  // END TODO(02_connection.graceful_shutdown)
}

}  // namespace movies
