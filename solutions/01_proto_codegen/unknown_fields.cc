#include "unknown_fields.h"

#include "absl/status/status.h"
#include "movies/v1/movies.pb.h"

namespace movies {

absl::StatusOr<std::string> RenameStyle(const std::string& bytes,
                                        absl::string_view from,
                                        absl::string_view to) {
  v1::Catalogue catalogue;
  if (!catalogue.ParseFromString(bytes)) {
    return absl::InvalidArgumentError("not the bytes of a movies.v1.Catalogue");
  }
  // In place: each message keeps the fields that it did not know when it was
  // parsed. A message that is built anew has none.
  for (v1::Movie& movie : *catalogue.mutable_movies()) {
    if (movie.movie_style() == from) movie.set_movie_style(std::string(to));
  }
  std::string result;
  if (!catalogue.SerializeToString(&result)) {
    return absl::InternalError("the catalogue is too large to serialize");
  }
  return result;
}

}  // namespace movies
