#include "proto/catalogue_service.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {
namespace {

grpc::Status Gone() {
  return grpc::Status(grpc::StatusCode::CANCELLED,
                      "the client has cancelled or is gone");
}

grpc::Status NoSuchMovie(int mid) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      absl::StrCat("no movie has the ID ", mid));
}

}  // namespace

grpc::Status CatalogueService::GetMovie(grpc::ServerContext*,
                                        const v1::MovieID* request,
                                        v1::Movie* response) {
  const int mid = request->mid();
  if (mid < 1) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        absl::StrCat("mid is ", mid, "; IDs start at 1"));
  }
  std::optional<v1::Movie> movie = store_.Find(mid);
  if (!movie.has_value()) return NoSuchMovie(mid);
  *response = *std::move(movie);
  return grpc::Status::OK;
}

grpc::Status CatalogueService::QueryMovie(
    grpc::ServerContext*, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  for (const v1::Movie& movie : store_.Query(request->query())) {
    if (!writer->Write(movie)) return Gone();
  }
  return grpc::Status::OK;
}

grpc::Status CatalogueService::AddMovies(grpc::ServerContext* context,
                                         grpc::ServerReader<v1::Movie>* reader,
                                         v1::AddMoviesSummary* response) {
  v1::Movie movie;
  while (reader->Read(&movie)) {
    if (movie.mid() < 1 || movie.movie_name().empty()) {
      // Returning ends the call, however much the client still has to send.
      return grpc::Status(
          grpc::StatusCode::INVALID_ARGUMENT,
          absl::StrCat("movie ", movie.mid(),
                       " needs a positive mid and a movie_name"));
    }
    if (store_.Put(movie)) {
      response->set_added(response->added() + 1);
    } else {
      response->set_replaced(response->replaced() + 1);
    }
  }
  return context->IsCancelled() ? Gone() : grpc::Status::OK;
}

grpc::Status CatalogueService::RateMovie(grpc::ServerContext*,
                                         const v1::MovieRating* request,
                                         v1::MovieScore* response) {
  if (request->stars() < 1 || request->stars() > 5) {
    return grpc::Status(
        grpc::StatusCode::INVALID_ARGUMENT,
        absl::StrCat("a rating has 1 to 5 stars, not ", request->stars()));
  }
  if (!store_.Find(request->mid()).has_value()) {
    return NoSuchMovie(request->mid());
  }
  *response = book_.Add(*request);
  return grpc::Status::OK;
}

grpc::Status CatalogueService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  v1::MovieRating rating;
  while (stream->Read(&rating)) {
    v1::MovieScore score;
    grpc::Status status = RateMovie(context, &rating, &score);
    if (!status.ok()) return status;
    if (!stream->Write(score)) return Gone();
  }
  return context->IsCancelled() ? Gone() : grpc::Status::OK;
}

}  // namespace movies
