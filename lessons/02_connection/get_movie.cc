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
  // TODO(02_connection.get_movie): Call GetMovie through a stub made from
  // `channel`, with a ClientContext that carries both of the options. gRPC
  // wants a deadline as a point in time of std::chrono::system_clock;
  // absl::ToChronoTime() makes one of an absl::Time. Return a failed call's
  // code and message as an absl::Status.
  return absl::UnimplementedError("TODO(02_connection.get_movie)");
  // END TODO(02_connection.get_movie)
  return movie;
}

}  // namespace movies
