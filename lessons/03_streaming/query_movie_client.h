// The client's end of a server stream: read to the end, or stop early.
//
//   grpc::Status status = QueryMovie(
//       *stub, "robot", /*limit=*/3, absl::Now() + absl::Seconds(5),
//       [](const v1::Movie& movie) { std::cout << movie.movie_name(); });

#ifndef QUERY_MOVIE_CLIENT_H_
#define QUERY_MOVIE_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Asks for the movies whose description contains `query` and calls `on_movie`
// with each, on this thread, as it arrives.
//
// With a `limit` above 0, cancels the call after that many movies, so that the
// server stops as well, and calls `on_movie` no more. That the call then ends
// as CANCELLED is what was asked for, and OK. With a `limit` of 0, reads to the
// end.
//
// Returns the status by which the server ended the stream: a stream that breaks
// midway has delivered some movies and returns an error. DEADLINE_EXCEEDED if
// the stream lasts beyond `deadline`.
// Slide: query_movie
grpc::Status QueryMovie(v1::MoviesService::StubInterface& stub,
                        const std::string& query, int limit,
                        absl::Time deadline,
                        const std::function<void(const v1::Movie&)>& on_movie);
// End slide: query_movie

}  // namespace movies

#endif  // QUERY_MOVIE_CLIENT_H_
