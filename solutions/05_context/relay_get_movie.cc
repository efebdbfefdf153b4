#include "relay_get_movie.h"

#include <memory>

namespace movies {

grpc::Status RelayGetMovie(v1::MoviesService::StubInterface& next,
                           const grpc::ServerContextBase& caller,
                           const NextCall& call, const v1::MovieID& request,
                           v1::Movie* response) {
  // A child of the caller's call: that one's deadline and cancellation are this
  // one's too. Nothing else is, so the metadata is added by hand.
  std::unique_ptr<grpc::ClientContext> context =
      grpc::ClientContext::FromServerContext(caller);
  context->set_deadline(absl::ToChronoTime(call.deadline));
  AddMetadata(call.metadata, *context);
  return next.GetMovie(context.get(), request, response);
}

}  // namespace movies
