// The whole movie service, complete: what the lessons from 04 on build around,
// so that none of them depends on how an earlier one was solved.
//
//   MovieStore store;
//   CatalogueService service(&store);
//   builder.RegisterService(&service);

#ifndef PROTO_CATALOGUE_SERVICE_H_
#define PROTO_CATALOGUE_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"
#include "proto/rating_book.h"

namespace movies {

// Answers from a store, by the sync API: a handler keeps its thread until its
// call is over, and any number may run at once. A lesson that wants one method
// to do more overrides that one.
//
// A stream that breaks looks to its handler like one that ends, but for
// IsCancelled(): each of these returns CANCELLED then.
class CatalogueService : public v1::MoviesService::Service {
 public:
  // `store` is not owned and must outlive the service.
  explicit CatalogueService(MovieStore* store) : store_(*store) {}

  // INVALID_ARGUMENT for an ID below 1, NOT_FOUND for one that no movie has.
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;

  // Writes the movies that match, by ascending ID. No match is OK.
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;

  // Stores the client's movies until it half-closes, and counts them.
  // INVALID_ARGUMENT at the first one without a name or with an ID below 1;
  // those before it stay stored.
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override;

  // Counts one rating. INVALID_ARGUMENT unless it has 1 to 5 stars, NOT_FOUND
  // if there is no such movie.
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override;

  // Calls RateMovie for each rating of the stream, up to the first that is
  // refused: what a lesson has in its place, if it overrides that, with this
  // call's context.
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override;

 private:
  MovieStore& store_;
  RatingBook book_;
};

}  // namespace movies

#endif  // PROTO_CATALOGUE_SERVICE_H_
