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
  // TODO(02_connection.start_server): Have `builder` listen on `address`
  // without encryption, register `service`, and start. Keep the server and its
  // port, which BuildAndStart() fills in, in `running`. If there is no server,
  // return UNAVAILABLE, naming the address.
  return absl::UnimplementedError("TODO(02_connection.start_server)");
  // END TODO(02_connection.start_server)
  return running;
}

}  // namespace movies
