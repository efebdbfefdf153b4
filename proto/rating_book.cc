#include "proto/rating_book.h"

namespace movies {

v1::MovieScore RatingBook::Add(const v1::MovieRating& rating) {
  absl::MutexLock lock(&mutex_);
  Tally& tally = tallies_[rating.mid()];
  ++tally.ratings;
  tally.stars += rating.stars();
  v1::MovieScore score;
  score.set_mid(rating.mid());
  score.set_ratings(tally.ratings);
  score.set_average(static_cast<double>(tally.stars) / tally.ratings);
  return score;
}

}  // namespace movies
