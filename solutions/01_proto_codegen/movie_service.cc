#include "movie_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

grpc::Status MovieService::GetMovie(grpc::ServerContext* /*context*/,
                                    const v1::MovieID* request,
                                    v1::Movie* response) {
  std::optional<v1::Movie> movie = store_->Find(request->mid());
  if (!movie.has_value()) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        absl::StrCat("no movie has ID ", request->mid()));
  }
  *response = *std::move(movie);
  if (next_ == nullptr) return grpc::Status::OK;
  const absl::Status upgraded = next_->Upgrade(response);
  if (upgraded.ok()) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::INTERNAL,
                      std::string(upgraded.message()));
}

}  // namespace movies
