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
  for (const auto& [key, value] : metadata) {
    // Or gRPC would end the process when the call starts.
    const absl::Status legal = CheckMetadata(key, value);
    if (!legal.ok()) {
      reply.status = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                                  std::string(legal.message()));
      return reply;
    }
    context.AddMetadata(key, value);
  }
  reply.status = stub.GetMovie(&context, request, &reply.movie);
  // Copies, for the context dies here; and whatever the status is.
  reply.initial = CopyMetadata(context.GetServerInitialMetadata());
  reply.trailing = CopyMetadata(context.GetServerTrailingMetadata());
  return reply;
}

}  // namespace movies
