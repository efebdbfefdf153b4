#include "upload_handlers.h"

#include "absl/strings/str_cat.h"

namespace movies {
namespace {

grpc::Status Gone() {
  return grpc::Status(grpc::StatusCode::CANCELLED, "the client gave up");
}

}  // namespace

grpc::Status ServeAddMovies(const grpc::ServerContext& context,
                            grpc::ServerReaderInterface<v1::Movie>& reader,
                            MovieStore& store, v1::AddMoviesSummary* summary) {
  v1::Movie movie;
  while (reader.Read(&movie)) {
    if (movie.mid() < 1 || movie.movie_name().empty()) {
      // Returning ends the call, however much the client still has to send.
      return grpc::Status(
          grpc::StatusCode::INVALID_ARGUMENT,
          absl::StrCat("movie ", movie.mid(),
                       " needs a positive mid and a movie_name"));
    }
    if (store.Put(movie)) {
      summary->set_added(summary->added() + 1);
    } else {
      summary->set_replaced(summary->replaced() + 1);
    }
  }
  return context.IsCancelled() ? Gone() : grpc::Status::OK;
}

grpc::Status ServeRateMovies(
    const grpc::ServerContext& context,
    grpc::ServerReaderWriterInterface<v1::MovieScore, v1::MovieRating>& stream,
    const MovieStore& store, RatingBook& book) {
  v1::MovieRating rating;
  while (stream.Read(&rating)) {
    if (rating.stars() < 1 || rating.stars() > 5) {
      return grpc::Status(
          grpc::StatusCode::INVALID_ARGUMENT,
          absl::StrCat("a rating has 1 to 5 stars, not ", rating.stars()));
    }
    if (!store.Find(rating.mid()).has_value()) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND,
                          absl::StrCat("there is no movie ", rating.mid()));
    }
    if (!stream.Write(book.Add(rating))) return Gone();
  }
  return context.IsCancelled() ? Gone() : grpc::Status::OK;
}

}  // namespace movies
