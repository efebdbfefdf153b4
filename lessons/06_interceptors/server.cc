// Serves the catalogue to whoever has a token, not too often, and now and then
// not at all. Says who was refused, and why, and what became of each call.

#include <grpc/grpc_security_constants.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/support/server_interceptor.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "flaky_service.h"
#include "json_web_token.h"
#include "logging_interceptor.h"
#include "program_key.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "rate_limited_service.h"
#include "rate_limiter.h"
#include "support/console_log.h"
#include "support/server_program.h"
#include "support/stop_signals.h"
#include "token_processor.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where to listen; port 0 picks a free one");
ABSL_FLAG(std::string, key_file, "",
          "file with the key that tokens are signed with, 32 bytes or more; "
          "without it a demo key, not for real use");
ABSL_FLAG(bool, check_tokens, true,
          "refuse calls without a valid token; switch it off to watch the rest "
          "while those exercises are unsolved");
ABSL_FLAG(int, burst, 5,
          "how many calls to a method a caller may make at once");
ABSL_FLAG(absl::Duration, interval, absl::Milliseconds(400),
          "how long until a caller may make another call to a method");
ABSL_FLAG(int, flaky, 2,
          "how many calls to GetMovie, and to RateMovie, answer UNAVAILABLE "
          "before one works, and so on; 0 for none");

namespace movies {
namespace {

constexpr int kMaxFlaky = 100;

std::shared_ptr<grpc::ServerCredentials> Credentials(
    const SigningKey& key, const support::ConsoleLog& log) {
  // For connections on this machine. Elsewhere a token needs TLS around it:
  // SslServerCredentials.
  std::shared_ptr<grpc::ServerCredentials> credentials =
      grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  if (absl::GetFlag(FLAGS_check_tokens)) {
    TokenProcessor::Options options;
    options.on_refused = [&log](const absl::Status& reason) {
      log.Say(absl::StrCat("refused a call without a valid token: ",
                           reason.message()));
    };
    credentials->SetAuthMetadataProcessor(
        std::make_shared<TokenProcessor>(TokenVerifier(key), options));
  }
  return credentials;
}

int Main() {
  const RateLimit limit = {absl::GetFlag(FLAGS_burst),
                           absl::GetFlag(FLAGS_interval)};
  const int flaky = absl::GetFlag(FLAGS_flaky);
  if (limit.burst < 1 || limit.interval <= absl::ZeroDuration() ||
      limit.interval > absl::Hours(1)) {
    std::fprintf(stderr,
                 "--burst is 1 or more, --interval more than 0 and no more "
                 "than 1h.\n");
    return 2;
  }
  if (flaky < 0 || flaky > kMaxFlaky) {
    std::fprintf(stderr, "--flaky is 0 to %d, not %d.\n", kMaxFlaky, flaky);
    return 2;
  }

  support::StopSignals stop_signals;  // Before anything starts a thread.
  support::ConsoleLog log;
  const absl::StatusOr<SigningKey> key =
      ProgramKey(absl::GetFlag(FLAGS_key_file), log);
  if (!key.ok()) {
    std::fprintf(stderr, "No key to check tokens with: %s\n",
                 key.status().ToString().c_str());
    return 1;
  }

  MovieStore store;
  CatalogueService catalogue(&store);
  FlakyService flaky_service(&catalogue, flaky);
  RateLimiter limiter(limit);
  RateLimitedService service(&flaky_service, [&](absl::string_view caller) {
    const absl::Duration wait = limiter.TryTake(caller);
    if (wait > absl::ZeroDuration()) {
      log.Say(absl::StrCat(
          "refused ", caller, ": too early by ",
          absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(1)))));
    }
    return wait;
  });
  support::ServerProgramOptions options;
  options.credentials = Credentials(*key, log);
  return support::ServeUntilStopped(
      absl::GetFlag(FLAGS_address), stop_signals, log,
      [&](grpc::ServerBuilder& builder) {
        builder.RegisterService(&service);
        // Slide: set_chain
        std::vector<std::unique_ptr<
            grpc::experimental::ServerInterceptorFactoryInterface>>
            chain;
        chain.push_back(NewServerLoggingFactory(
            [&log](const CallRecord& record) { log.Say(ToString(record)); }));
        builder.experimental().SetInterceptorCreators(std::move(chain));
        // End slide: set_chain
      },
      options);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves the movie catalogue to callers with a token, limits them, and is "
      "flaky on purpose.\n\n  server [--address=127.0.0.1:50051] "
      "[--key_file=FILE] [--check_tokens=true]\n         [--burst=5] "
      "[--interval=400ms] [--flaky=2]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
