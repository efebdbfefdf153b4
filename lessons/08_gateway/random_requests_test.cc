#include "random_requests.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/http_server.h"
#include "throw_requests.h"

namespace movies {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Pair;

constexpr std::uint64_t kCount = 3000;

TEST(RandomRequestsTest, NumberOfASeriesIsAlwaysTheSameRequest) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(RandomRequest(7, i), RandomRequest(7, i)) << i;
  }
}

TEST(RandomRequestsTest, NumbersAndSeriesDiffer) {
  std::set<std::string> requests;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      requests.insert(RandomRequest(seed, i));
    }
  }
  // Good ones come again, and some are cut off after nothing.
  EXPECT_GT(requests.size(), 2 * kCount * 9 / 10);
}

TEST(RandomRequestsTest, ServerSurvivesThemAndAnswersSome) {
  const absl::StatusOr<std::unique_ptr<support::HttpServer>> server =
      support::HttpServer::Start(
          {}, [](std::shared_ptr<support::HttpExchange> exchange) {
            exchange->Respond({200, {}, exchange->request().target});
          });
  ASSERT_TRUE(server.ok()) << server.status();
  ThrowOptions options;
  options.count = kCount;
  const absl::StatusOr<ThrowReport> report =
      ThrowRequests((*server)->port(), options);
  ASSERT_TRUE(report.ok()) << report.status();
  // Good ones and bad ones, or the series proves little.
  EXPECT_THAT(report->answers,
              AllOf(Contains(Pair(0, Gt(10u))), Contains(Pair(200, Gt(100u))),
                    Contains(Pair(400, Gt(100u))), Contains(Key(417)),
                    Contains(Key(501))));
}

TEST(RandomRequestsTest, AnswerThatIsNoneIsReported) {
  // No HTTP server: nobody listens on port 1.
  ThrowOptions options;
  options.count = 1;
  const absl::StatusOr<ThrowReport> report = ThrowRequests(1, options);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(report.status().message()),
              HasSubstr("request 0 of the series 1: "));
}

}  // namespace
}  // namespace movies
