// A server's text, for a terminal.

#ifndef PRINTABLE_H_
#define PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace movies {

// Returns `text`, UTF-8, with each byte of a control character as "\x1b". What
// a server sends could otherwise move a terminal's cursor, or change its
// colours or its title. Newlines and tabs stay: messages have several lines.
std::string Printable(absl::string_view text);

}  // namespace movies

#endif  // PRINTABLE_H_
