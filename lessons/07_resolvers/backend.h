// A server that comes and goes, many in one process.
//
//   absl::StatusOr<std::unique_ptr<movies::Backend>> backend =
//       movies::Backend::Start(&service);
//   if (!backend.ok()) return backend.status();
//   ...  // Register (*backend)->address().
//   (*backend)->Die();

#ifndef BACKEND_H_
#define BACKEND_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "asio.hpp"

namespace movies {

// A server on 127.0.0.1 that takes the connections itself and hands them to
// gRPC, so that it can cut them: a gRPC server that is shut down in a hurry
// still tells its clients that their calls are CANCELLED, and a dead one
// cannot. It is for demonstrations: it keeps a descriptor of every connection
// that it ever had, for as long as it serves.
//
// Member functions may be called from any thread, but one at a time.
class Backend {
 public:
  // Serves `service`, which may serve in others as well and has to outlive
  // them, on a free port. UNAVAILABLE if there is none.
  static absl::StatusOr<std::unique_ptr<Backend>> Start(grpc::Service* service);

  // As Die(), unless it is over already.
  ~Backend();

  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // Returns where it serves, or served: "127.0.0.1:PORT".
  const std::string& address() const { return address_; }

  // Ends in good order: takes no more connections, waits until its clients have
  // closed theirs, but no longer than `patience`, and shuts down. Call it when
  // they have been told to call others.
  //
  // It has to wait, because grpc::Server::Shutdown() alone does not: a call
  // that was under way to the server and reaches it after that is CANCELLED
  // (https://github.com/grpc/grpc/issues/41785), and gets no second attempt.
  // And not for ever, because a client of gRPC 1.51 never closes a connection
  // whose address went away while it was being made; nor does it use it.
  void Leave(absl::Duration patience);

  // Ends as a process that is killed: its connections break in the middle of
  // whatever was said.
  void Die();

 private:
  Backend() = default;

  // Takes the next connection, and so on.
  void Accept();

  // Takes no more connections, and joins the thread.
  void StopAccepting();

  // Ends the calls that there are, and gRPC's part.
  void ShutDown();

  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // Null once it is over.
  // What follows is used by the thread alone, while it runs.
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_};
  std::vector<asio::ip::tcp::socket> connections_;
  std::thread thread_;
};

}  // namespace movies

#endif  // BACKEND_H_
