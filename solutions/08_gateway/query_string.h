// The query of a URL: what follows the question mark.

#ifndef QUERY_STRING_H_
#define QUERY_STRING_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// Names and values, decoded, in the order sent, repeated names included. They
// may be no UTF-8.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Takes "query=a+city&limit=5" apart, as HTML forms write it: a plus is a
// space, and a parameter without "=" has the value "". Empty parts, as in
// "a=1&&b=2", are left out. INVALID_ARGUMENT, naming the part, for a % without
// two hexadecimal digits. Thread-safe.
absl::StatusOr<QueryParameters> ParseQuery(absl::string_view query);

}  // namespace movies

#endif  // QUERY_STRING_H_
