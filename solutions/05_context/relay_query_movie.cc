#include "relay_query_movie.h"

#include <memory>

namespace movies {

grpc::Status RelayQueryMovie(v1::MoviesService::StubInterface& next,
                             const grpc::ServerContextBase& caller,
                             const NextCall& call,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer) {
  std::unique_ptr<grpc::ClientContext> context =
      grpc::ClientContext::FromServerContext(caller);
  context->set_deadline(absl::ToChronoTime(call.deadline));
  AddMetadata(call.metadata, *context);
  std::unique_ptr<grpc::ClientReaderInterface<v1::Movie>> reader =
      next.QueryMovie(context.get(), request);

  v1::Movie movie;
  while (reader->Read(&movie)) {
    if (writer.Write(movie)) continue;
    // The next service does not know yet that nobody reads any more.
    context->TryCancel();
    // Ends the call. Its status tells of that stream, not of why this one
    // stops.
    reader->Finish();
    return grpc::Status(grpc::StatusCode::CANCELLED,
                        "nobody reads the stream any more");
  }
  return reader->Finish();
}

}  // namespace movies
