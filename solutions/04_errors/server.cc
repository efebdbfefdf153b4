// Serves the catalogue with typed errors, or misbehaves to show what clients
// have to put up with.

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "codes.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"
#include "support/console_log.h"
#include "support/server_program.h"
#include "support/stop_signals.h"
#include "typed_errors_service.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where to listen; port 0 picks a free one");
ABSL_FLAG(absl::Duration, indexing, absl::Milliseconds(700),
          "for how long after an upload QueryMovie is refused");
ABSL_FLAG(absl::Duration, rating, absl::Milliseconds(400),
          "how long it takes to count a rating");
ABSL_FLAG(std::string, spoil, "none",
          "what to do to the details of GetMovie's errors: none, garbage "
          "(four bytes that are nothing instead) or oversize (more than a "
          "client takes)");

namespace movies {
namespace {

// TypedErrorsService, which says what it answers, and spoils it if told to.
class TalkingService final : public TypedErrorsService {
 public:
  // `store` and `log` are not owned and must outlive the service.
  TalkingService(MovieStore* store, TypedErrorsOptions options,
                 std::string spoil, const support::ConsoleLog* log)
      : TypedErrorsService(store, std::move(options)),
        spoil_(std::move(spoil)),
        log_(*log) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    const grpc::Status status =
        Spoil(TypedErrorsService::GetMovie(context, request, response));
    Say(absl::StrCat("GetMovie(mid: ", request->mid(), ")"), status);
    return status;
  }

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    const grpc::Status status =
        TypedErrorsService::QueryMovie(context, request, writer);
    Say("QueryMovie", status);
    return status;
  }

  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override {
    const grpc::Status status =
        TypedErrorsService::AddMovies(context, reader, response);
    Say("AddMovies", status);
    return status;
  }

  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override {
    const grpc::Status status =
        TypedErrorsService::RateMovie(context, request, response);
    Say(absl::StrCat("RateMovie(mid: ", request->mid(), ")"), status);
    if (status.ok() && context->IsCancelled()) {
      log_.Say("  the rating is counted, but the client had stopped waiting");
    }
    return status;
  }

 private:
  grpc::Status Spoil(const grpc::Status& status) const {
    if (status.ok() || spoil_ == "none") return status;
    return grpc::Status(
        status.error_code(), status.error_message(),
        spoil_ == "garbage" ? "\xde\xad\xbe\xef" : std::string(20'000, 'x'));
  }

  void Say(absl::string_view call, const grpc::Status& status) const {
    log_.Say(absl::StrCat(call, ": ", CodeName(status.error_code()), ", ",
                          status.error_details().size(), " bytes of details"));
  }

  const std::string spoil_;
  const support::ConsoleLog& log_;
};

int Main() {
  const std::string spoil = absl::GetFlag(FLAGS_spoil);
  if (spoil != "none" && spoil != "garbage" && spoil != "oversize") {
    std::fprintf(stderr, "--spoil is none, garbage or oversize, not '%s'\n",
                 spoil.c_str());
    return 2;
  }
  TypedErrorsOptions options;
  options.indexing = absl::GetFlag(FLAGS_indexing);
  options.rating = absl::GetFlag(FLAGS_rating);
  for (const absl::Duration duration : {options.indexing, options.rating}) {
    if (duration < absl::ZeroDuration() || duration > absl::Minutes(1)) {
      std::fprintf(stderr, "--indexing and --rating are between 0 and 1m\n");
      return 2;
    }
  }

  // First, so that every thread that gRPC starts leaves the signals to it.
  support::StopSignals stop_signals;
  const support::ConsoleLog log;
  MovieStore store;
  TalkingService service(&store, options, spoil, &log);
  return support::ServeUntilStopped(
      absl::GetFlag(FLAGS_address), stop_signals, log,
      [&](grpc::ServerBuilder& builder) { builder.RegisterService(&service); });
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Serves the movie catalogue until Ctrl-C. What it refuses, it refuses "
      "with details.\n\n  server [--address=127.0.0.1:50051] "
      "[--spoil=none|garbage|oversize]\n         [--indexing=700ms] "
      "[--rating=400ms]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
