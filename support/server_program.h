// What every lesson's server program does: listen, say so, and serve until
// Ctrl-C. Lesson 02 writes it out; this is for the lessons after it.
//
//   int Main() {
//     support::StopSignals stop_signals;  // Before anything starts a thread.
//     support::ConsoleLog log;
//     MovieStore store;
//     CatalogueService service(&store);
//     return support::ServeUntilStopped(
//         absl::GetFlag(FLAGS_address), stop_signals, log,
//         [&](grpc::ServerBuilder& builder) {
//           builder.RegisterService(&service);
//         });
//   }

#ifndef SUPPORT_SERVER_PROGRAM_H_
#define SUPPORT_SERVER_PROGRAM_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "support/console_log.h"
#include "support/stop_signals.h"

namespace support {

struct ServerProgramOptions {
  // How clients must connect.
  std::shared_ptr<grpc::ServerCredentials> credentials =
      grpc::InsecureServerCredentials();
};

// Serves on `address` what `configure` puts into the builder, until one of
// `stop_signals` comes; says on `log` on which port, and when it stops. Port 0
// picks a free one. Calls in flight then have half a second to finish. Blocks.
//
// Returns main()'s exit code: 0, or 1 if it could not listen, said on standard
// error.
int ServeUntilStopped(
    const std::string& address, StopSignals& stop_signals,
    const ConsoleLog& log,
    const std::function<void(grpc::ServerBuilder&)>& configure,
    const ServerProgramOptions& options = {});

}  // namespace support

#endif  // SUPPORT_SERVER_PROGRAM_H_
