#include "call_chart.h"

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "load_generator.h"

namespace movies {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kA[] = "ipv4:127.0.0.1:50051";
constexpr char kB[] = "ipv4:127.0.0.1:50052";

absl::Time At(int milliseconds) {
  return absl::UnixEpoch() + absl::Milliseconds(milliseconds);
}

// A call that takes no time.
CallRecord Call(int milliseconds, const std::string& peer,
                grpc::StatusCode code = grpc::StatusCode::OK) {
  CallRecord call;
  call.start = At(milliseconds);
  call.peer = peer;
  call.code = code;
  return call;
}

ChartOptions Options() {
  ChartOptions options;
  options.title = "Calls";
  options.names = {{kA, "A"}, {kB, "B"}};
  options.slices = 10;
  return options;
}

// A answers twice in the first 100 ms of a second, then once every 100 ms; B
// once every 100 ms in the first half, and fails once after that.
std::vector<CallRecord> SomeCalls() {
  std::vector<CallRecord> log = {Call(0, kA)};
  for (int i = 0; i < 10; ++i) {
    log.push_back(Call(i * 100 + 50, kA));
    if (i < 5) log.push_back(Call(i * 100 + 51, kB));
  }
  log.push_back(Call(550, kB, grpc::StatusCode::UNAVAILABLE));
  log.back().duration = absl::Milliseconds(1);
  log.push_back(Call(1000, kA));
  return log;
}

TEST(ChartAsTextTest, ShowsWhoAnsweredWhen) {
  EXPECT_EQ(ChartAsText(SomeCalls(), Options()),
            "Calls\n"
            "A  █▄▄▄▄▄▄▄▄█  12\n"
            "B  ▄▄▄▄▄✗····  5, 1 failed\n"
            "   0 s 1.00 s\n");
}

TEST(ChartAsTextTest, MarksStandAboveTheirColumn) {
  ChartOptions options = Options();
  options.marks = {{At(820), "B is back"}, {At(510), "B dies"}};
  EXPECT_EQ(ChartAsText(SomeCalls(), options),
            "Calls\n"
            "        │ B dies\n"
            "        │  │ B is back\n"
            "A  █▄▄▄▄▄▄▄▄█  12\n"
            "B  ▄▄▄▄▄✗····  5, 1 failed\n"
            "   0 s 1.00 s\n");
}

TEST(ChartAsTextTest, AMarkOutsideIsDrawnAtTheEdge) {
  ChartOptions options = Options();
  options.marks = {{At(-1000), "before"}, {At(5000), "after"}};
  EXPECT_THAT(ChartAsText(SomeCalls(), options),
              HasSubstr("   │ before\n"
                        "   │        │ after\n"));
}

TEST(ChartAsTextTest, ACallCountsWhereItEnds) {
  std::vector<CallRecord> log = {Call(0, kA)};
  log[0].duration = absl::Milliseconds(100);
  EXPECT_THAT(ChartAsText(log, Options()), HasSubstr("A  ·········█  1\n"));
}

TEST(ChartAsTextTest, FewCallsAreNotNone) {
  std::vector<CallRecord> log(1000, Call(0, kA));
  log.push_back(Call(1000, kA));
  EXPECT_THAT(ChartAsText(log, Options()), HasSubstr("A  █········▁  1001\n"));
}

TEST(ChartAsTextTest, ABackendWithoutCallsHasARow) {
  EXPECT_THAT(ChartAsText({Call(0, kA)}, Options()),
              HasSubstr("B  ··········  0\n"));
}

TEST(ChartAsTextTest, WithoutANameThePeerIsOne) {
  ChartOptions options = Options();
  options.names.clear();
  EXPECT_THAT(
      ChartAsText({Call(0, kA),
                   Call(1, "movies:///drama", grpc::StatusCode::UNAVAILABLE)},
                  options),
      AllOf(HasSubstr("127.0.0.1:50051  █"), HasSubstr("movies:///drama  ·")));
}

TEST(ChartAsTextTest, AnEmptyLogIsAChartToo) {
  EXPECT_EQ(ChartAsText({}, Options()),
            "Calls\n"
            "A  ··········  0\n"
            "B  ··········  0\n"
            "   0 s 0.00 s\n");
}

TEST(ChartAsSvgTest, ItsTitleSaysWhatIsToBeSeen) {
  ChartOptions options = Options();
  options.marks = {{At(510), "B dies"}};
  EXPECT_THAT(
      ChartAsSvg(SomeCalls(), options),
      HasSubstr("<title id=\"title\">Calls over 1.00 s. A: 12. B: 5, 1 failed. "
                "At 0.51 s: B dies.</title>"));
}

TEST(ChartAsSvgTest, ABarIsAsHighAsItsCalls) {
  // 36 units for the most, here two.
  EXPECT_THAT(ChartAsSvg({Call(0, kA), Call(1, kA), Call(1000, kA)}, Options()),
              AllOf(HasSubstr("width=\"45.90\" height=\"36.00\""),
                    HasSubstr("width=\"45.90\" height=\"18.00\"")));
}

TEST(ChartAsSvgTest, FailedCallsHaveAColourOfTheirOwn) {
  EXPECT_THAT(ChartAsSvg({Call(0, kA)}, Options()),
              AllOf(HasSubstr("rect class=\"answered\""),
                    Not(HasSubstr("rect class=\"failed\""))));
  EXPECT_THAT(
      ChartAsSvg({Call(0, kA, grpc::StatusCode::UNAVAILABLE)}, Options()),
      AllOf(HasSubstr("rect class=\"failed\""),
            Not(HasSubstr("rect class=\"answered\""))));
}

TEST(ChartAsSvgTest, IsReadableInTheDark) {
  EXPECT_THAT(ChartAsSvg(SomeCalls(), Options()),
              HasSubstr("prefers-color-scheme: dark"));
}

TEST(ChartAsSvgTest, NamesAreText) {
  ChartOptions options = Options();
  options.title = "R&D";
  options.names[kA] = "<a>";
  options.marks = {{At(0), "\"1\" > 0"}};
  EXPECT_THAT(ChartAsSvg(SomeCalls(), options),
              AllOf(HasSubstr(">R&amp;D</text>"), HasSubstr(">&lt;a&gt;</"),
                    HasSubstr("&quot;1&quot; &gt; 0"), Not(HasSubstr("<a>"))));
}

TEST(ChartAsSvgTest, AnEmptyLogIsAPictureToo) {
  EXPECT_THAT(ChartAsSvg({}, Options()), HasSubstr("A: 0. B: 0."));
}

}  // namespace
}  // namespace movies
