#include "query_string.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "percent_encoding.h"

namespace movies {

absl::StatusOr<QueryParameters> ParseQuery(absl::string_view query) {
  const auto decode = [](absl::string_view text) {
    // First the plus: %2B is one that is meant.
    return PercentDecode(absl::StrReplaceAll(text, {{"+", " "}}));
  };
  QueryParameters parameters;
  for (const absl::string_view part :
       absl::StrSplit(query, '&', absl::SkipEmpty())) {
    if (!IsPercentEncoded(part)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the query has \"", absl::Utf8SafeCHexEscape(part),
                       "\", where a % has no two hexadecimal digits"));
    }
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    parameters.emplace_back(decode(pair.first), decode(pair.second));
  }
  return parameters;
}

}  // namespace movies
