#include "start_server.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

absl::StatusOr<RunningServer> StartServer(const std::string& address,
                                          grpc::Service* service) {
  RunningServer running;
  // TODO(02_connection.start_server): With a grpc::ServerBuilder, listen on
  // `address` without encryption, register `service`, and start. Keep the
  // server and the port that it got in `running`; say so if it got none.
  return absl::UnimplementedError("TODO(02_connection.start_server)");
  // END TODO(02_connection.start_server)
  return running;
}

}  // namespace movies
