#include "query_string.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(QueryStringTest, ParametersAreDecodedInTheirOrder) {
  const auto parameters = ParseQuery("b=1&a=two+words&a=%C3%A9%26&%61%3D=x=y");
  ASSERT_TRUE(parameters.ok());
  EXPECT_THAT(*parameters,
              ElementsAre(Pair("b", "1"), Pair("a", "two words"),
                          Pair("a", "\xC3\xA9&"), Pair("a=", "x=y")));
}

TEST(QueryStringTest, AnEncodedPlusStaysAPlus) {
  EXPECT_THAT(*ParseQuery("a=1%2B1"), ElementsAre(Pair("a", "1+1")));
}

TEST(QueryStringTest, ANameAloneHasAnEmptyValue) {
  EXPECT_THAT(*ParseQuery("a&b="), ElementsAre(Pair("a", ""), Pair("b", "")));
}

TEST(QueryStringTest, EmptyPartsAreLeftOut) {
  EXPECT_THAT(*ParseQuery(""), IsEmpty());
  EXPECT_THAT(*ParseQuery("&&a=1&"), ElementsAre(Pair("a", "1")));
}

TEST(QueryStringTest, ABrokenPercentIsRefused) {
  for (const char* query : {"a=%", "a=%4", "%zz=1"}) {
    const absl::Status status = ParseQuery(query).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << query;
    EXPECT_THAT(std::string(status.message()), HasSubstr(query));
  }
}

}  // namespace
}  // namespace movies
