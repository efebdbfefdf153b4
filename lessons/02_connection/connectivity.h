// What a channel is doing, and how to wait until it is connected.

#ifndef CONNECTIVITY_H_
#define CONNECTIVITY_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace movies {

// Returns the state's name: "IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE"
// or "SHUTDOWN".
absl::string_view StateName(grpc_connectivity_state state);

// Makes the channel connect and waits until it has, calling `on_state` with the
// state that it is in first, and then with each one that it is found in after a
// change. While a channel tries again after a failure, it goes on reporting
// TRANSIENT_FAILURE until it is READY. (It does not wait for its watchers: of
// states that follow one another quickly some may be missed.)
//
// Returns OK once the channel is READY; DEADLINE_EXCEEDED, naming the last
// state, if it is not by `deadline`; CANCELLED if it was shut down, for then it
// will never be. A failed attempt to connect is no error: the channel tries
// again by itself.
// Slide: wait_until_ready
absl::Status WaitUntilReady(
    grpc::ChannelInterface& channel, absl::Time deadline,
    const std::function<void(grpc_connectivity_state)>& on_state);
// End slide: wait_until_ready

}  // namespace movies

#endif  // CONNECTIVITY_H_
