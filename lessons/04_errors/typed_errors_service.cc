#include "typed_errors_service.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bad_request.h"
#include "google/rpc/error_details.pb.h"
#include "pack_details.h"

namespace movies {
namespace {

// `status` as it is, or, if it is about movie `mid`, with details.
grpc::Status WithMovieError(const grpc::Status& status, int32_t mid) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return MovieErrorStatus(status.error_code(), v1::INVALID_MOVIE,
                              status.error_message(), mid);
    case grpc::StatusCode::NOT_FOUND:
      return MovieErrorStatus(status.error_code(), v1::MOVIE_NOT_FOUND,
                              status.error_message(), mid);
    default:
      return status;
  }
}

google::rpc::RetryInfo RetryAfter(absl::Duration delay) {
  delay = absl::Ceil(delay, absl::Milliseconds(1));  // Not a moment too early.
  google::rpc::RetryInfo info;
  // IDivDuration leaves the rest of the division in `delay`.
  info.mutable_retry_delay()->set_seconds(
      absl::IDivDuration(delay, absl::Seconds(1), &delay));
  info.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
  return info;
}

}  // namespace

TypedErrorsService::TypedErrorsService(MovieStore* store,
                                       TypedErrorsOptions options)
    : CatalogueService(store), store_(*store), options_(std::move(options)) {}

grpc::Status TypedErrorsService::GetMovie(grpc::ServerContext* context,
                                          const v1::MovieID* request,
                                          v1::Movie* response) {
  return WithMovieError(CatalogueService::GetMovie(context, request, response),
                        request->mid());
}

grpc::Status TypedErrorsService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  absl::Duration left;
  {
    absl::MutexLock lock(&mutex_);
    left = indexed_ - options_.now();
  }
  if (left > absl::ZeroDuration()) {
    const google::rpc::RetryInfo retry = RetryAfter(left);
    return StatusWithDetails(grpc::StatusCode::UNAVAILABLE,
                             "the catalogue is being indexed", {&retry});
  }
  return CatalogueService::QueryMovie(context, request, writer);
}

grpc::Status TypedErrorsService::AddMovies(
    grpc::ServerContext* context, grpc::ServerReader<v1::Movie>* reader,
    v1::AddMoviesSummary* response) {
  v1::Movie movie;
  while (reader->Read(&movie)) {
    const google::rpc::BadRequest faults = FindFaults(movie);
    if (faults.field_violations_size() > 0) {
      v1::MovieError error;
      error.set_reason(v1::INVALID_MOVIE);
      error.set_message(absl::StrCat(
          "movie ", movie.mid(),
          " is refused; faults: ", faults.field_violations_size()));
      return StatusWithDetails(grpc::StatusCode::INVALID_ARGUMENT,
                               error.message(), {&error, &faults});
    }
    if (store_.Put(movie)) {
      response->set_added(response->added() + 1);
    } else {
      response->set_replaced(response->replaced() + 1);
    }
    absl::MutexLock lock(&mutex_);
    indexed_ = options_.now() + options_.indexing;
  }
  if (context->IsCancelled()) {
    return grpc::Status(grpc::StatusCode::CANCELLED,
                        "the client has cancelled or is gone");
  }
  return grpc::Status::OK;
}

grpc::Status TypedErrorsService::RateMovie(grpc::ServerContext* context,
                                           const v1::MovieRating* request,
                                           v1::MovieScore* response) {
  absl::SleepFor(options_.rating);  // Stands for a slow database.
  const grpc::Status status =
      CatalogueService::RateMovie(context, request, response);
  if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) {
    google::rpc::BadRequest faults;
    auto* violation = faults.add_field_violations();
    violation->set_field("stars");
    violation->set_description("must be from 1 to 5");
    return StatusWithDetails(status.error_code(), status.error_message(),
                             {&faults});
  }
  return WithMovieError(status, request->mid());
}

}  // namespace movies
