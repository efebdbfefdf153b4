// The movie service as this lesson's server offers it: refusals have details,
// and what a client sends along can be seen to arrive.

#ifndef DETAILED_SERVICE_H_
#define DETAILED_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"

namespace movies {

// CatalogueService, and of every call:
//  * Metadata `x-request-id` and `x-request-id-bin` come back in the response's
//    initial metadata, as they are; text that gRPC takes in but does not let
//    out, such as a tab, does not.
//  * If it has a deadline, trailing metadata `x-time-left-ms` says how much was
//    left when the call came.
//  * NOT_FOUND and INVALID_ARGUMENT have details: google.rpc.BadRequest if the
//    stars of a rating are at fault, else movies.v1.MovieError and
//    google.rpc.ErrorInfo.
//  * `say` gets a line when it begins and when it ends: "RateMovies begins",
//    "RateMovies ends: CANCELLED".
// QueryMovie can be slowed down, so that there is time to watch a stream.
// Thread-safe.
class DetailedService final : public CatalogueService {
 public:
  using Say = std::function<void(absl::string_view line)>;

  // `store` is not owned and must outlive the service. `say` is called from
  // many threads at once. QueryMovie waits for `pace` after each movie.
  DetailedService(MovieStore* store, Say say,
                  absl::Duration pace = absl::ZeroDuration());

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
  // Sends its initial metadata at once: a client may want to see an answer
  // before it rates.
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override;

 private:
  void Begin(grpc::ServerContext* context, absl::string_view method) const;
  grpc::Status End(const grpc::Status& status, absl::string_view method) const;

  grpc::Status SendMovies(const grpc::ServerContext& context,
                          const v1::MovieQueryParams& request,
                          grpc::ServerWriter<v1::Movie>* writer) const;
  grpc::Status SendScores(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream);

  const MovieStore& store_;
  const Say say_;
  const absl::Duration pace_;
};

}  // namespace movies

#endif  // DETAILED_SERVICE_H_
