// Serves the catalogue, and tells whoever asks what that is: a client needs the
// address and nothing else.

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "detailed_service.h"
#include "proto/movie_store.h"
#include "reflect_server.h"
#include "support/console_log.h"
#include "support/files.h"
#include "support/server_program.h"
#include "support/stop_signals.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where to listen; port 0 picks a free one");
ABSL_FLAG(bool, reflection, true, "tell whoever asks what is served");
ABSL_FLAG(bool, health, true, "answer grpc.health.v1.Health too");
ABSL_FLAG(
    absl::Duration, pace, absl::ZeroDuration(),
    "how long QueryMovie waits after each movie, so that there is time to "
    "watch the stream");
ABSL_FLAG(std::string, cert_file, "",
          "the server's certificate chain, PEM; with --key_file, for TLS");
ABSL_FLAG(std::string, key_file, "", "the certificate's private key, PEM");

namespace movies {
namespace {

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials() {
  const std::string cert_file = absl::GetFlag(FLAGS_cert_file);
  const std::string key_file = absl::GetFlag(FLAGS_key_file);
  if (cert_file.empty() && key_file.empty()) {
    return grpc::InsecureServerCredentials();
  }
  if (cert_file.empty() || key_file.empty()) {
    return absl::InvalidArgumentError(
        "TLS takes both: --cert_file and --key_file");
  }
  absl::StatusOr<std::string> cert = support::ReadFile(cert_file);
  if (!cert.ok()) return cert.status();
  absl::StatusOr<std::string> key = support::ReadFile(key_file);
  if (!key.ok()) return key.status();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({*key, *cert});
  return grpc::SslServerCredentials(options);
}

int Main() {
  const absl::Duration pace = absl::GetFlag(FLAGS_pace);
  if (pace < absl::ZeroDuration() || pace > absl::Minutes(1)) {
    std::fprintf(stderr, "--pace is between 0 and 1m.\n");
    return 2;
  }
  absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> credentials =
      Credentials();
  if (!credentials.ok()) {
    std::fprintf(stderr, "%s\n", credentials.status().ToString().c_str());
    return 2;
  }
  support::StopSignals stop_signals;  // Before anything starts a thread.
  const support::ConsoleLog log;
  MovieStore store;
  DetailedService service(
      &store, [&log](absl::string_view line) { log.Say(line); }, pace);
  grpc::EnableDefaultHealthCheckService(absl::GetFlag(FLAGS_health));
  support::ServerProgramOptions options;
  options.credentials = *credentials;
  return support::ServeUntilStopped(
      absl::GetFlag(FLAGS_address), stop_signals, log,
      [&](grpc::ServerBuilder& builder) {
        // Slide: offer
        builder.RegisterService(&service);
        builder.SetOption(std::make_unique<ReflectionOption>(
            absl::GetFlag(FLAGS_reflection)));
        // End slide: offer
      },
      options);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves the movie catalogue until Ctrl-C, with reflection and health.\n\n"
      "  server [--address=127.0.0.1:50051] [--reflection=true] "
      "[--health=true]\n         [--pace=0s] [--cert_file=FILE "
      "--key_file=FILE]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
