// Percent-encoding in URLs: a byte that must not stand in a URL as it is, or
// would mean something else there, is written %XX, in hexadecimal digits of
// either case (RFC 3986, section 2.1).

#ifndef PERCENT_ENCODING_H_
#define PERCENT_ENCODING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace movies {

// Returns whether two hexadecimal digits follow each % of `text`.
bool IsPercentEncoded(absl::string_view text);

// What becomes of %2F and %2f, an encoded slash.
enum class EncodedSlash { kDecode, kKeep };

// Returns `text` with each %XX replaced by its byte. A % without two
// hexadecimal digits stays as it is, and so does +, which means a space in
// queries only. The result may be no UTF-8 and may contain NUL.
std::string PercentDecode(absl::string_view text,
                          EncodedSlash slash = EncodedSlash::kDecode);

// Returns `text` with every byte encoded, in upper case, but for letters,
// digits and "-", ".", "_", "~", which mean the same either way.
std::string PercentEncode(absl::string_view text);

}  // namespace movies

#endif  // PERCENT_ENCODING_H_
