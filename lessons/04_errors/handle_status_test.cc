#include "handle_status.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using google::protobuf::MethodOptions;
using grpc::StatusCode;

constexpr Idempotency kReads = MethodOptions::NO_SIDE_EFFECTS;
constexpr Idempotency kTwiceIsAsOnce = MethodOptions::IDEMPOTENT;
constexpr Idempotency kOnlyOnce = MethodOptions::IDEMPOTENCY_UNKNOWN;

// A method of each kind, as the proto has them.
std::string Method(Idempotency idempotency) {
  switch (idempotency) {
    case MethodOptions::NO_SIDE_EFFECTS:
      return "GetMovie, which only reads,";
    case MethodOptions::IDEMPOTENT:
      return "AddMovies, which done twice is as done once,";
    default:
      return "RateMovie, which done twice counts twice,";
  }
}

std::string Name(StatusCode code) {
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("code ", static_cast<int>(code)) : name;
}

// Expects that a call of a method of this kind that ended with `code` leads to
// `expected`.
void ExpectStep(StatusCode code, Idempotency idempotency, NextStep expected,
                const std::string& why) {
  const NextStep step = DecideNextStep(code, idempotency);
  if (step == expected) return;
  ADD_FAILURE() << Method(idempotency) << " ended with " << Name(code)
                << ". The client decides to \"" << Describe(step)
                << "\", and should \"" << Describe(expected) << "\". " << why;
}

TEST(HandleStatusTest, SuccessIsUsed) {
  for (Idempotency idempotency : {kReads, kTwiceIsAsOnce, kOnlyOnce}) {
    if (HasFailure()) return;  // One such sentence is enough.
    ExpectStep(StatusCode::OK, idempotency, NextStep::kUseResponse,
               "After OK, and only then, the response holds "
               "something.");
  }
}

TEST(HandleStatusTest, WhatPassesIsSentAgain) {
  ExpectStep(StatusCode::UNAVAILABLE, kReads, NextStep::kRetry,
             "The server cannot answer now and will later: that is "
             "what the code is for.");
  ExpectStep(StatusCode::RESOURCE_EXHAUSTED, kReads, NextStep::kRetry,
             "A quota fills up again. Until then, the pause is the "
             "point: sent again at once, the call makes it worse.");
}

TEST(HandleStatusTest, ChangingSomethingIsNoReasonNotToRepeat) {
  ExpectStep(StatusCode::UNAVAILABLE, kTwiceIsAsOnce, NextStep::kRetry,
             "The proto marks the method IDEMPOTENT: it changes "
             "something, and may still be sent twice.");
}

TEST(HandleStatusTest, WhatMustNotHappenTwiceIsNotRepeated) {
  for (StatusCode code :
       {StatusCode::UNAVAILABLE, StatusCode::RESOURCE_EXHAUSTED,
        StatusCode::DEADLINE_EXCEEDED, StatusCode::UNKNOWN,
        StatusCode::INTERNAL, StatusCode::CANCELLED}) {
    if (HasFailure()) return;  // One such sentence is enough.
    ExpectStep(
        code, kOnlyOnce, NextStep::kCheckOutcome,
        "gRPC makes this code up itself when a call goes wrong on the way: the "
        "connection breaks, the answer is late, too large or garbled. The "
        "server may have counted the rating by then. Sent again, it counts "
        "twice; given up, nobody knows.");
  }
}

TEST(HandleStatusTest, WhatTheServerRefusedWasNotDone) {
  // gRPC never makes these up, so they are the server's word. Nothing was done,
  // whatever the method.
  for (Idempotency idempotency : {kReads, kTwiceIsAsOnce, kOnlyOnce}) {
    for (StatusCode code :
         {StatusCode::INVALID_ARGUMENT, StatusCode::NOT_FOUND,
          StatusCode::ALREADY_EXISTS, StatusCode::FAILED_PRECONDITION,
          StatusCode::OUT_OF_RANGE}) {
      if (HasFailure()) return;  // One such sentence is enough.
      ExpectStep(code, idempotency, NextStep::kChangeRequest,
                 "The server has looked at the request and refused "
                 "it. The same request will be refused again, until "
                 "somebody changes it or what it is about.");
    }
  }
}

TEST(HandleStatusTest, AConflictIsRetriedOneLevelUp) {
  for (Idempotency idempotency : {kReads, kTwiceIsAsOnce, kOnlyOnce}) {
    if (HasFailure()) return;  // One such sentence is enough.
    ExpectStep(
        StatusCode::ABORTED, idempotency, NextStep::kRestart,
        "The call lost against somebody else's and was not done. It was made "
        "from what the client had read before, and that has changed: the same "
        "call would lose again.");
  }
}

TEST(HandleStatusTest, WhoIsNotKnownSignsIn) {
  ExpectStep(StatusCode::UNAUTHENTICATED, kReads, NextStep::kSignIn,
             "The server does not know the caller: the token is "
             "missing or has expired, and a new one may help.");
  ExpectStep(StatusCode::UNAUTHENTICATED, kOnlyOnce, NextStep::kSignIn,
             "Whom the server does not know, it does nothing for. So "
             "nothing was done that could be done twice.");
  ExpectStep(StatusCode::PERMISSION_DENIED, kReads, NextStep::kGiveUp,
             "The server knows the caller, and says no. Signing in "
             "again gives the same caller, and the same no.");
}

TEST(HandleStatusTest, WhatNoClientCanMendIsGivenUp) {
  for (StatusCode code : {StatusCode::UNIMPLEMENTED, StatusCode::DATA_LOSS,
                          StatusCode::INTERNAL, StatusCode::UNKNOWN}) {
    if (HasFailure()) return;  // One such sentence is enough.
    ExpectStep(code, kReads, NextStep::kGiveUp,
               "A bug, lost data or a method that is not built does "
               "not go away within a pause. Repeating only adds "
               "load to a server that is in trouble.");
  }
}

TEST(HandleStatusTest, WhenTheTimeIsUpItIsUp) {
  ExpectStep(
      StatusCode::DEADLINE_EXCEEDED, kReads, NextStep::kGiveUp,
      "The deadline was all the time that the caller had for this. Another "
      "attempt would come after it.");
  ExpectStep(StatusCode::CANCELLED, kReads, NextStep::kGiveUp,
             "Whoever cancelled does not want it any more.");
}

TEST(HandleStatusTest, ACodeOfTomorrowIsTreatedAsUnknown) {
  const auto tomorrow = static_cast<StatusCode>(77);
  ExpectStep(tomorrow, kReads, NextStep::kGiveUp,
             "gRPC hands on a code that it does not know. Read it as "
             "UNKNOWN; above all, it is not OK.");
  ExpectStep(tomorrow, kOnlyOnce, NextStep::kCheckOutcome,
             "Read it as UNKNOWN, which for this method means that "
             "it may have been done.");
}

// Given code, to see where the knowledge comes from.
TEST(IdempotencyOfTest, ReadsTheOptionFromTheProto) {
  EXPECT_EQ(IdempotencyOf("GetMovie"), kReads);
  EXPECT_EQ(IdempotencyOf("AddMovies"), kTwiceIsAsOnce);
  EXPECT_EQ(IdempotencyOf("RateMovie"), kOnlyOnce);
  EXPECT_EQ(IdempotencyOf("NoSuchMethod"), kOnlyOnce);
}

}  // namespace
}  // namespace movies
