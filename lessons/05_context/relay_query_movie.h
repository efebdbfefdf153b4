// The streaming handler of a service in the middle: a stream comes in from the
// next service and goes out to the caller.
//
//   grpc::Status QueryMovie(grpc::ServerContext* context,
//                           const v1::MovieQueryParams* request,
//                           grpc::ServerWriter<v1::Movie>* writer) override {
//     return RelayQueryMovie(*next_, *context, {deadline, metadata}, *request,
//                            *writer);
//   }

#ifndef RELAY_QUERY_MOVIE_H_
#define RELAY_QUERY_MOVIE_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "next_call.h"

namespace movies {

// Passes the movies that `next` streams on to `writer`, each when it comes, so
// that a caller that reads slowly slows the next service down and nothing piles
// up here.
//
// The new call is a child of the caller's, as in RelayGetMovie(). If `writer`
// takes no more, cancels the new call, so that the next service stops, and
// returns CANCELLED. Otherwise returns the status by which the next service
// ended its stream as it is, with its details: the request went on as it came,
// so what is said of it is said to the caller. (A service that asks the next
// one something else translates the status, see lesson 04.) Either way the call
// is over when this returns.
// Slide: relay_query_movie
grpc::Status RelayQueryMovie(v1::MoviesService::StubInterface& next,
                             const grpc::ServerContextBase& caller,
                             const NextCall& call,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer);
// End slide: relay_query_movie

}  // namespace movies

#endif  // RELAY_QUERY_MOVIE_H_
