// The client's end of a bidirectional stream: ratings out, scores in, each
// direction at its own pace.
//
//   grpc::Status status = RateMovies(
//       *stub, [&](v1::MovieRating* rating) { return votes.Next(rating); },
//       absl::Now() + absl::Seconds(30),
//       [&](const v1::MovieScore& score) { board.Show(score); });

#ifndef RATE_MOVIES_H_
#define RATE_MOVIES_H_

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Where the ratings come from: sets its argument to the next one and returns
// true, or returns false when there are no more.
using RatingSource = std::function<bool(v1::MovieRating*)>;

// Sends what `next_rating` yields and calls `on_score` with each score as it
// arrives. The two directions do not wait for each other: a score is delivered
// while ratings are still being sent, and a rating is sent however late the
// scores come. So `next_rating` is called on another thread, `on_score` on this
// one; when RateMovies returns, neither will be called any more.
//
// Returns the server's status. If the server ends the call early, the source
// is asked no more; if `next_rating` blocks then, so does RateMovies.
// DEADLINE_EXCEEDED if it takes beyond `deadline`.
// Slide: rate_movies
grpc::Status RateMovies(
    v1::MoviesService::StubInterface& stub, const RatingSource& next_rating,
    absl::Time deadline,
    const std::function<void(const v1::MovieScore&)>& on_score);
// End slide: rate_movies

}  // namespace movies

#endif  // RATE_MOVIES_H_
