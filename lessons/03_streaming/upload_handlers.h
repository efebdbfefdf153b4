// The server's ends of the two streams that the client's exercises speak to.
// Each takes the interface of the sync API's stream object and blocks until the
// call is over; any number may run at once.

#ifndef UPLOAD_HANDLERS_H_
#define UPLOAD_HANDLERS_H_

#include <grpcpp/grpcpp.h>

#include "movies/v1/movies.grpc.pb.h"
#include "proto/movie_store.h"
#include "rating_book.h"

namespace movies {

// Stores the client's movies until it half-closes, and counts them in
// `summary`. INVALID_ARGUMENT at the first movie without a name or with an ID
// below 1; those before it stay stored. CANCELLED if the client gives up: an
// upload that breaks looks like one that ends, but for IsCancelled().
grpc::Status ServeAddMovies(const grpc::ServerContext& context,
                            grpc::ServerReaderInterface<v1::Movie>& reader,
                            MovieStore& store, v1::AddMoviesSummary* summary);

// Answers each rating with its movie's score, until the client half-closes.
// INVALID_ARGUMENT at the first rating that is not 1 to 5 stars, NOT_FOUND at
// the first of a movie that is not in `store`. CANCELLED if the client gives
// up.
grpc::Status ServeRateMovies(
    const grpc::ServerContext& context,
    grpc::ServerReaderWriterInterface<v1::MovieScore, v1::MovieRating>& stream,
    const MovieStore& store, RatingBook& book);

}  // namespace movies

#endif  // UPLOAD_HANDLERS_H_
