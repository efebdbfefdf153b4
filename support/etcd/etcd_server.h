// A real etcd as a child process.
//
//   absl::StatusOr<std::unique_ptr<support::EtcdServer>> etcd =
//       support::EtcdServer::Start();
//   if (!etcd.ok()) return etcd.status();
//   auto channel = grpc::CreateChannel((*etcd)->address(), credentials);

#ifndef SUPPORT_ETCD_ETCD_SERVER_H_
#define SUPPORT_ETCD_ETCD_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "support/etcd/etcd.h"
#include "support/subprocess.h"

namespace support {

// One member, without TLS and authentication, whose data is in a temporary
// folder. It grants no lease of less than 1 s, and looks for expired ones twice
// a second.
class EtcdServer : public Etcd {
 public:
  struct Options {
    // Where to serve on 127.0.0.1; 0 for any free port.
    int port = 0;
  };

  // Starts Debian's etcd and waits until it serves, which takes about 0.1 s.
  // NOT_FOUND if it is not installed; UNAVAILABLE, with its last words, if it
  // does not start, for instance because the port is taken.
  static absl::StatusOr<std::unique_ptr<EtcdServer>> Start(Options options);
  static absl::StatusOr<std::unique_ptr<EtcdServer>> Start() {
    return Start(Options());
  }

  // Kills it and removes its data.
  ~EtcdServer() override;

  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;

  const std::string& address() const override { return address_; }
  absl::Status Stop() override;
  absl::Status Restart() override;

 private:
  EtcdServer() = default;

  // Runs it on `port` and waits until it serves.
  absl::Status Run(int port);

  std::string folder_;  // Its data and its log.
  std::string address_;
  std::optional<Subprocess> process_;  // Empty while it is stopped.
};

}  // namespace support

#endif  // SUPPORT_ETCD_ETCD_SERVER_H_
