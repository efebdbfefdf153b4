#include "bad_request.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace movies {

google::rpc::BadRequest FindFaults(const v1::Movie& movie) {
  google::rpc::BadRequest faults;
  const auto add = [&faults](const char* field, const std::string& text) {
    auto* violation = faults.add_field_violations();
    violation->set_field(field);
    violation->set_description(text);
  };
  if (movie.mid() < 1) add("mid", "must be 1 or more");
  if (movie.movie_name().empty()) add("movie_name", "must not be empty");
  if (movie.movie_description().size() > kMaxDescriptionBytes) {
    add("movie_description",
        absl::StrCat("must have at most ", kMaxDescriptionBytes, " bytes"));
  }
  if (movie.movie_style() != absl::AsciiStrToLower(movie.movie_style())) {
    add("movie_style", "must be in lower case");
  }
  return faults;
}

}  // namespace movies
