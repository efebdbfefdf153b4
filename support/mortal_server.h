// A server for tests that dies as a process does that is killed, and comes back
// where it was.
//
//   MoviesService service;
//   MortalServer server(&service);
//   auto stub = MoviesService::NewStub(LoopbackChannel(server.address()));
//   ...            // Some calls.
//   server.Die();
//   ...            // Calls fail with UNAVAILABLE.
//   server.Start();

#ifndef SUPPORT_MORTAL_SERVER_H_
#define SUPPORT_MORTAL_SERVER_H_

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "support/tcp_proxy.h"
#include "support/unserved_port.h"

namespace support {

// A server on 127.0.0.1, behind a proxy that cuts its connections: a gRPC
// server alone cannot die in its own process, since one that is shut down says
// goodbye, and that its calls are CANCELLED.
//
// Member functions may be called from any thread, but Die() and Start() one at
// a time.
class MortalServer {
 public:
  // Starts it. `service` must outlive it. Ends the test program with a message
  // if the machine has no free port.
  explicit MortalServer(grpc::Service* service);

  // As Die().
  ~MortalServer();

  MortalServer(const MortalServer&) = delete;
  MortalServer& operator=(const MortalServer&) = delete;

  // Returns where clients connect, "127.0.0.1:PORT", whether it lives or not.
  std::string address() const { return proxy_->address(); }

  // Returns its name in ClientContext::peer(): "ipv4:127.0.0.1:PORT".
  std::string peer() const { return "ipv4:" + address(); }

  // Returns how many connections clients ever made, those that found nobody
  // included.
  int connections() const { return proxy_->accepted_connections(); }

  // Without a goodbye its connections break, and whoever connects from now on
  // is cut off as well. Waits until every handler has returned; their calls are
  // cancelled. Changes nothing if it is dead.
  void Die();

  // Brings it back at the same address. Changes nothing if it lives.
  void Start();

 private:
  grpc::Service& service_;
  const UnservedPort port_;  // Keeps the port while it is dead.
  const std::unique_ptr<TcpProxy> proxy_;
  std::unique_ptr<grpc::Server> server_;  // Null while it is dead.
};

}  // namespace support

#endif  // SUPPORT_MORTAL_SERVER_H_
