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

  // The future joins the thread, also if on_score throws.
  std::future<void> writing = std::async(std::launch::async, [&] {
    v1::MovieRating rating;
    while (next_rating(&rating)) {
      // False: the server has ended the call. Why, Finish() says.
      if (!stream->Write(rating)) return;
    }
    stream->WritesDone();
  });
  v1::MovieScore score;
  while (stream->Read(&score)) on_score(score);
  writing.get();
  return stream->Finish();
}

}  // namespace movies
