#include "relay_query_movie.h"

#include <memory>

namespace movies {

grpc::Status RelayQueryMovie(v1::MoviesService::StubInterface& next,
                             const grpc::ServerContextBase& caller,
                             const NextCall& call,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer) {
  // TODO(05_context.relay_query_movie): Make a child of the caller's call, with
  // the deadline and the metadata of `call`, which AddMetadata() adds, and pass
  // each movie of `next` on when it comes. If `writer` takes no more, stop the
  // next service and return CANCELLED; at the end of the stream return the
  // status that ended it.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(05_context.relay_query_movie)");
  // END TODO(05_context.relay_query_movie)
}

}  // namespace movies
