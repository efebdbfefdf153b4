#include "describe.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const google::protobuf::DescriptorPool& Pool() {
  return *v1::Movie::descriptor()->file()->pool();
}

TEST(DescribeTest, Service) {
  const auto text = Describe(Pool(), "movies.v1.MoviesService");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, StartsWith("movies.v1.MoviesService is a service:\n"
                                "service MoviesService {\n"));
  EXPECT_THAT(*text, HasSubstr("rpc QueryMovie(.movies.v1.MovieQueryParams) "
                               "returns (stream .movies.v1.Movie)"));
}

TEST(DescribeTest, MethodWithItsOptions) {
  const auto text = Describe(Pool(), "movies.v1.MoviesService.GetMovie");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("rpc GetMovie(.movies.v1.MovieID) returns "
                               "(.movies.v1.Movie)"));
  EXPECT_THAT(*text, HasSubstr("\"/v1/movies/{mid}\""));
}

TEST(DescribeTest, Message) {
  const auto text = Describe(Pool(), "movies.v1.MovieID");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text,
            "movies.v1.MovieID is a message:\n"
            "message MovieID {\n  int32 mid = 1;\n}\n");
}

TEST(DescribeTest, Enum) {
  const auto text = Describe(Pool(), "movies.v1.MovieErrorCode");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("an enum"));
  EXPECT_THAT(*text, HasSubstr("MOVIE_NOT_FOUND = 2;"));
}

TEST(DescribeTest, UnknownName) {
  const auto text = Describe(Pool(), "movies.v1.Nothing");
  EXPECT_EQ(text.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(text.status().message()),
              HasSubstr("movies.v1.Nothing"));
}

TEST(DescribeTest, MethodNamesOfEitherForm) {
  EXPECT_EQ(MethodName("a.B/C"), "a.B.C");
  EXPECT_EQ(MethodName("/a.B/C"), "a.B.C");
  EXPECT_EQ(MethodName("a.B.C"), "a.B.C");
}

TEST(DescribeTest, AnotherNameIsNotMadeAMethods) {
  EXPECT_EQ(MethodName("google/protobuf/any.proto"),
            "google/protobuf/any.proto");
  EXPECT_EQ(MethodName(""), "");
}

}  // namespace
}  // namespace movies
