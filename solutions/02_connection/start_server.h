// A gRPC server on a port of the caller's or the system's choice.

#ifndef START_SERVER_H_
#define START_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace movies {

// A server that takes calls, and the port on which it does.
struct RunningServer {
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

// Starts a server, without encryption, that answers `service`'s calls on
// `address`: "127.0.0.1:50051", or "127.0.0.1:0" to let the system pick a free
// port. `service` is not owned and must outlive the server. UNAVAILABLE, naming
// the address, if it cannot listen there, or another server does.
// Slide: start_server
absl::StatusOr<RunningServer> StartServer(const std::string& address,
                                          grpc::Service* service);
// End slide: start_server

}  // namespace movies

#endif  // START_SERVER_H_
