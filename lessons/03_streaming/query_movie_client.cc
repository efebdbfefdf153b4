#include "query_movie_client.h"

#include <memory>

namespace movies {

grpc::Status QueryMovie(v1::MoviesService::StubInterface& stub,
                        const std::string& query, int limit,
                        absl::Time deadline,
                        const std::function<void(const v1::Movie&)>& on_movie) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::MovieQueryParams params;
  params.set_query(query);
  std::unique_ptr<grpc::ClientReaderInterface<v1::Movie>> reader =
      stub.QueryMovie(&context, params);

  // TODO(03_streaming.query_movie_client): Read movies until the stream ends,
  // then get its status from Finish(). After `limit` movies, if that is not 0,
  // cancel the call through `context`; what is still on its way is not wanted,
  // and the CANCELLED that you asked for is not an error.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(03_streaming.query_movie_client)");
  // END TODO(03_streaming.query_movie_client)
}

}  // namespace movies
