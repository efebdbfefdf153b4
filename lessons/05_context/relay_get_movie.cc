#include "relay_get_movie.h"

#include <memory>

namespace movies {

grpc::Status RelayGetMovie(v1::MoviesService::StubInterface& next,
                           const grpc::ServerContextBase& caller,
                           const NextCall& call, const v1::MovieID& request,
                           v1::Movie* response) {
  // TODO(05_context.relay_get_movie): Make a ClientContext that is a child of
  // the caller's call, give it the deadline and the metadata of `call`, which
  // AddMetadata() adds, and ask `next` with it. Its status is the answer.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(05_context.relay_get_movie)");
  // END TODO(05_context.relay_get_movie)
}

}  // namespace movies
