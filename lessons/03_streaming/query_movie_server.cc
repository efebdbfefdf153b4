#include "query_movie_server.h"

namespace movies {

grpc::Status ServeQueryMovie(const MovieStore& store,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer) {
  // TODO(03_streaming.query_movie_server): Write each movie that
  // store.Query() finds to `writer`. Write() says whether anybody still reads:
  // if not, stop and return CANCELLED. The status ends the stream.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(03_streaming.query_movie_server)");
  // END TODO(03_streaming.query_movie_server)
}

}  // namespace movies
