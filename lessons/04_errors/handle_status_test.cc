#include "handle_status.h"

#include <string>

#include "codes.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using google::protobuf::MethodOptions;
using grpc::StatusCode;

constexpr Idempotency kReads = MethodOptions::NO_SIDE_EFFECTS;
constexpr Idempotency kTwiceIsAsOnce = MethodOptions::IDEMPOTENT;
constexpr Idempotency kOnlyOnce = MethodOptions::IDEMPOTENCY_UNKNOWN;
constexpr Idempotency kAllKinds[] = {kReads, kTwiceIsAsOnce, kOnlyOnce};

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

// Expects that a call of a method of this kind that ended with `code` leads to
// `expected`. The failure gives the rule and not the step. Says nothing once
// the test has failed: one such sentence is enough.
void ExpectStep(StatusCode code, Idempotency idempotency, NextStep expected,
                const std::string& why) {
  const NextStep step = DecideNextStep(code, idempotency);
  if (step == expected || ::testing::Test::HasFailure()) return;
  ADD_FAILURE() << Method(idempotency) << " ended with " << CodeName(code)
                << ". The client decides to \"" << Describe(step)
                << "\", and that is not the step to take. " << why;
}

TEST(HandleStatusTest, SuccessIsUsed) {
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(StatusCode::OK, idempotency, NextStep::kUseResponse,
               "After OK, and only then, the response holds something.");
  }
}

TEST(HandleStatusTest, WhatPassesIsSentAgain) {
  ExpectStep(StatusCode::UNAVAILABLE, kReads, NextStep::kRetry,
             "The server cannot answer now and will later: that is what the "
             "code is for.");
}

TEST(HandleStatusTest, ChangingSomethingIsNoReasonNotToRepeat) {
  ExpectStep(StatusCode::UNAVAILABLE, kTwiceIsAsOnce, NextStep::kRetry,
             "The proto marks the method IDEMPOTENT: it changes something, and "
             "may still be sent twice.");
}

TEST(HandleStatusTest, WhatMustNotHappenTwiceIsNotRepeated) {
  ExpectStep(
      StatusCode::UNAVAILABLE, kOnlyOnce, NextStep::kCheckOutcome,
      "gRPC makes the code up itself when the connection breaks. The server "
      "may have counted the rating by then. Sent again, it counts twice; given "
      "up, nobody knows.");
  ExpectStep(
      StatusCode::DEADLINE_EXCEEDED, kOnlyOnce, NextStep::kCheckOutcome,
      "Late is not undone: the handler may be at it still, or have counted the "
      "rating a moment too late. Sent again, it counts twice; given up, nobody "
      "knows.");
  ExpectStep(
      StatusCode::CANCELLED, kOnlyOnce, NextStep::kCheckOutcome,
      "Cancelled is not undone: the rating may have been counted by then.");
  ExpectStep(
      StatusCode::UNKNOWN, kOnlyOnce, NextStep::kCheckOutcome,
      "A handler that throws an exception ends so, and may have counted the "
      "rating before. The code says nothing, least of all that nothing was "
      "done.");
  for (StatusCode code : {StatusCode::RESOURCE_EXHAUSTED, StatusCode::INTERNAL,
                          StatusCode::UNIMPLEMENTED}) {
    ExpectStep(
        code, kOnlyOnce, NextStep::kCheckOutcome,
        "gRPC makes this code up itself when a message goes wrong: it is too "
        "large, or does not parse. If that was the response, the rating has "
        "been counted. Sent again, it counts twice; given up, nobody knows.");
  }
}

TEST(HandleStatusTest, WhatTheServerRefusedHasToChange) {
  // gRPC never makes these up, so they are the server's word: to a unary call,
  // that nothing was done. In a stream, what came before may stand.
  for (StatusCode code :
       {StatusCode::INVALID_ARGUMENT, StatusCode::NOT_FOUND,
        StatusCode::ALREADY_EXISTS, StatusCode::FAILED_PRECONDITION,
        StatusCode::OUT_OF_RANGE}) {
    for (Idempotency idempotency : kAllKinds) {
      ExpectStep(code, idempotency, NextStep::kChangeRequest,
                 "The server has looked at the request and refused it. The "
                 "same request will be refused again, until somebody changes "
                 "it or what it is about. Nothing was done that could be done "
                 "twice.");
    }
  }
}

TEST(HandleStatusTest, AConflictIsRetriedOneLevelUp) {
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(
        StatusCode::ABORTED, idempotency, NextStep::kRestart,
        "The call lost against somebody else's and was not done. It was made "
        "from what the client had read before, and that has changed: the same "
        "call would lose again.");
  }
}

TEST(HandleStatusTest, WhoIsNotKnownSignsIn) {
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(StatusCode::UNAUTHENTICATED, idempotency, NextStep::kSignIn,
               "The server does not know the caller: the token is missing or "
               "has expired, and a new one may help. Whom it does not know, it "
               "does nothing for, so nothing was done that could be done "
               "twice.");
  }
}

TEST(HandleStatusTest, WhoMayNotIsTold) {
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(StatusCode::PERMISSION_DENIED, idempotency, NextStep::kGiveUp,
               "The server knows the caller, and says no before it does "
               "anything. Signing in again gives the same caller, and the same "
               "no.");
  }
}

TEST(HandleStatusTest, WhatNoClientCanMendIsGivenUp) {
  for (StatusCode code :
       {StatusCode::UNIMPLEMENTED, StatusCode::INTERNAL, StatusCode::UNKNOWN}) {
    for (Idempotency idempotency : {kReads, kTwiceIsAsOnce}) {
      ExpectStep(code, idempotency, NextStep::kGiveUp,
                 "A bug, or a method that is not built, does not go away "
                 "within a pause. Repeating only adds load to a server that is "
                 "in trouble. Nor is there anything to find out about a call "
                 "that may be made twice.");
    }
  }
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(StatusCode::DATA_LOSS, idempotency, NextStep::kGiveUp,
               "gRPC never makes this code up: the server itself says that "
               "data is gone for good. No pause brings it back, and there is "
               "nothing left to find out.");
  }
}

TEST(HandleStatusTest, WhatIsUsedUpMayStayUsedUp) {
  for (Idempotency idempotency : {kReads, kTwiceIsAsOnce}) {
    ExpectStep(StatusCode::RESOURCE_EXHAUSTED, idempotency, NextStep::kGiveUp,
               "Used up for a second or for a day? The code does not say, and "
               "clients that try again by themselves use up what comes in. "
               "Only a RetryInfo says when to try again; this function knows "
               "of none.");
  }
}

TEST(HandleStatusTest, WhenTheTimeIsUpItIsUp) {
  for (Idempotency idempotency : {kReads, kTwiceIsAsOnce}) {
    ExpectStep(
        StatusCode::DEADLINE_EXCEEDED, idempotency, NextStep::kGiveUp,
        "The deadline was all the time that the caller had for this. Another "
        "attempt would come after it.");
    ExpectStep(StatusCode::CANCELLED, idempotency, NextStep::kGiveUp,
               "Whoever cancelled does not want it any more.");
  }
}

TEST(HandleStatusTest, ACodeOfTomorrowIsTreatedAsUnknown) {
  const auto tomorrow = static_cast<StatusCode>(30);
  for (Idempotency idempotency : kAllKinds) {
    ExpectStep(
        tomorrow, idempotency,
        idempotency == kOnlyOnce ? NextStep::kCheckOutcome : NextStep::kGiveUp,
        "gRPC hands on a code that it does not know. Read it as "
        "UNKNOWN, which leaves open whether the work was done; above "
        "all, it is not OK.");
  }
}

// Given code, to see where the knowledge comes from.
}  // namespace
}  // namespace movies
