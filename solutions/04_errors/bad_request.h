// What is wrong with a request, field by field: google.rpc.BadRequest.
//
//   google::rpc::BadRequest faults = FindFaults(movie);
//   if (faults.field_violations_size() > 0) {
//     return StatusWithDetails(grpc::StatusCode::INVALID_ARGUMENT, "…",
//                              {&faults});
//   }
//
// A page with a form can put each description beside the field that it is
// about, without understanding either.

#ifndef BAD_REQUEST_H_
#define BAD_REQUEST_H_

#include <cstddef>

#include "google/rpc/error_details.pb.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// The longest description that the catalogue takes, in bytes.
inline constexpr size_t kMaxDescriptionBytes = 1000;

// Returns one violation for each field of `movie` that the catalogue would not
// take, all of them, in the order of the fields; none if it takes the movie:
//
//   mid                1 or more
//   movie_name         not empty
//   movie_description  at most kMaxDescriptionBytes
//   movie_style        without a capital ASCII letter
//
// `field` is the field's name as the proto spells it; `description` is for the
// people who write the client, and does not repeat the field's content, which
// may be long or private.
// Slide: find_faults
google::rpc::BadRequest FindFaults(const v1::Movie& movie);
// End slide: find_faults

}  // namespace movies

#endif  // BAD_REQUEST_H_
