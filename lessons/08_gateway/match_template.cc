#include "match_template.h"

#include <cstddef>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "percent_encoding.h"

namespace movies {
namespace {

// Returns whether both say the same once decoded.
bool SameText(absl::string_view a, absl::string_view b) {
  return PercentDecode(a) == PercentDecode(b);
}

// Takes a colon and `verb` off the end of `part`; false if they are not there.
// An empty verb is always there.
bool RemoveVerb(absl::string_view verb, absl::string_view& part) {
  if (verb.empty()) return true;
  const std::size_t colon = part.rfind(':');
  if (colon == absl::string_view::npos ||
      !SameText(part.substr(colon + 1), verb)) {
    return false;
  }
  part = part.substr(0, colon);
  return true;
}

}  // namespace

absl::optional<std::vector<PathBinding>> MatchTemplate(
    const PathTemplate& path_template, absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/") || !IsPercentEncoded(path)) {
    return absl::nullopt;
  }
  // Never empty: "/" has one part, and that is empty.
  std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (!RemoveVerb(path_template.verb(), parts.back())) return absl::nullopt;
  // TODO(08_gateway.match_template): Lay the template's segments over the parts
  // of the path. If they match, return each variable's value, decoded as
  // match_template.h says; PercentDecode() does it. The verb is off already.
  return absl::nullopt;
  // END TODO(08_gateway.match_template)
}

}  // namespace movies
