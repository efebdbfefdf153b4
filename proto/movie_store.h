// The catalogue, and a store that services answer from.
//
//   absl::StatusOr<movies::v1::Catalogue> catalogue = movies::ParseCatalogue(
//       movies::CatalogueText());
//   movies::MovieStore store(*catalogue);
//   std::optional<movies::v1::Movie> movie = store.Find(1);

#ifndef PROTO_MOVIE_STORE_H_
#define PROTO_MOVIE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "movies/v1/movies.pb.h"

namespace movies {

// The text of proto/catalogue.textproto, which is built into the program.
absl::string_view CatalogueText();

// Parses a movies.v1.Catalogue in protobuf's text format. INVALID_ARGUMENT,
// naming the line or the movie, if the text does not parse, or a movie has no
// name, an ID below 1 or the ID of another.
absl::StatusOr<v1::Catalogue> ParseCatalogue(absl::string_view text);

// The movies that a service answers from. Thread-safe: gRPC calls handlers from
// many threads at once.
class MovieStore {
 public:
  // A store with the built-in catalogue.
  MovieStore();

  // A store with these movies. Of two with the same ID the later one stays.
  explicit MovieStore(const v1::Catalogue& catalogue);

  MovieStore(const MovieStore&) = delete;
  MovieStore& operator=(const MovieStore&) = delete;

  // The movie with this ID, or nothing.
  std::optional<v1::Movie> Find(int32_t mid) const;

  // Every movie whose description contains `text`, ASCII letter case ignored,
  // by ascending ID. Empty text matches every movie. The result is a snapshot:
  // it holds no lock, so a slow stream keeps nobody waiting.
  std::vector<v1::Movie> Query(absl::string_view text) const;

  // Stores the movie. Returns true if its ID was new, false if it took the
  // place of another.
  bool Put(v1::Movie movie);

  // How many movies there are.
  std::size_t size() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<int32_t, v1::Movie> movies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // PROTO_MOVIE_STORE_H_
