// The movie service: what answers when a call arrives.

#ifndef MOVIES_SERVICE_H_
#define MOVIES_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"

namespace movies {

// Answers calls from a store. RPCs that it does not override answer
// UNIMPLEMENTED: the generated base class does that.
//
// Thread-safe, as every service must be: gRPC runs handlers on threads of its
// own, many at once.
class MoviesService final : public v1::MoviesService::Service {
 public:
  // `store` is not owned and must outlive the service.
  explicit MoviesService(const MovieStore* store) : store_(*store) {}

  // Returns the movie with the ID of `request` in `response`. INVALID_ARGUMENT
  // for an ID below 1, which no movie can have; NOT_FOUND if no movie has it.
  // Both name the ID.
  // Slide: get_movie
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  // End slide: get_movie

 private:
  const MovieStore& store_;
};

}  // namespace movies

#endif  // MOVIES_SERVICE_H_
