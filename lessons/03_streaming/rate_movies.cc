#include "rate_movies.h"

#include <future>
#include <memory>

namespace movies {

grpc::Status RateMovies(
    v1::MoviesService::StubInterface& stub, const RatingSource& next_rating,
    absl::Time deadline,
    const std::function<void(const v1::MovieScore&)>& on_score) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  std::unique_ptr<
      grpc::ClientReaderWriterInterface<v1::MovieRating, v1::MovieScore>>
      stream = stub.RateMovies(&context);

  // TODO(03_streaming.rate_movies): Write the ratings on a thread of their own
  // (std::async joins it for you), half-close after the last, and read the
  // scores here meanwhile. Once both directions are done, call Finish().
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(03_streaming.rate_movies)");
  // END TODO(03_streaming.rate_movies)
}

}  // namespace movies
