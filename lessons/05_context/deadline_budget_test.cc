#include "deadline_budget.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

// "Now" is what the test says; nothing here looks at a clock.
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

HopBudget MakeBudget(absl::Duration reserve, absl::Duration at_most,
                     absl::Duration at_least = absl::ZeroDuration()) {
  HopBudget budget;
  budget.reserve = reserve;
  budget.at_most = at_most;
  budget.at_least = at_least;
  return budget;
}

// How long after kNow the next deadline is, or the refusal.
absl::StatusOr<absl::Duration> TimeForTheNext(absl::Duration caller_waits,
                                              const HopBudget& budget) {
  absl::StatusOr<absl::Time> deadline =
      NextDeadline(kNow + caller_waits, budget, kNow);
  if (!deadline.ok()) return deadline.status();
  return *deadline - kNow;
}

TEST(DeadlineBudgetTest, KeepsTheReserveForItself) {
  const absl::StatusOr<absl::Duration> time = TimeForTheNext(
      absl::Seconds(10), MakeBudget(absl::Seconds(2), absl::Seconds(60)));
  ASSERT_TRUE(time.ok()) << "The caller waits 10 s, which is plenty, and "
                            "NextDeadline returned "
                         << time.status()
                         << ". The next service's time is limited twice: by "
                            "the caller's deadline, of which this service "
                            "keeps a reserve, and by its own at_most.";
  EXPECT_EQ(*time, absl::Seconds(8))
      << "The caller waits 10 s and this service keeps 2 s for itself. If the "
         "next service may take until the caller's own deadline, its answer "
         "comes when nobody waits for it any more.";
}

TEST(DeadlineBudgetTest, NeverLetsTheNextTakeMoreThanTheMost) {
  const absl::StatusOr<absl::Duration> time = TimeForTheNext(
      absl::Seconds(100), MakeBudget(absl::Seconds(2), absl::Seconds(5)));
  ASSERT_TRUE(time.ok()) << "The caller waits 100 s, which is plenty: "
                         << time.status();
  EXPECT_EQ(*time, absl::Seconds(5))
      << "The caller would wait 100 s, but this service lets the next take 5 s "
         "at most: the earlier of the two counts.";
}

TEST(DeadlineBudgetTest, NeverLaterThanTheCallersOwn) {
  for (absl::Duration caller_waits :
       {absl::Milliseconds(1), absl::Seconds(1), absl::Hours(1)}) {
    for (absl::Duration reserve :
         {absl::ZeroDuration(), absl::Milliseconds(100), absl::Minutes(5)}) {
      for (absl::Duration at_most :
           {absl::Milliseconds(10), absl::Seconds(10), absl::Hours(10),
            absl::InfiniteDuration()}) {
        const absl::StatusOr<absl::Duration> time =
            TimeForTheNext(caller_waits, MakeBudget(reserve, at_most));
        if (!time.ok()) continue;
        EXPECT_LE(*time, caller_waits)
            << "The caller waits " << caller_waits << ", and the next service "
            << "may take " << *time << " with a reserve of " << reserve
            << " and at most " << at_most
            << ". It would work on after the caller has gone.";
      }
    }
  }
}

TEST(DeadlineBudgetTest, ACallerWithoutADeadlineGetsTheMost) {
  const absl::StatusOr<absl::Time> deadline =
      NextDeadline(absl::InfiniteFuture(),
                   MakeBudget(absl::Seconds(2), absl::Seconds(5)), kNow);
  ASSERT_TRUE(deadline.ok())
      << "A caller that set no deadline waits for ever, and NextDeadline "
         "refused: "
      << deadline.status();
  EXPECT_EQ(*deadline, kNow + absl::Seconds(5))
      << "A caller that set no deadline waits for ever. This service need not: "
         "its own most, 5 s, counts then.";
}

TEST(DeadlineBudgetTest, NoDeadlineAndNoMostIsNoDeadline) {
  const absl::StatusOr<absl::Time> deadline = NextDeadline(
      absl::InfiniteFuture(),
      MakeBudget(absl::Seconds(2), absl::InfiniteDuration()), kNow);
  ASSERT_TRUE(deadline.ok())
      << "A caller that set no deadline waits for ever: " << deadline.status();
  EXPECT_EQ(*deadline, absl::InfiniteFuture())
      << "Neither the caller nor this service sets a limit.";
}

TEST(DeadlineBudgetTest, RefusesWhatIsTooLateAlready) {
  for (absl::Duration caller_waits : {absl::Seconds(-1), absl::ZeroDuration(),
                                      absl::Seconds(1), absl::Seconds(2)}) {
    const absl::StatusOr<absl::Duration> time = TimeForTheNext(
        caller_waits, MakeBudget(absl::Seconds(2), absl::Seconds(60)));
    EXPECT_EQ(time.status().code(), absl::StatusCode::kDeadlineExceeded)
        << "The caller waits " << caller_waits
        << " more and this service needs 2 s itself, so the next one would "
           "have no time. A call that cannot succeed is refused with "
           "DEADLINE_EXCEEDED before anybody works for it; NextDeadline "
           "returned "
        << time.status();
  }
}

TEST(DeadlineBudgetTest, RefusesWhatTheNextCannotDoInTime) {
  const absl::StatusOr<absl::Duration> time = TimeForTheNext(
      absl::Milliseconds(2999), MakeBudget(absl::Seconds(2), absl::Seconds(60),
                                           /*at_least=*/absl::Seconds(1)));
  EXPECT_EQ(time.status().code(), absl::StatusCode::kDeadlineExceeded)
      << "2.999 s less a reserve of 2 s leaves 0.999 s, and the next service "
         "needs 1 s: refuse, instead of giving it less than it needs or more "
         "than there is. NextDeadline returned "
      << time.status();
}

TEST(DeadlineBudgetTest, RefusesWhatItsOwnMostDoesNotAllow) {
  const absl::StatusOr<absl::Duration> short_most = TimeForTheNext(
      absl::Hours(1), MakeBudget(absl::Seconds(2), absl::Milliseconds(500),
                                 /*at_least=*/absl::Seconds(1)));
  EXPECT_EQ(short_most.status().code(), absl::StatusCode::kDeadlineExceeded)
      << "The caller waits an hour, but this service lets the next take 0.5 s "
         "at most, and the next needs 1 s. What counts is the time that it "
         "would get. NextDeadline returned "
      << short_most.status();
  const absl::StatusOr<absl::Duration> no_most = TimeForTheNext(
      absl::Hours(1), MakeBudget(absl::Seconds(2), absl::ZeroDuration()));
  EXPECT_EQ(no_most.status().code(), absl::StatusCode::kDeadlineExceeded)
      << "With an at_most of 0 the next service would have no time at all. "
         "NextDeadline returned "
      << no_most.status();
}

TEST(DeadlineBudgetTest, JustEnoughIsEnough) {
  const absl::StatusOr<absl::Duration> time = TimeForTheNext(
      absl::Seconds(3), MakeBudget(absl::Seconds(2), absl::Seconds(60),
                                   /*at_least=*/absl::Seconds(1)));
  ASSERT_TRUE(time.ok()) << "3 s less a reserve of 2 s leaves 1 s, which is "
                            "exactly what the next service needs: "
                         << time.status();
  EXPECT_EQ(*time, absl::Seconds(1));
}

}  // namespace
}  // namespace movies
