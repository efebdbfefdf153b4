#include "retry_policy.h"

#include <initializer_list>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

constexpr double kHalf = 0.5;

// 100 ms, 200 ms, 400 ms, … up to a second.
RetryOptions Options() {
  RetryOptions options;
  options.max_attempts = 10;
  options.initial_backoff = absl::Milliseconds(100);
  options.max_backoff = absl::Seconds(1);
  return options;
}

// The first attempt of a call that may be repeated, refused by a server that is
// not there.
FailedAttempt Unavailable(int attempt = 1) {
  FailedAttempt failed;
  failed.repeatable = true;
  failed.attempt = attempt;
  failed.code = grpc::StatusCode::UNAVAILABLE;
  return failed;
}

FailedAttempt PushedBack(const std::string& value) {
  FailedAttempt failed = Unavailable();
  failed.pushback = value;
  return failed;
}

absl::Time Now() { return absl::UnixEpoch(); }

std::optional<absl::Duration> Delay(const FailedAttempt& failed,
                                    double random = kHalf) {
  return NextAttemptDelay(Options(), failed, Now(), random);
}

std::string Text(std::optional<absl::Duration> delay) {
  return delay.has_value() ? "after " + absl::FormatDuration(*delay) : "never";
}

TEST(RetryPolicyTest, AServerThatIsNotThereIsAskedAgain) {
  EXPECT_TRUE(Delay(Unavailable()).has_value())
      << "The first attempt of a repeatable call failed with UNAVAILABLE, and "
         "there is time and attempts left. Another attempt was expected.";
}

TEST(RetryPolicyTest, TheBackoffDoublesWithEachAttempt) {
  EXPECT_EQ(Text(Delay(Unavailable(1))), "after 50ms")
      << "After the first attempt the delay is between 0 and 100 ms; the "
         "random number 0.5 is half of the way.";
  EXPECT_EQ(Text(Delay(Unavailable(2))), "after 100ms")
      << "After the second attempt: half of 200 ms.";
  EXPECT_EQ(Text(Delay(Unavailable(3))), "after 200ms")
      << "After the third attempt: half of 400 ms.";
}

TEST(RetryPolicyTest, TheJitterIsFull) {
  EXPECT_EQ(Text(Delay(Unavailable(2), 0.0)), "after 0")
      << "Full jitter begins at nothing: the random number 0 is no delay at "
         "all. A thousand clients that fail together are then spread evenly "
         "over the whole time, and do not return in a bunch.";
  EXPECT_EQ(Text(Delay(Unavailable(2), 0.75)), "after 150ms")
      << "0.75 of the way from 0 to 200 ms.";
}

TEST(RetryPolicyTest, TheBackoffIsCappedBeforeTheJitter) {
  EXPECT_EQ(Text(Delay(Unavailable(8))), "after 500ms")
      << "After the eighth attempt the backoff would be 12.8 s and is capped "
         "at 1 s; half of the way is 500 ms. A delay that is capped after the "
         "draw is 1 s for nearly everybody: no jitter at all, when it matters "
         "most.";
}

TEST(RetryPolicyTest, ManyAttemptsDoNotOverflow) {
  RetryOptions options = Options();
  options.max_attempts = 10'000;
  for (int attempt : {32, 33, 65, 2000}) {
    EXPECT_EQ(
        Text(NextAttemptDelay(options, Unavailable(attempt), Now(), kHalf)),
        "after 500ms")
        << "After attempt " << attempt
        << " the backoff is at its cap of 1 s, and the delay half of that. "
           "Which type holds 2 to the power of "
        << attempt - 1 << "?";
  }
}

TEST(RetryPolicyTest, TheAttemptsAreCountedWithTheFirst) {
  RetryOptions options = Options();
  options.max_attempts = 3;
  EXPECT_NE(Text(NextAttemptDelay(options, Unavailable(2), Now(), kHalf)),
            "never")
      << "max_attempts is 3 and two have failed: one is left.";
  EXPECT_EQ(Text(NextAttemptDelay(options, Unavailable(3), Now(), kHalf)),
            "never")
      << "max_attempts is 3, the first included, and three have failed.";
}

TEST(RetryPolicyTest, AMethodThatIsNotMarkedIsNotRepeated) {
  FailedAttempt failed = Unavailable();
  failed.repeatable = false;
  EXPECT_EQ(Text(Delay(failed)), "never")
      << "The method is not marked as one that may run twice. UNAVAILABLE may "
         "also mean that the connection broke while the handler was running: a "
         "rating would then count twice.";
  failed.pushback = "10";
  EXPECT_EQ(Text(Delay(failed)), "never")
      << "The server's push-back says when to come back, not that the method "
         "may run twice.";
}

TEST(RetryPolicyTest, OnlySafeCodesAreRetried) {
  for (const grpc::StatusCode code :
       {grpc::CANCELLED, grpc::UNKNOWN, grpc::INVALID_ARGUMENT,
        grpc::DEADLINE_EXCEEDED, grpc::NOT_FOUND, grpc::ALREADY_EXISTS,
        grpc::PERMISSION_DENIED, grpc::FAILED_PRECONDITION, grpc::ABORTED,
        grpc::OUT_OF_RANGE, grpc::UNIMPLEMENTED, grpc::INTERNAL,
        grpc::DATA_LOSS, grpc::UNAUTHENTICATED}) {
    FailedAttempt failed = Unavailable();
    failed.code = code;
    EXPECT_EQ(Text(Delay(failed)), "never")
        << "The attempt failed with code " << code
        << ". Either the next one would fail in the same way, or the handler "
           "may have done its work, or the caller wants no more of it.";
    failed.pushback = "10";
    EXPECT_EQ(Text(Delay(failed)), "never")
        << "A push-back does not make code " << code << " a safe one.";
  }
}

TEST(RetryPolicyTest, AServerThatIsTooBusyIsAskedAgainIfItSaysWhen) {
  FailedAttempt failed = Unavailable();
  failed.code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  EXPECT_EQ(Text(Delay(failed)), "never")
      << "RESOURCE_EXHAUSTED without a push-back: a quota that is used up may "
         "stay so till tomorrow.";
  failed.pushback = "10";
  EXPECT_EQ(Text(Delay(failed)), "after 10ms")
      << "RESOURCE_EXHAUSTED with a push-back of 10 ms: the server says when.";
}

TEST(RetryPolicyTest, APushbackIsTheDelayExactly) {
  EXPECT_EQ(Text(Delay(PushedBack("70"))), "after 70ms")
      << "The server said 70 ms. It knows when it can serve again: no jitter, "
         "no backoff.";
  EXPECT_EQ(Text(Delay(PushedBack("0"))), "after 0")
      << "The server said 0: at once.";
  EXPECT_EQ(Text(Delay(PushedBack("30000"))), "after 30s")
      << "max_backoff is for what we reckon ourselves. The server said 30 s.";
}

TEST(RetryPolicyTest, ANegativePushbackMeansNo) {
  EXPECT_EQ(Text(Delay(PushedBack("-1"))), "never")
      << "A negative push-back is the server's way to say: do not come back.";
}

TEST(RetryPolicyTest, APushbackThatIsNoNumberMeansNo) {
  for (const char* value : {"", "soon", "10ms", "1.5", "99999999999"}) {
    EXPECT_EQ(Text(Delay(PushedBack(value))), "never")
        << "The push-back is '" << value
        << "'. By gRFC A6 one that does not parse as a 32-bit number says not "
           "to retry: a server that tries to hold us off is not to be hit "
           "sooner for its mistake.";
  }
}

TEST(RetryPolicyTest, NothingBeginsAtTheDeadlineOrLater) {
  FailedAttempt failed = Unavailable();
  failed.deadline = Now() + absl::Milliseconds(51);
  EXPECT_EQ(Text(Delay(failed)), "after 50ms")
      << "The deadline is in 51 ms and the next attempt in 50 ms.";
  failed.deadline = Now() + absl::Milliseconds(50);
  EXPECT_EQ(Text(Delay(failed)), "never")
      << "The next attempt would begin at the deadline. Fail now, with the "
         "error that is known: the caller learns more, and sooner.";
  failed.deadline = Now() - absl::Milliseconds(1);
  EXPECT_EQ(Text(Delay(failed)), "never") << "The deadline has passed.";
}

TEST(RetryPolicyTest, APushbackDoesNotMoveTheDeadline) {
  FailedAttempt failed = PushedBack("70");
  failed.deadline = Now() + absl::Milliseconds(60);
  EXPECT_EQ(Text(Delay(failed)), "never")
      << "The server said 70 ms and the deadline is in 60 ms. To come earlier "
         "than it said would not be what it asked for.";
}

}  // namespace
}  // namespace movies
