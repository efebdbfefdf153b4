#include "retry_budget.h"

#include "gtest/gtest.h"

namespace movies {
namespace {

// How many failures in a row may be repeated.
int RetriesLeft(RetryBudget& budget) {
  int retries = 0;
  while (budget.RecordFailure()) ++retries;
  return retries;
}

TEST(RetryBudgetTest, HalfOfAFullBucketGoesToRetries) {
  // 9, 8, 7 and 6 tokens are left after the first four failures, and 5 after
  // the next: half of ten is not enough.
  RetryBudget budget(10, 0.1);
  EXPECT_EQ(RetriesLeft(budget), 4);
}

TEST(RetryBudgetTest, SuccessesFillItUpByFractions) {
  RetryBudget budget(10, 0.1);
  RetriesLeft(budget);  // Down to 5 tokens.
  for (int i = 0; i < 10; ++i) budget.RecordSuccess();
  EXPECT_FALSE(budget.RecordFailure()) << "6 tokens, less one, are half of 10.";
  for (int i = 0; i < 11; ++i) budget.RecordSuccess();
  EXPECT_TRUE(budget.RecordFailure()) << "5.1 tokens are more than half.";
}

TEST(RetryBudgetTest, ItIsNeverFullerThanFull) {
  RetryBudget budget(10, 0.1);
  for (int i = 0; i < 1000; ++i) budget.RecordSuccess();
  EXPECT_EQ(RetriesLeft(budget), 4);
}

TEST(RetryBudgetTest, ItIsNeverEmptierThanEmpty) {
  RetryBudget budget(10, 1);
  for (int i = 0; i < 1000; ++i) budget.RecordFailure();
  for (int i = 0; i < 7; ++i) budget.RecordSuccess();
  EXPECT_TRUE(budget.RecordFailure()) << "7 tokens, less one, are above half.";
}

TEST(RetryBudgetTest, AnOddNumberOfTokensHasAHalfToo) {
  // 2 tokens of 3 are more than half, 1 is less.
  RetryBudget budget(3, 0.1);
  EXPECT_EQ(RetriesLeft(budget), 1);
}

}  // namespace
}  // namespace movies
