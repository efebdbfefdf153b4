// The unary handler of a service in the middle: it answers a call by making
// one.
//
//   grpc::Status GetMovie(grpc::ServerContext* context,
//                         const v1::MovieID* request,
//                         v1::Movie* response) override {
//     return RelayGetMovie(*next_, *context, {deadline, metadata}, *request,
//                          response);
//   }

#ifndef RELAY_GET_MOVIE_H_
#define RELAY_GET_MOVIE_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "next_call.h"

namespace movies {

// Asks `next` for the movie, on behalf of `caller`, and waits for its answer.
//
// The new call is a child of the caller's: it ends when that one ends, be it by
// cancellation, by a lost connection or by its deadline. Beside that it has
// `call.deadline`, the earlier one counts, and it carries `call.metadata`.
//
// Returns the next service's status as it is, with its details, and the movie
// in `response` if that is OK: the request went on as it came, so what is said
// of it is said to the caller. (A service that asks the next one something else
// translates the status, see lesson 04.) CANCELLED or DEADLINE_EXCEEDED if the
// call ended before there was an answer.
// Slide: relay_get_movie
grpc::Status RelayGetMovie(v1::MoviesService::StubInterface& next,
                           const grpc::ServerContextBase& caller,
                           const NextCall& call, const v1::MovieID& request,
                           v1::Movie* response);
// End slide: relay_get_movie

}  // namespace movies

#endif  // RELAY_GET_MOVIE_H_
