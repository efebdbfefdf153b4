// The server's end of a server stream: one request in, any number of movies
// out.
//
//   grpc::Status QueryMovie(grpc::ServerContext*,
//                           const v1::MovieQueryParams* request,
//                           grpc::ServerWriter<v1::Movie>* writer) override {
//     return ServeQueryMovie(store_, *request, *writer);
//   }

#ifndef QUERY_MOVIE_SERVER_H_
#define QUERY_MOVIE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"

namespace movies {

// Writes every movie of `store` that matches the request to `writer`, by
// ascending ID, each as soon as gRPC takes it. No match is an empty stream and
// OK. Stops at the first Write() that fails and returns CANCELLED then: the
// client has cancelled, has run into its deadline or is gone, and nobody reads
// on.
//
// Blocks while the client reads more slowly than the movies are written, and
// keeps its thread for that long. `writer` is the interface of
// grpc::ServerWriter<v1::Movie>, so that a test, or a decorator such as
// PacedWriter, can stand in.
// Slide: serve_query_movie
grpc::Status ServeQueryMovie(const MovieStore& store,
                             const v1::MovieQueryParams& request,
                             grpc::ServerWriterInterface<v1::Movie>& writer);
// End slide: serve_query_movie

}  // namespace movies

#endif  // QUERY_MOVIE_SERVER_H_
