// The server's first decision when it refuses a call: which status code.
//
//   return grpc::Status(ChooseStatus(Situation::kNoSuchMovie), "no movie …");
//
// A code says what the client can do next, so that a program can decide without
// reading the message. The rules are those of google/rpc/code.proto and of
// gRPC's own page on status codes.

#ifndef CHOOSE_STATUS_H_
#define CHOOSE_STATUS_H_

#include <grpcpp/grpcpp.h>

namespace movies {

// What a handler of the movie service can find itself in. Some of them need
// methods that the service does not have, and could.
enum class Situation {
  // What was asked for.

  // GetMovie, and the ID is -3. IDs start at 1.
  kIdIsNegative,
  // GetMovie, and no movie has the ID 999. One may have it tomorrow.
  kNoSuchMovie,
  // QueryMovie, and no movie's description contains the query.
  kNothingMatches,
  // The client creates movie 7, and there is a movie 7.
  kIdIsTaken,
  // The client reads the catalogue page by page, and asks for the page that
  // starts at movie number -1.
  kStartIsNegative,
  // The same, and the page starts at number 100 of a catalogue of 64, as the
  // last call of every loop over pages does.
  kStartIsPastTheEnd,
  // The client deletes a movie that has showings. They have to be deleted
  // first.
  kMovieHasShowings,
  // The client has read a movie in version 4 and sends it back corrected. In
  // the meantime somebody else has made version 5.
  kMovieWasChanged,

  // Who asked.

  // The method is for known callers, and the call carries no token.
  kNoToken,
  // The call's token has expired.
  kTokenExpired,
  // A viewer with a good token adds a movie, which is for editors.
  kViewerAddsMovie,
  // The movie is stored, but secret until its première: to viewers, all of
  // them, there is no such movie.
  kMovieIsSecret,

  // How the server is.

  // It has just started, and will have loaded its catalogue in a few seconds.
  kStillLoading,
  // The database behind it refuses connections; somebody restarts it.
  kDatabaseIsDown,
  // The movie to rate is locked, until one of the editors releases it.
  kMovieIsLocked,
  // The client has made all the calls that its contract allows in an hour.
  kQuotaIsSpent,
  // There is no room on the disk for one more movie.
  kDiskIsFull,

  // Time.

  // The client has cancelled the call, and the handler sees it and stops.
  kClientCancelled,
  // The handler has not finished, and the call's deadline passes.
  kDeadlinePasses,

  // What went wrong inside.

  // The request asks for movies sorted by box office. The proto would
  // have the field, this server does not have the code.
  kSortingIsNotBuilt,
  // The index names a movie that the store lacks. That cannot be, unless by a
  // bug.
  kIndexIsWrong,
  // The stored movie does not match its checksum, and there is no other copy.
  kChecksumIsWrong,
  // The ratings service answers INVALID_ARGUMENT to a request that this server
  // made up by itself.
  kRatingsRefuseOurRequest,
  // A library reports failure, and nothing but failure.
  kFailureWithoutReason,
};

// Returns the code to answer with. Thread-safe.
// Slide: choose_status
grpc::StatusCode ChooseStatus(Situation situation);
// End slide: choose_status

}  // namespace movies

#endif  // CHOOSE_STATUS_H_
