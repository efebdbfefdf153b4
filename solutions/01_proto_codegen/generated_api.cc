#include "generated_api.h"

#include <utility>

namespace movies {

v1::Catalogue TakeStyle(absl::string_view style, v1::Catalogue* catalogue) {
  v1::Catalogue taken;
  google::protobuf::RepeatedPtrField<v1::Movie> rest;
  for (v1::Movie& movie : *catalogue->mutable_movies()) {
    v1::Movie* target =
        movie.movie_style() == style ? taken.add_movies() : rest.Add();
    *target = std::move(movie);
  }
  // Only the list changes hands: whatever else a catalogue may hold one day
  // stays where it is.
  catalogue->mutable_movies()->Swap(&rest);
  return taken;
}

}  // namespace movies
