// Which backend answers which call.
//
//   auto stub = v1::MoviesService::NewStub(channel);
//   for (const auto& [backend, calls] : CallsPerBackend(*stub, 30)) ...

#ifndef BACKEND_CALLS_H_
#define BACKEND_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <string>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// What became of one call.
struct Answer {
  grpc::Status status;
  // ClientContext::peer() after the call: the server that answered it,
  // "ipv4:127.0.0.1:50051". If no server was reached, what gRPC says instead.
  std::string backend;
};

// How a call is made.
struct CallOptions {
  absl::Duration timeout = absl::Seconds(10);
  // Whether the call waits until there is a server. If not, the channel's
  // service config says, and without one the call fails.
  bool wait_for_ready = false;
};

// Returns what peer() says of a server that listens at "127.0.0.1:PORT".
std::string PeerOf(const std::string& address);

// Returns a status for a message: "code 14: no such name".
std::string Text(const grpc::Status& status);

// Asks for movie 1 and waits for the answer. May be called from any thread.
Answer CallBackend(v1::MoviesService::StubInterface& stub,
                   const CallOptions& options = {});

// Makes `calls` calls, one after another, and returns how many of them each
// backend answered. Those that failed are counted under the Text() of their
// status. May be called from any thread.
std::map<std::string, int> CallsPerBackend(
    v1::MoviesService::StubInterface& stub, int calls,
    const CallOptions& options = {});

}  // namespace movies

#endif  // BACKEND_CALLS_H_
