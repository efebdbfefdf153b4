// A call with metadata both ways.
//
//   MovieReply reply = GetMovieWithMetadata(
//       *stub, request, {{"x-request-id", "42"}}, absl::Now() + …);
//   reply.trailing.find("x-steps");

#ifndef CALL_METADATA_H_
#define CALL_METADATA_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "metadata.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// All that a unary call brings back.
struct MovieReply {
  grpc::Status status;
  // If the status is OK.
  v1::Movie movie;
  // What the server sent before its message.
  Metadata initial;
  // What it sent with its status. A failed call may have it too.
  Metadata trailing;
};

// Calls GetMovie and sends `metadata` along, its `-bin` values as they are:
// gRPC sees to how they travel, and in the reply they are as the server sent
// them.
//
// A pair that CheckMetadata() does not pass makes the status INVALID_ARGUMENT
// with its message, and no call is made. Otherwise the status is the server's,
// or gRPC's if there was no answer, DEADLINE_EXCEEDED if there was none until
// `deadline`.
// Slide: get_movie_with_metadata
MovieReply GetMovieWithMetadata(v1::MoviesService::StubInterface& stub,
                                const v1::MovieID& request,
                                const Metadata& metadata, absl::Time deadline);
// End slide: get_movie_with_metadata

}  // namespace movies

#endif  // CALL_METADATA_H_
