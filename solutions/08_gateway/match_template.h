// Which paths a template matches, and what its variables are then.

#ifndef MATCH_TEMPLATE_H_
#define MATCH_TEMPLATE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "path_template.h"

namespace movies {

// What a variable stands for in a path.
struct PathBinding {
  std::string field_path;
  // Decoded; may be no UTF-8.
  std::string value;
};

// Lays the template over a path: "/v1/movies/{mid}:rate" over
// "/v1/movies/7:rate" gives mid = "7". Returns a binding for each variable, in
// the template's order, or nothing if the path does not match.
//
// `path` is as the client sent it, without the query. It is divided into its
// segments first, and decoded afterwards: an encoded slash divides nothing, and
// an encoded colon begins no verb. Then
//
// - a literal matches the same text, however either of them is encoded;
// - "*" matches any one segment that is not empty;
// - "**" matches all segments that are left: one, many, none, empty ones too;
// - a verb matches what follows the last colon of the last segment. To a
//   template without a verb, a colon is a character like any other.
//
// The value of a variable with one segment is decoded. If it has several, or
// "**", which may become several, they are joined by slashes, and %2F and %2f
// stay encoded: they would look like the slashes between segments.
//
// A path that does not begin with a slash, or has a % without two hexadecimal
// digits, matches no template.
// Slide: match_template
absl::optional<std::vector<PathBinding>> MatchTemplate(
    const PathTemplate& path_template, absl::string_view path);
// End slide: match_template

}  // namespace movies

#endif  // MATCH_TEMPLATE_H_
