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
  const std::vector<std::string>& segments = path_template.segments();
  const bool open = segments.back() == "**";
  // The segments that match one part each.
  const std::size_t fixed = open ? segments.size() - 1 : segments.size();
  if (parts.size() < fixed) return absl::nullopt;
  if (parts.size() > fixed && !open) return absl::nullopt;
  for (std::size_t i = 0; i < fixed; ++i) {
    if (segments[i] == "*" ? parts[i].empty()
                           : !SameText(parts[i], segments[i])) {
      return absl::nullopt;
    }
  }
  std::vector<PathBinding> bindings;
  for (const PathTemplate::Variable& variable : path_template.variables()) {
    const bool rest = variable.end > static_cast<int>(fixed);
    const auto end = rest ? parts.end() : parts.begin() + variable.end;
    const bool one = !rest && variable.end - variable.begin == 1;
    bindings.push_back(
        {variable.field_path,
         PercentDecode(absl::StrJoin(parts.begin() + variable.begin, end, "/"),
                       one ? EncodedSlash::kDecode : EncodedSlash::kKeep)});
  }
  return bindings;
}

}  // namespace movies
