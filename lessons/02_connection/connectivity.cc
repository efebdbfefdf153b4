#include "connectivity.h"

#include "absl/strings/str_cat.h"

namespace movies {

absl::string_view StateName(grpc_connectivity_state state) {
  switch (state) {
    case GRPC_CHANNEL_IDLE:
      return "IDLE";
    case GRPC_CHANNEL_CONNECTING:
      return "CONNECTING";
    case GRPC_CHANNEL_READY:
      return "READY";
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
      return "TRANSIENT_FAILURE";
    case GRPC_CHANNEL_SHUTDOWN:
      return "SHUTDOWN";
  }
  return "unknown state";
}

absl::Status WaitUntilReady(
    grpc::ChannelInterface& channel, absl::Time deadline,
    const std::function<void(grpc_connectivity_state)>& on_state) {
  // TODO(02_connection.connectivity): Look at the channel's state, waking it if
  // it is IDLE, and tell `on_state`. Let WaitForStateChange() block until there
  // is another, and go on until it is READY or SHUTDOWN, or the deadline has
  // passed. gRPC wants a std::chrono::system_clock deadline:
  // absl::ToChronoTime.
  return absl::UnimplementedError("TODO(02_connection.connectivity)");
  // END TODO(02_connection.connectivity)
}

}  // namespace movies
