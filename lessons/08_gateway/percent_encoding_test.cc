#include "percent_encoding.h"

#include <string>

#include "gtest/gtest.h"

namespace movies {
namespace {

TEST(PercentEncodingTest, EachCodeIsOneByte) {
  EXPECT_EQ(PercentDecode("Caf%C3%a9%20%26%00"),
            std::string("Caf\xC3\xA9 &\0", 8));
}

TEST(PercentEncodingTest, ItIsDecodedOnce) {
  EXPECT_EQ(PercentDecode("%2525"), "%25");
}

TEST(PercentEncodingTest, APlusIsNoSpace) {
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
}

TEST(PercentEncodingTest, EncodedSlashesCanBeKeptAsTheyAre) {
  EXPECT_EQ(PercentDecode("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(PercentDecode("a%2Fb%2fc%21", EncodedSlash::kKeep), "a%2Fb%2fc!");
}

TEST(PercentEncodingTest, APercentSignWithoutDigitsIsKeptAndNoticed) {
  for (const char* text :
       {"%", "%4", "%4g", "%g4", "a%", "%41%", "%%41", "%-1"}) {
    EXPECT_FALSE(IsPercentEncoded(text)) << text;
  }
  EXPECT_EQ(PercentDecode("100% %4 %zz"), "100% %4 %zz");
  EXPECT_EQ(PercentDecode("%%41"), "%A");
}

TEST(PercentEncodingTest, TextWithoutOrWithRightCodesIsEncoded) {
  for (const char* text : {"", "a b", "%41", "%2f%2F%25"}) {
    EXPECT_TRUE(IsPercentEncoded(text)) << text;
  }
}

TEST(PercentEncodingTest, AllButUnreservedCharactersAreEncoded) {
  EXPECT_EQ(PercentEncode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(PercentEncode("/ *:%+\xC3\xA9"), "%2F%20%2A%3A%25%2B%C3%A9");
}

TEST(PercentEncodingTest, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
}

}  // namespace
}  // namespace movies
