#include "add_movies.h"

#include <memory>

namespace movies {

grpc::Status AddMovies(v1::MoviesService::StubInterface& stub,
                       const MovieSource& next_movie, absl::Time deadline,
                       v1::AddMoviesSummary* summary) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  std::unique_ptr<grpc::ClientWriterInterface<v1::Movie>> writer =
      stub.AddMovies(&context, summary);

  // TODO(03_streaming.add_movies): Write every movie that next_movie() yields,
  // but no more once Write() returns false. Tell the server that this was all,
  // and let Finish() say what became of the call.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(03_streaming.add_movies)");
  // END TODO(03_streaming.add_movies)
}

}  // namespace movies
