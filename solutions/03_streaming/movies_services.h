// The whole service, once by the sync API and once with QueryMovie by the
// callback API. Both answer the same calls in the same way, and say in one line
// each what became of a stream.

#ifndef MOVIES_SERVICES_H_
#define MOVIES_SERVICES_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"

namespace movies {

// Called with a line for people, from any thread, by several at once.
using Log = std::function<void(const std::string& line)>;

// Sync API: a handler runs on one of the server's threads until its call is
// over. What is not overridden here is in proto/catalogue_service.cc.
class SyncMoviesService final : public CatalogueService {
 public:
  // `store` is not owned. QueryMovie waits `delay` between two movies.
  SyncMoviesService(MovieStore* store, absl::Duration delay, Log log);

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override;
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override;

 private:
  MovieStore& store_;
  const absl::Duration delay_;
  const Log log_;
};

// QueryMovie by the callback API, the other methods by the sync one: each
// method chooses for itself. (A service whose methods are all by the callback
// API derives from v1::MoviesService::CallbackService.)
class MixedMoviesService final
    : public v1::MoviesService::WithCallbackMethod_QueryMovie<
          v1::MoviesService::Service> {
 public:
  // `store` is not owned.
  MixedMoviesService(MovieStore* store, Log log);

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  grpc::ServerWriteReactor<v1::Movie>* QueryMovie(
      grpc::CallbackServerContext* context,
      const v1::MovieQueryParams* request) override;
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override;
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override;
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override;

 private:
  MovieStore& store_;
  const Log log_;
  // Answers the methods that are by the sync API.
  SyncMoviesService sync_;
};

}  // namespace movies

#endif  // MOVIES_SERVICES_H_
