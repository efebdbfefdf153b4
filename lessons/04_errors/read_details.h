// Strongly typed errors, the client's end: the messages that came with a
// status.
//
//   const grpc::Status status = stub->GetMovie(…);
//   std::optional<v1::MovieError> error = ReadMovieError(status);
//   if (error.has_value() && error->reason() == v1::MOVIE_NOT_FOUND) …
//
// Details come from the network, so nothing about them is certain: they may be
// missing, garbled, of types that this program does not know, or not belong to
// the status. Whatever they are, the code and the message still hold, and a
// client goes on with those.

#ifndef READ_DETAILS_H_
#define READ_DETAILS_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <optional>

#include "absl/time/time.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// Looks among the details of `status` for one of the type of `detail`, and
// copies the first that can be read there. Returns false, and leaves `detail`
// empty, if there is none.
//
// Details whose inner code is not that of the status belong to another error:
// none of them is used. The inner message may differ. Never fails otherwise,
// whatever the bytes. Thread-safe.
// Slide: find_detail
bool FindDetail(const grpc::Status& status, google::protobuf::Message* detail);
// End slide: find_detail

// Returns the MovieError that came with `status`, if one did. A reason that a
// newer server has and this program lacks becomes UNKNOWN, as the proto says;
// the message stays.
std::optional<v1::MovieError> ReadMovieError(const grpc::Status& status);

// Returns how long the server asks to wait before the same call is sent again
// (google.rpc.RetryInfo), if it does and the time is a valid one, not negative.
// Never more than `longest`: the server is not to park its clients for a year.
std::optional<absl::Duration> ReadRetryDelay(const grpc::Status& status,
                                             absl::Duration longest);

}  // namespace movies

#endif  // READ_DETAILS_H_
