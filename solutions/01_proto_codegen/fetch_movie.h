// A movie from a server, through the generated stub.

#ifndef FETCH_MOVIE_H_
#define FETCH_MOVIE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Asks for the movie with this ID and waits for the answer, `timeout` at most.
// Any failure of the call is returned with its own code: NOT_FOUND if there is
// no such movie. Takes the generated interface, so that a test can pass the
// generated mock.
absl::StatusOr<v1::Movie> FetchMovie(v1::MoviesService::StubInterface& stub,
                                     int32_t mid, absl::Duration timeout);

}  // namespace movies

#endif  // FETCH_MOVIE_H_
