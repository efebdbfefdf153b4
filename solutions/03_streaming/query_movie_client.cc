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

  int received = 0;
  bool enough = false;
  v1::Movie movie;
  while (reader->Read(&movie)) {
    if (enough) continue;  // Was on its way when we cancelled.
    on_movie(movie);
    if (++received == limit) {
      enough = true;
      context.TryCancel();
    }
  }
  // Read() says that the stream ended; only Finish() says how.
  grpc::Status status = reader->Finish();
  if (enough && status.error_code() == grpc::StatusCode::CANCELLED) {
    return grpc::Status::OK;
  }
  return status;
}

}  // namespace movies
