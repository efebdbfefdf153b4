#include "start_server.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

absl::StatusOr<RunningServer> StartServer(const std::string& address,
                                          grpc::Service* service) {
  RunningServer running;
  grpc::ServerBuilder builder;
  // Linux would let two servers share one port and deal out the connections
  // between them, which is rarely meant.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(),
                           &running.port);
  builder.RegisterService(service);
  running.server = builder.BuildAndStart();
  if (running.server == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  return running;
}

}  // namespace movies
