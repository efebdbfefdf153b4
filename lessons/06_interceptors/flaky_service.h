// Makes a service one that is away now and then, so that retries can be
// watched.

#ifndef FLAKY_SERVICE_H_
#define FLAKY_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>

#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Decorates a service: passes calls on to it, but of every `failures` + 1 calls
// to GetMovie the first `failures` answer UNAVAILABLE instead. So it is with
// RateMovie, but there a call that fails has done its work before: its answer
// gets lost, as it does when a connection breaks. The other methods always
// work. Thread-safe.
//
// An answer to GetMovie has the trailing metadata `previous-attempts`, if
// gRPC's own retries made the call and said that there were some.
class FlakyService final : public v1::MoviesService::Service {
 public:
  // `inner` is not owned and must outlive this. `failures` is 0 or more.
  FlakyService(v1::MoviesService::Service* inner, int failures)
      : inner_(*inner), failures_(failures) {}

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
  // Whether the next of the calls that `calls` counts is one that fails.
  bool Fails(std::atomic<unsigned>& calls) const;

  v1::MoviesService::Service& inner_;
  const unsigned failures_;
  std::atomic<unsigned> get_movie_calls_{0};
  std::atomic<unsigned> rate_movie_calls_{0};
};

}  // namespace movies

#endif  // FLAKY_SERVICE_H_
