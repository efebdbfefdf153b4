#include "call_metadata.h"

#include <string>

#include "absl/status/status.h"

namespace movies {

MovieReply GetMovieWithMetadata(v1::MoviesService::StubInterface& stub,
                                const v1::MovieID& request,
                                const Metadata& metadata, absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  MovieReply reply;
  // TODO(05_context.call_metadata): Check each pair and add it to the call; an
  // illegal one is INVALID_ARGUMENT. Call GetMovie, and keep what the server
  // sent beside the movie, its initial and its trailing metadata, by
  // CopyMetadata(). CheckMetadata() and it are in metadata.h.
  reply.status = grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                              "TODO(05_context.call_metadata)");
  // END TODO(05_context.call_metadata)
  return reply;
}

}  // namespace movies
