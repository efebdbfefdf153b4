#include "fetch_movie.h"

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/time/clock.h"

namespace movies {

absl::StatusOr<v1::Movie> FetchMovie(v1::MoviesService::StubInterface& stub,
                                     int32_t mid, absl::Duration timeout) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  v1::MovieID request;
  request.set_mid(mid);
  v1::Movie response;
  const grpc::Status status = stub.GetMovie(&context, request, &response);
  if (!status.ok()) {
    // The codes of both libraries have the same names and numbers.
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        status.error_message());
  }
  return response;
}

}  // namespace movies
