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

#include "absl/status/statusor.h"

namespace movies {

// A server on 127.0.0.1. Member functions may be called from any thread, but
// one at a time.
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

  // Takes no new calls, and returns when those under way are done.
  void Leave();

  // Ends now: calls under way are broken off.
  void Die();

 private:
  Backend() = default;

  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // Null once it is over.
};

}  // namespace movies

#endif  // BACKEND_H_
