#include "movies_service.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {

grpc::Status MoviesService::GetMovie(grpc::ServerContext* /*context*/,
                                     const v1::MovieID* request,
                                     v1::Movie* response) {
  // TODO(02_connection.movies_service): Copy the movie that `store_` has under
  // the request's ID into `response` and return OK. Answer an ID below 1 and an
  // ID that no movie has with a grpc::Status that says so, naming the ID.
  // Find() returns a std::optional: `*` on one without a movie ends the
  // program.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(02_connection.movies_service)");
  // END TODO(02_connection.movies_service)
}

}  // namespace movies
