#include "percent_encoding.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

constexpr std::size_t kEncodedBytes = 3;

bool StartsWithEncodedByte(absl::string_view text) {
  return text.size() >= kEncodedBytes && text[0] == '%' &&
         absl::ascii_isxdigit(text[1]) && absl::ascii_isxdigit(text[2]);
}

}  // namespace

bool IsPercentEncoded(absl::string_view text) {
  for (std::size_t i = text.find('%'); i != absl::string_view::npos;
       i = text.find('%', i + 1)) {
    if (!StartsWithEncodedByte(text.substr(i))) return false;
  }
  return true;
}

std::string PercentDecode(absl::string_view text, EncodedSlash slash) {
  std::string decoded;
  while (!text.empty()) {
    const absl::string_view encoded = text.substr(0, kEncodedBytes);
    if (StartsWithEncodedByte(text) &&
        !(slash == EncodedSlash::kKeep &&
          absl::EqualsIgnoreCase(encoded, "%2F"))) {
      uint32_t byte = 0;
      if (absl::SimpleHexAtoi(encoded.substr(1), &byte)) {
        decoded += static_cast<char>(byte);
      }
      text.remove_prefix(kEncodedBytes);
    } else {
      decoded += text.front();
      text.remove_prefix(1);
    }
  }
  return decoded;
}

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-._~", c)) {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, "%",
                      absl::AsciiStrToUpper(
                          absl::BytesToHexString(absl::string_view(&c, 1))));
    }
  }
  return encoded;
}

}  // namespace movies
