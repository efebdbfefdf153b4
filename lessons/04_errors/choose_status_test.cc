#include "choose_status.h"

#include <string>

#include "codes.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using grpc::StatusCode;

// Expects that `situation`, described by `what`, is answered with `expected`.
// The failure gives the rule and not the code, which the README's table has.
void ExpectAnswer(Situation situation, const std::string& what,
                  StatusCode expected, const std::string& why) {
  const StatusCode chosen = ChooseStatus(situation);
  if (chosen == expected) return;
  ADD_FAILURE() << "\"" << what << "\" is answered with " << CodeName(chosen)
                << ", and that tells the client the wrong thing. " << why;
}

TEST(ChooseStatusTest, AFaultOfTheRequestOrOfTheMoment) {
  ExpectAnswer(
      Situation::kIdIsNegative, "the ID is -3", StatusCode::INVALID_ARGUMENT,
      "No catalogue could ever have such a movie. The request itself is wrong, "
      "whatever state the server is in, and there is a code for just that.");
  ExpectAnswer(
      Situation::kStartIsNegative, "the page starts at movie -1",
      StatusCode::INVALID_ARGUMENT,
      "However large the catalogue grows, -1 stays wrong: it is a fault of "
      "the request, not of the moment.");
  ExpectAnswer(
      Situation::kStartIsPastTheEnd, "the page starts at 100 of 64",
      StatusCode::OUT_OF_RANGE,
      "With a larger catalogue the same request would be fine, so it is no "
      "fault of the request itself. Nor is it a success: a page without movies "
      "would leave open whether there are more. Of two codes that fit take the "
      "more specific one: here, the one by which a loop over pages sees that "
      "it "
      "has come to the end.");
}

TEST(ChooseStatusTest, ThereIsNoneOrThereIsOneAlready) {
  ExpectAnswer(Situation::kNoSuchMovie, "no movie has the ID 999",
               StatusCode::NOT_FOUND,
               "The ID is a proper one; what it names is not there.");
  ExpectAnswer(
      Situation::kIdIsTaken, "the movie to create is there already",
      StatusCode::ALREADY_EXISTS,
      "Creating what exists has a code of its own, and it goes before the "
      "general one for a state that does not allow the call: a client whose "
      "first attempt was done and whose answer was lost knows it by that.");
}

TEST(ChooseStatusTest, AnEmptyAnswerIsAnAnswer) {
  ExpectAnswer(
      Situation::kNothingMatches, "no description contains the query",
      StatusCode::OK,
      "The search was done, and its result is an empty stream. A client that "
      "searches should not have to treat \"nothing\" as a failure.");
}

TEST(ChooseStatusTest, SendAgainOrBeginAgainOrFixTheStateFirst) {
  ExpectAnswer(
      Situation::kStillLoading, "the catalogue is still loading",
      StatusCode::UNAVAILABLE,
      "The same call, sent again in a few seconds, will succeed. The code must "
      "tell the client to send it again.");
  ExpectAnswer(
      Situation::kDatabaseIsDown, "the database refuses connections",
      StatusCode::UNAVAILABLE,
      "Nothing is wrong with the call, nor with this server's code: it passes, "
      "and the client may send the same call again after a pause.");
  ExpectAnswer(
      Situation::kMovieWasChanged, "somebody else has changed the movie",
      StatusCode::ABORTED,
      "The same call would fail for ever: version 4 is gone. The client has to "
      "begin again one level higher up: read, change, write. That is neither "
      "\"send it again\" nor \"wait until somebody mends the state\".");
  ExpectAnswer(
      Situation::kMovieHasShowings, "the movie to delete has showings",
      StatusCode::FAILED_PRECONDITION,
      "Sending it again does not help, and no matter how long the client "
      "waits: something has to be done to the system first.");
  ExpectAnswer(
      Situation::kMovieIsLocked, "an editor has locked the movie",
      StatusCode::FAILED_PRECONDITION,
      "The caller is allowed to rate and the request is fine, but the state "
      "of the system is not, and no pause of a client's length mends it: "
      "somebody has to release the movie.");
}

TEST(ChooseStatusTest, WhoYouAreOrWhatYouMay) {
  ExpectAnswer(
      Situation::kNoToken, "there is no token", StatusCode::UNAUTHENTICATED,
      "The server does not know who calls, so it cannot say what the caller "
      "may do. The client should sign in.");
  ExpectAnswer(
      Situation::kTokenExpired, "the token has expired",
      StatusCode::UNAUTHENTICATED,
      "An expired token says nothing about who calls now. With a fresh one the "
      "call may well be allowed, and the code must tell the client so.");
  ExpectAnswer(
      Situation::kViewerAddsMovie, "a viewer adds a movie",
      StatusCode::PERMISSION_DENIED,
      "The server knows who calls, and the answer is no. To sign in again does "
      "not help.");
  ExpectAnswer(Situation::kMovieIsSecret, "the movie is secret",
               StatusCode::NOT_FOUND,
               "To refuse access, or to ask for a sign-in, tells every viewer "
               "that there "
               "is something. For a whole class of callers there is to be no "
               "such movie; "
               "answer what you would answer if that were so.");
}

TEST(ChooseStatusTest, TooMuchIsNotForbidden) {
  ExpectAnswer(
      Situation::kQuotaIsSpent, "the hour's calls are spent",
      StatusCode::RESOURCE_EXHAUSTED,
      "The caller may, and has used up what there was for it. That has a code "
      "of its own, for quotas as for any other thing that runs out.");
  ExpectAnswer(
      Situation::kDiskIsFull, "the disk is full",
      StatusCode::RESOURCE_EXHAUSTED,
      "Something has run out. That it is the server's disk and not the "
      "caller's quota does not matter for the code.");
}

TEST(ChooseStatusTest, TimeIsUpOrNobodyWaits) {
  ExpectAnswer(Situation::kClientCancelled, "the client has cancelled",
               StatusCode::CANCELLED,
               "Nothing failed: nobody wants the answer any more.");
  ExpectAnswer(
      Situation::kDeadlinePasses, "the deadline passes",
      StatusCode::DEADLINE_EXCEEDED,
      "The time that the caller gave is over. The server may be in the best "
      "of health.");
}

TEST(ChooseStatusTest, OurFaultAndOfWhichKind) {
  ExpectAnswer(
      Situation::kSortingIsNotBuilt, "sorting is not built",
      StatusCode::UNIMPLEMENTED,
      "The request is a proper one by the proto, so it is not the client's "
      "fault. This server cannot do it, today or in an hour.");
  ExpectAnswer(
      Situation::kIndexIsWrong, "the index names a movie that the store lacks",
      StatusCode::INTERNAL,
      "The client asked for nothing strange; something that always holds in "
      "this server does not hold. That is a bug, to be looked at by whoever "
      "runs the server.");
  ExpectAnswer(
      Situation::kChecksumIsWrong, "the stored movie is damaged",
      StatusCode::DATA_LOSS,
      "More is lost than a call: the data cannot be brought back. There is a "
      "code for it, so that it wakes somebody up.");
}

TEST(ChooseStatusTest, AnotherServicesErrorIsNotPassedOnAsItIs) {
  ExpectAnswer(
      Situation::kRatingsRefuseOurRequest,
      "the ratings service refuses our request", StatusCode::INTERNAL,
      "Whatever it said, our client did not make that request and cannot mend "
      "it. It was this server that made a wrong one, and that is all there is "
      "to know: a bug here.");
  ExpectAnswer(
      Situation::kFailureWithoutReason, "a library failed and says no more",
      StatusCode::UNKNOWN,
      "Every other code would claim to know something. This one is for errors "
      "that come without enough to tell.");
}

}  // namespace
}  // namespace movies
