#include "get_movie.h"

#include "absl/status/status.h"
#include "absl/time/clock.h"

namespace movies {

absl::StatusOr<v1::Movie> GetMovie(
    const std::shared_ptr<grpc::Channel>& channel, int32_t mid,
    const GetMovieOptions& options) {
  v1::MovieID request;
  request.set_mid(mid);
  v1::Movie movie;
  grpc::ClientContext context;  // One for each call; never used twice.
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  context.set_wait_for_ready(options.wait_for_ready);
  const auto stub = v1::MoviesService::NewStub(channel);
  const grpc::Status status = stub->GetMovie(&context, request, &movie);
  if (!status.ok()) {
    // The two libraries number the codes alike.
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }
  return movie;
}

}  // namespace movies
