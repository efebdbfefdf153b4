#include "choose_status.h"

namespace movies {
namespace {

using grpc::StatusCode;

struct Row {
  Situation situation;
  StatusCode code;
};

constexpr Row kTable[] = {
    {Situation::kIdIsNegative, StatusCode::INVALID_ARGUMENT},
    {Situation::kNoSuchMovie, StatusCode::NOT_FOUND},
    {Situation::kNothingMatches, StatusCode::OK},
    {Situation::kIdIsTaken, StatusCode::ALREADY_EXISTS},
    {Situation::kStartIsNegative, StatusCode::INVALID_ARGUMENT},
    {Situation::kStartIsPastTheEnd, StatusCode::OUT_OF_RANGE},
    {Situation::kMovieHasShowings, StatusCode::FAILED_PRECONDITION},
    {Situation::kMovieWasChanged, StatusCode::ABORTED},
    {Situation::kNoToken, StatusCode::UNAUTHENTICATED},
    {Situation::kTokenExpired, StatusCode::UNAUTHENTICATED},
    {Situation::kViewerAddsMovie, StatusCode::PERMISSION_DENIED},
    {Situation::kMovieIsSecret, StatusCode::NOT_FOUND},
    {Situation::kStillLoading, StatusCode::UNAVAILABLE},
    {Situation::kDatabaseIsDown, StatusCode::UNAVAILABLE},
    {Situation::kMovieIsLocked, StatusCode::FAILED_PRECONDITION},
    {Situation::kQuotaIsSpent, StatusCode::RESOURCE_EXHAUSTED},
    {Situation::kDiskIsFull, StatusCode::RESOURCE_EXHAUSTED},
    {Situation::kClientCancelled, StatusCode::CANCELLED},
    {Situation::kDeadlinePasses, StatusCode::DEADLINE_EXCEEDED},
    {Situation::kSortingIsNotBuilt, StatusCode::UNIMPLEMENTED},
    {Situation::kIndexIsWrong, StatusCode::INTERNAL},
    {Situation::kChecksumIsWrong, StatusCode::DATA_LOSS},
    {Situation::kRatingsRefuseOurRequest, StatusCode::INTERNAL},
    {Situation::kFailureWithoutReason, StatusCode::UNKNOWN},
};

}  // namespace

StatusCode ChooseStatus(Situation situation) {
  for (const Row& row : kTable) {
    if (row.situation == situation) return row.code;
  }
  return StatusCode::UNKNOWN;
}

}  // namespace movies
