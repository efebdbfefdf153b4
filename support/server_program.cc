#include "support/server_program.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace support {

int ServeUntilStopped(
    const std::string& address, StopSignals& stop_signals,
    const ConsoleLog& log,
    const std::function<void(grpc::ServerBuilder&)>& configure,
    const ServerProgramOptions& options) {
  int port = 0;
  grpc::ServerBuilder builder;
  // Or a second server on the same port would take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, options.credentials, &port);
  configure(builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr,
                 "Cannot listen on %s. Is another server running there? Try "
                 "--address.\n",
                 address.c_str());
    return 1;
  }
  log.Say(absl::StrCat("Serving on port ", port, ". Ctrl-C stops."));
  stop_signals.Wait();
  log.Say("Stopping: no new calls, and half a second for those in flight.");
  server->Shutdown(absl::ToChronoTime(absl::Now() + absl::Milliseconds(500)));
  return 0;
}

}  // namespace support
