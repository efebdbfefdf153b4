#include "movies_service.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {

grpc::Status MoviesService::GetMovie(grpc::ServerContext* /*context*/,
                                     const v1::MovieID* request,
                                     v1::Movie* response) {
  const int mid = request->mid();
  if (mid < 1) {
    return grpc::Status(
        grpc::StatusCode::INVALID_ARGUMENT,
        absl::StrCat("mid is ", mid, "; a movie's ID is 1 or more"));
  }
  std::optional<v1::Movie> movie = store_.Find(mid);
  if (!movie.has_value()) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        absl::StrCat("no movie has the ID ", mid));
  }
  *response = *std::move(movie);
  return grpc::Status::OK;
}

}  // namespace movies
