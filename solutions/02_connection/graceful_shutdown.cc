#include "graceful_shutdown.h"

#include "absl/time/clock.h"

namespace movies {

bool DrainServer(grpc::Server& server, absl::Duration grace) {
  const absl::Time deadline = absl::Now() + grace;
  server.Shutdown(absl::ToChronoTime(deadline));
  // All handlers have returned. If that was before the deadline, gRPC had no
  // reason to cancel anything.
  return absl::Now() < deadline;
}

}  // namespace movies
