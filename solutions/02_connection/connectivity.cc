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
  while (true) {
    // Wakes an idle channel, also one that fell idle while we waited.
    const grpc_connectivity_state state =
        channel.GetState(/*try_to_connect=*/true);
    on_state(state);
    if (state == GRPC_CHANNEL_READY) return absl::OkStatus();
    if (state == GRPC_CHANNEL_SHUTDOWN) {
      return absl::CancelledError("the channel was shut down");
    }
    if (!channel.WaitForStateChange(state, absl::ToChronoTime(deadline))) {
      return absl::DeadlineExceededError(absl::StrCat(
          "not connected in time; the channel is still ", StateName(state)));
    }
  }
}

}  // namespace movies
