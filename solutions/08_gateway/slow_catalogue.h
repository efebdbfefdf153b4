// The movie service of this lesson's server: so slow that one can watch it, and
// it says what it does.

#ifndef SLOW_CATALOGUE_H_
#define SLOW_CATALOGUE_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/console_log.h"

namespace movies {

// The catalogue, with a pause before each movie of a search but the first.
class SlowCatalogue : public CatalogueService {
 public:
  // `log` must outlive the service.
  SlowCatalogue(absl::Duration delay, const support::ConsoleLog& log)
      : CatalogueService(&store_), delay_(delay), log_(log) {}

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;

 private:
  MovieStore store_;
  const absl::Duration delay_;
  const support::ConsoleLog& log_;
};

}  // namespace movies

#endif  // SLOW_CATALOGUE_H_
