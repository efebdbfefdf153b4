#include "printable.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

TEST(PrintableTest, TextStaysAsItIs) {
  constexpr absl::string_view kText =
      "no \"movie\" has\n\tthe ID '999' \\ \u00e9 \u011b \u00a0 \u65e5\u672c";
  EXPECT_EQ(Printable(kText), kText);
  EXPECT_EQ(Printable(""), "");
}

TEST(PrintableTest, ControlCharactersAreSpelt) {
  EXPECT_EQ(Printable("\x1b[31mred\r\a"), R"(\x1b[31mred\x0d\x07)");
  EXPECT_EQ(Printable(absl::string_view("\0\x7f", 2)), R"(\x00\x7f)");
}

TEST(PrintableTest, SoAreThoseOfTwoBytes) {
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            R"(\xc2\x9b31m)");
  EXPECT_EQ(Printable("\xc2\x80\xc2\x9f\xc2\xa0"),
            "\\xc2\\x80\\xc2\\x9f\xc2\xa0");
}

// As of a text that was cut.
TEST(PrintableTest, AHalfOfACharacterIsNoMatter) {
  EXPECT_EQ(Printable("cut \xc2"), "cut \xc2");
}

}  // namespace
}  // namespace movies
