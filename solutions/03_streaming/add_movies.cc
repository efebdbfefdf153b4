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

  v1::Movie movie;
  while (next_movie(&movie)) {
    // False: the server has ended the call. Why, Finish() says.
    if (!writer->Write(movie)) break;
  }
  // Half-closes: the server's Read() returns false, and it can answer.
  writer->WritesDone();
  return writer->Finish();
}

}  // namespace movies
