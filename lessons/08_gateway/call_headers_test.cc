#include "call_headers.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

support::HttpRequest RequestWith(std::vector<support::HttpHeader> headers) {
  return {"GET", "/", std::move(headers), ""};
}

absl::StatusOr<absl::Duration> Timeout(const std::string& name,
                                       const std::string& value) {
  return TimeoutOf(RequestWith({{name, value}}));
}

TEST(TimeoutOfTest, NoHeaderIsNoLimit) {
  EXPECT_EQ(*TimeoutOf(RequestWith({{"Host", "localhost"}})),
            absl::InfiniteDuration());
}

TEST(TimeoutOfTest, ReadsTheUnitsOfGrpc) {
  const std::vector<std::pair<std::string, absl::Duration>> timeouts = {
      {"1H", absl::Hours(1)},
      {"2M", absl::Minutes(2)},
      {"3S", absl::Seconds(3)},
      {"100m", absl::Milliseconds(100)},
      {"5u", absl::Microseconds(5)},
      {"7n", absl::Nanoseconds(7)},
      {"0S", absl::ZeroDuration()},
      {"99999999S", absl::Seconds(99999999)},
      {"00000010m", absl::Milliseconds(10)}};
  for (const auto& [text, duration] : timeouts) {
    const auto timeout = Timeout("grpc-timeout", text);
    ASSERT_TRUE(timeout.ok()) << text << ": " << timeout.status();
    EXPECT_EQ(*timeout, duration) << text;
  }
}

TEST(TimeoutOfTest, RefusesWhatGrpcWouldNotSend) {
  for (const char* text : {"", "S", "10", "10s", "1.5S", "-1S", "+1S", " 1S",
                           "1 S", "100000000S", "1S ", "0x1S", "1SS", "é"}) {
    const auto timeout = Timeout("Grpc-Timeout", text);
    EXPECT_EQ(timeout.status().code(), absl::StatusCode::kInvalidArgument)
        << "'" << text << "'";
    EXPECT_THAT(timeout.status().message(), HasSubstr("grpc-timeout"));
  }
}

TEST(TimeoutOfTest, ReadsSeconds) {
  EXPECT_EQ(*Timeout("Request-Timeout", "2.5"), absl::Seconds(2.5));
  EXPECT_EQ(*Timeout("request-timeout", "10"), absl::Seconds(10));
  EXPECT_EQ(*Timeout("request-timeout", "0"), absl::ZeroDuration());
}

TEST(TimeoutOfTest, RefusesWhatIsNoNumberOfSeconds) {
  for (const char* text :
       {"", ".", "1.2.3", "-1", "inf", "nan", "1e3", "0x10", " 1", "soon"}) {
    EXPECT_EQ(Timeout("Request-Timeout", text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << "'" << text << "'";
  }
}

TEST(TimeoutOfTest, AHugeNumberIsNoLimit) {
  EXPECT_GE(*Timeout("Request-Timeout", std::string(400, '9')),
            absl::Hours(24 * 365 * 100));
}

TEST(TimeoutOfTest, TheShortestCounts) {
  EXPECT_EQ(*TimeoutOf(RequestWith({{"grpc-timeout", "3S"},
                                    {"Request-Timeout", "2"},
                                    {"grpc-timeout", "4S"}})),
            absl::Seconds(2));
}

TEST(CheckHeaderNameTest, TakesWhatIsAMetadataKey) {
  for (const char* name :
       {"authorization", "x-request-id", "x_y.z", "trace-bin"}) {
    EXPECT_TRUE(CheckHeaderName(name).ok()) << name;
  }
}

TEST(CheckHeaderNameTest, RefusesWhatIsNone) {
  for (const char* name :
       {"", "Authorization", "x y", ":path", "grpc-timeout", "te", "host",
        "content-type", "transfer-encoding", "connection", "é"}) {
    EXPECT_EQ(CheckHeaderName(name).code(), absl::StatusCode::kInvalidArgument)
        << "'" << name << "'";
  }
}

TEST(AddHeadersTest, TheValueIsNeverInTheError) {
  grpc::ClientContext context;
  const absl::Status added =
      AddHeaders(RequestWith({{"Authorization", "secret\x01"}}),
                 {"authorization"}, 1000, context);
  EXPECT_EQ(added.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(added.message(), HasSubstr("authorization"));
  EXPECT_THAT(added.message(), Not(HasSubstr("secret")));
}

TEST(AddHeadersTest, RefusesABinaryValueThatIsNoBase64) {
  grpc::ClientContext context;
  EXPECT_EQ(AddHeaders(RequestWith({{"Trace-Bin", "%%%"}}), {"trace-bin"}, 1000,
                       context)
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AddHeadersTest, CountsWhatIsPassedOnOnly) {
  grpc::ClientContext context;
  // 1 + 17 + 32 bytes.
  const std::string value(17, 'v');
  EXPECT_TRUE(AddHeaders(RequestWith({{"X", value},
                                      {"cookie", std::string(1000, 'c')}}),
                         {"x"}, 50, context)
                  .ok());
  grpc::ClientContext too_small;
  EXPECT_EQ(
      AddHeaders(RequestWith({{"X", value}}), {"x"}, 49, too_small).code(),
      absl::StatusCode::kResourceExhausted);
}

TEST(HeadersOfTest, PassesOnTheNamesThatAreListed) {
  const std::multimap<grpc::string_ref, grpc::string_ref> metadata = {
      {"trace-bin", grpc::string_ref("\0\1", 2)},
      {"x-secret", "no"},
      {"x-tag", "a"},
      {"x-tag", "b"}};
  std::vector<std::string> lines;
  for (const support::HttpHeader& header :
       HeadersOf(metadata, {"x-tag", "trace-bin"})) {
    lines.push_back(header.name + ": " + header.value);
  }
  EXPECT_THAT(lines, ElementsAre("trace-bin: AAE=", "x-tag: a", "x-tag: b"));
}

}  // namespace
}  // namespace movies
