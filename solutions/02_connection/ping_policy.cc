#include "ping_policy.h"

namespace movies {

// Slide: allow_pings
void AllowPings(grpc::ServerBuilder& builder, absl::Duration interval) {
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      static_cast<int>(absl::ToInt64Milliseconds(interval)));
  // Without this one, only a ping every two hours is fine on an idle
  // connection, whatever the argument above says.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}
// End slide: allow_pings

}  // namespace movies
