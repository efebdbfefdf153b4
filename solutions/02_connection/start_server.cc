#include "start_server.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

absl::StatusOr<RunningServer> StartServer(const std::string& address,
                                          grpc::Service* service) {
  RunningServer running;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(),
                           &running.port);
  builder.RegisterService(service);
  running.server = builder.BuildAndStart();
  // A server without its port is null, or has left the port at 0.
  if (running.server == nullptr || running.port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  return running;
}

}  // namespace movies
