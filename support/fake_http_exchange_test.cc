#include "support/fake_http_exchange.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FakeHttpExchangeTest, KeepsAWholeAnswer) {
  FakeHttpExchange exchange({"GET", "/a", {}, ""});
  EXPECT_EQ(exchange.request().target, "/a");
  EXPECT_FALSE(exchange.complete());
  exchange.Respond({404, {{"X", "y"}}, "no"});
  EXPECT_TRUE(exchange.WaitUntilAnswered());
  EXPECT_EQ(exchange.answer().status, 404);
  EXPECT_EQ(exchange.answer().body, "no");
  EXPECT_FALSE(exchange.started());
  EXPECT_EQ(exchange.broken_rules(), "");
}

TEST(FakeHttpExchangeTest, AQuickClientTakesAtOnce) {
  FakeHttpExchange exchange({});
  exchange.Start(200, {});
  bool taken = false;
  exchange.Write("a", [&](bool ok) { taken = ok; });
  EXPECT_TRUE(taken);
  exchange.Write("b", [](bool) {});
  exchange.Finish();
  EXPECT_TRUE(exchange.WaitForParts(2));
  EXPECT_THAT(exchange.parts(), ElementsAre("a", "b"));
  EXPECT_EQ(exchange.answer().body, "ab");
  EXPECT_EQ(exchange.broken_rules(), "");
}

TEST(FakeHttpExchangeTest, ASlowClientTakesWhenTold) {
  FakeHttpExchange exchange({}, FakeHttpExchange::Client::kSlow);
  exchange.Start(200, {});
  std::string told;
  exchange.Write("a", [&](bool ok) { told = ok ? "taken" : "not taken"; });
  EXPECT_EQ(told, "");
  EXPECT_TRUE(exchange.Take());
  EXPECT_EQ(told, "taken");
  EXPECT_FALSE(exchange.Take()) << "Nothing waits any more.";
  exchange.Write("b", [&](bool ok) { told = ok ? "taken" : "not taken"; });
  EXPECT_TRUE(exchange.Take(false));
  EXPECT_EQ(told, "not taken");
}

TEST(FakeHttpExchangeTest, AClientThatLeavesTakesNothing) {
  FakeHttpExchange exchange({}, FakeHttpExchange::Client::kSlow);
  std::string told;
  exchange.OnGone([&] { told += "gone "; });
  exchange.Start(200, {});
  exchange.Write("a", [&](bool ok) { told += ok ? "a " : "not a "; });
  exchange.Leave();
  exchange.Write("b", [&](bool ok) { told += ok ? "b " : "not b "; });
  exchange.Finish();
  exchange.Leave();
  exchange.OnGone([&] { told += "at once"; });
  EXPECT_EQ(told, "gone not a not b at once");
  EXPECT_EQ(exchange.broken_rules(), "");
}

TEST(FakeHttpExchangeTest, SaysWhatIsOutOfOrder) {
  FakeHttpExchange unstarted({});
  unstarted.Write("a", [](bool) {});
  EXPECT_THAT(unstarted.broken_rules(), HasSubstr("before Start()"));

  FakeHttpExchange twice({});
  twice.Respond({});
  twice.Respond({});
  EXPECT_THAT(twice.broken_rules(), HasSubstr("Respond() after"));

  FakeHttpExchange ahead({}, FakeHttpExchange::Client::kSlow);
  ahead.Start(200, {});
  ahead.Write("a", [](bool) {});
  ahead.Write("b", [](bool) {});
  EXPECT_THAT(ahead.broken_rules(), HasSubstr("was taken"));
}

}  // namespace
}  // namespace support
