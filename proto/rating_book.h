// The ratings that viewers gave, shared by all calls.

#ifndef PROTO_RATING_BOOK_H_
#define PROTO_RATING_BOOK_H_

#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// Thread-safe.
class RatingBook {
 public:
  // Adds a rating and returns the movie's score with it.
  v1::MovieScore Add(const v1::MovieRating& rating);

 private:
  struct Tally {
    int32_t ratings = 0;
    int64_t stars = 0;
  };

  absl::Mutex mutex_;
  std::map<int32_t, Tally> tallies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // PROTO_RATING_BOOK_H_
