#include "slow_catalogue.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace movies {
namespace {

// Waits, less long if the call is cancelled. The sync API has no event for it.
void Pause(const grpc::ServerContext& context, absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end && !context.IsCancelled()) {
    absl::SleepFor(std::min(absl::Milliseconds(5), end - absl::Now()));
  }
}

}  // namespace

grpc::Status SlowCatalogue::QueryMovie(grpc::ServerContext* context,
                                       const v1::MovieQueryParams* request,
                                       grpc::ServerWriter<v1::Movie>* writer) {
  const absl::Duration left =
      absl::FromChrono(context->deadline()) - absl::Now();
  log_.Say(absl::StrCat(
      "  QueryMovie(\"", request->query(), "\"), ",
      absl::FormatDuration(absl::Trunc(left, absl::Milliseconds(100))),
      " left"));
  int sent = 0;
  const std::vector<v1::Movie> movies = store_.Query(request->query());
  for (const v1::Movie& movie : movies) {
    if (sent > 0) Pause(*context, delay_);
    if (context->IsCancelled() || !writer->Write(movie)) {
      log_.Say(absl::StrCat("  QueryMovie is cancelled after ", sent, " of ",
                            movies.size(), " movies"));
      return grpc::Status::CANCELLED;
    }
    ++sent;
  }
  log_.Say(absl::StrCat("  QueryMovie sent ", sent, " movies"));
  return grpc::Status::OK;
}

}  // namespace movies
