#include "query_movie_server.h"

namespace movies {

grpc::Status ServeQueryMovie(const MovieStore& store,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer) {
  for (const v1::Movie& movie : store.Query(request.query())) {
    // Blocks while the window has no room left. False means that the call is
    // over: every later Write() would fail too.
    if (!writer.Write(movie)) {
      return grpc::Status(grpc::StatusCode::CANCELLED,
                          "nobody reads the stream any more");
    }
  }
  return grpc::Status::OK;
}

}  // namespace movies
