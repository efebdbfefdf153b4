// Counts how often a handler ran: what a refused call must not make happen.

#ifndef COUNTING_SERVICE_H_
#define COUNTING_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>

#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Decorates a service: passes every call on to it, and counts them. Put it
// nearest to the service, inside whatever refuses calls. Thread-safe.
class CountingService final : public v1::MoviesService::Service {
 public:
  // `inner` is not owned and must outlive this.
  explicit CountingService(v1::MoviesService::Service* inner)
      : inner_(*inner) {}

  // How many handlers have begun.
  int runs() const { return runs_; }

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;
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
  v1::MoviesService::Service& inner_;
  std::atomic<int> runs_{0};
};

}  // namespace movies

#endif  // COUNTING_SERVICE_H_
