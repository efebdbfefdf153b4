// The client's side of GetMovie: one call, from a channel to a movie.

#ifndef GET_MOVIE_H_
#define GET_MOVIE_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

struct GetMovieOptions {
  // How long the call may take in all, connecting included. gRPC has no default
  // of its own: a call without a deadline waits for ever.
  absl::Duration timeout = absl::Seconds(5);

  // What to do while the server cannot be reached. False: fail at once with
  // UNAVAILABLE. True: wait for it, as long as `timeout` allows.
  bool wait_for_ready = false;
};

// Asks the server behind `channel` for a movie and waits for the answer.
// Failures come back with the code and the message of the call: the server's
// own, such as NOT_FOUND, or those that gRPC adds, DEADLINE_EXCEEDED and
// UNAVAILABLE first of all.
//
// May be called from many threads at once, on one channel too.
// Slide: get_movie
absl::StatusOr<v1::Movie> GetMovie(
    const std::shared_ptr<grpc::Channel>& channel, int32_t mid,
    const GetMovieOptions& options = {});
// End slide: get_movie

}  // namespace movies

#endif  // GET_MOVIE_H_
