// The movie service with typed errors: every refusal says why in a form that a
// program can read.

#ifndef TYPED_ERRORS_SERVICE_H_
#define TYPED_ERRORS_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"

namespace movies {

struct TypedErrorsOptions {
  // For how long after an upload the catalogue is indexed anew. QueryMovie
  // cannot answer meanwhile.
  absl::Duration indexing = absl::ZeroDuration();
  // How long it takes to count a rating.
  absl::Duration rating = absl::ZeroDuration();
  // Tells the time.
  std::function<absl::Time()> now = absl::Now;
};

// Thread-safe. RateMovies is CatalogueService's, and refuses as RateMovie does.
class TypedErrorsService : public CatalogueService {
 public:
  // `store` is not owned and must outlive the service.
  explicit TypedErrorsService(MovieStore* store,
                              TypedErrorsOptions options = {});

  // INVALID_ARGUMENT or NOT_FOUND, with MovieError and ErrorInfo.
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;

  // UNAVAILABLE while the catalogue is indexed, with RetryInfo: the time that
  // is left.
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;

  // INVALID_ARGUMENT at the first movie with a fault, with MovieError and
  // BadRequest: all its faults. Movies before it stay stored.
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override;

  // INVALID_ARGUMENT with BadRequest, or NOT_FOUND with MovieError and
  // ErrorInfo. The rating is counted even if the client has stopped waiting.
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override;

 private:
  MovieStore& store_;
  const TypedErrorsOptions options_;
  absl::Mutex mutex_;
  absl::Time indexed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace movies

#endif  // TYPED_ERRORS_SERVICE_H_
