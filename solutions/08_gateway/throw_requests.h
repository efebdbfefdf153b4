// Throws random requests at an HTTP server and looks at what comes back.

#ifndef THROW_REQUESTS_H_
#define THROW_REQUESTS_H_

#include <cstdint>
#include <functional>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace movies {

struct ThrowOptions {
  // Requests `first` to `first` + `count` - 1 of the series; see
  // random_requests.h.
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
  std::uint64_t count = 1000;
  // How many connections are open at a time, each on a thread of its own.
  int connections = 8;
  // How long a client waits for more, and for the server to close the
  // connection, before it closes its own side.
  absl::Duration pause = absl::Milliseconds(5);
  // How soon after that the server must have ended the connection.
  absl::Duration patience = absl::Seconds(20);
  // Told how many are done, now and then, by one thread at a time.
  std::function<void(std::uint64_t done)> progress;
};

struct ThrowReport {
  // How many requests got which HTTP status first; 0 for no answer at all,
  // which is right for a request that is not whole.
  std::map<int, std::uint64_t> answers;
};

// Throws them at 127.0.0.1:`port`, each on a connection of its own.
//
// INTERNAL for an answer that is not HTTP/1.1, DEADLINE_EXCEEDED for a
// connection that the server does not end, UNAVAILABLE if it cannot be reached;
// each says which request it was.
absl::StatusOr<ThrowReport> ThrowRequests(int port,
                                          const ThrowOptions& options);

}  // namespace movies

#endif  // THROW_REQUESTS_H_
