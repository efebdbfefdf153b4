// MoviesService as a program offers it: a class that overrides what the
// generated base class declares.

#ifndef MOVIE_SERVICE_H_
#define MOVIE_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "next_movie.h"
#include "proto/movie_store.h"

namespace movies {

// Answers GetMovie from a store. The other methods are the base class's own:
// they answer UNIMPLEMENTED. Thread-safe, as gRPC demands of every service.
class MovieService final : public v1::MoviesService::Service {
 public:
  // Neither is owned; both must outlive the service. With `next`, which may be
  // null, the service answers as a server of the next version would.
  explicit MovieService(const MovieStore* store,
                        const NextMovie* next = nullptr)
      : store_(store), next_(next) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;

 private:
  const MovieStore* const store_;
  const NextMovie* const next_;
};

}  // namespace movies

#endif  // MOVIE_SERVICE_H_
