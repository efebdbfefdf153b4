// The client's end of a client stream: any number of movies in, one answer out.
//
//   v1::AddMoviesSummary summary;
//   grpc::Status status =
//       AddMovies(*stub, [&](v1::Movie* movie) { return file.Next(movie); },
//                 absl::Now() + absl::Seconds(30), &summary);

#ifndef ADD_MOVIES_H_
#define ADD_MOVIES_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Where the movies come from: sets its argument to the next one and returns
// true, or returns false when there are no more.
using MovieSource = std::function<bool(v1::Movie*)>;

// Uploads what `next_movie` yields, calling it on this thread, and waits for
// the server's answer, in `summary`.
//
// A server may refuse the upload before it is complete. `next_movie` is then
// called no more, and the status is the server's, with its reason. `summary` is
// valid if the status is OK. DEADLINE_EXCEEDED if it takes beyond `deadline`.
// Slide: add_movies
grpc::Status AddMovies(v1::MoviesService::StubInterface& stub,
                       const MovieSource& next_movie, absl::Time deadline,
                       v1::AddMoviesSummary* summary);
// End slide: add_movies

}  // namespace movies

#endif  // ADD_MOVIES_H_
