#include "printable.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

// How many bytes at the start of `text`, which is not empty, are a control
// character that does not stay.
std::size_t ControlSize(absl::string_view text) {
  const unsigned char first = text[0];
  if (first == '\n' || first == '\t') return 0;
  if (absl::ascii_iscntrl(first)) return 1;
  // U+0080 to U+009F: C2 80 to C2 9F. To a terminal, U+009B is ESC and '['.
  const bool second_row = first == 0xC2 && text.size() > 1 &&
                          static_cast<unsigned char>(text[1]) < 0xA0;
  return second_row ? 2 : 0;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const std::size_t control = ControlSize(text);
    for (const unsigned char byte : text.substr(0, control)) {
      absl::StrAppend(&printable, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
    if (control == 0) printable.push_back(text[0]);
    text.remove_prefix(control == 0 ? 1 : control);
  }
  return printable;
}

}  // namespace movies
