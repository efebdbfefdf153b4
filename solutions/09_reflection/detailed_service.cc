#include "detailed_service.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace movies {
namespace {

constexpr char kErrorDomain[] = "movies.example.com";

grpc::Status Gone() {
  return grpc::Status(grpc::StatusCode::CANCELLED,
                      "the client has cancelled or is gone");
}

// `status` with what a program can read of it.
grpc::Status WithDetails(const grpc::Status& status, absl::string_view method) {
  const bool bad = status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
  if (!bad && status.error_code() != grpc::StatusCode::NOT_FOUND) return status;
  google::rpc::Status details;
  details.set_code(status.error_code());
  details.set_message(status.error_message());
  if (bad && (method == "RateMovie" || method == "RateMovies")) {
    google::rpc::BadRequest request;
    google::rpc::BadRequest::FieldViolation* violation =
        request.add_field_violations();
    violation->set_field("stars");
    violation->set_description("must be from 1 to 5");
    details.add_details()->PackFrom(request);
  } else {
    v1::MovieError error;
    error.set_reason(bad ? v1::INVALID_MOVIE : v1::MOVIE_NOT_FOUND);
    error.set_message(status.error_message());
    details.add_details()->PackFrom(error);
    google::rpc::ErrorInfo info;
    info.set_reason(v1::MovieErrorCode_Name(error.reason()));
    info.set_domain(kErrorDomain);
    details.add_details()->PackFrom(info);
  }
  return grpc::Status(status.error_code(), status.error_message(),
                      details.SerializeAsString());
}

// Returns false as soon as nobody wants the answer any more.
bool Wait(absl::Duration duration, const grpc::ServerContext& context) {
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end) {
    // A synchronous handler is not told of its cancellation. It has to look.
    if (context.IsCancelled()) return false;
    absl::SleepFor(std::min(end - absl::Now(), absl::Milliseconds(20)));
  }
  return true;
}

// Whether gRPC sends such metadata: it takes in text that it does not let out,
// and ends the program that tries. Bytes under a -bin key are always fine.
bool MaySend(absl::string_view key, absl::string_view value) {
  return absl::EndsWith(key, "-bin") ||
         std::all_of(value.begin(), value.end(), absl::ascii_isprint);
}

}  // namespace

DetailedService::DetailedService(MovieStore* store, Say say,
                                 absl::Duration pace)
    : CatalogueService(store),
      store_(*store),
      say_(std::move(say)),
      pace_(pace) {}

void DetailedService::Begin(grpc::ServerContext* context,
                            absl::string_view method) const {
  for (const char* key : {"x-request-id", "x-request-id-bin"}) {
    const auto found = context->client_metadata().equal_range(key);
    for (auto entry = found.first; entry != found.second; ++entry) {
      const std::string value(entry->second.data(), entry->second.size());
      if (MaySend(key, value)) context->AddInitialMetadata(key, value);
    }
  }
  if (context->deadline() != std::chrono::system_clock::time_point::max()) {
    const absl::Duration left =
        absl::FromChrono(context->deadline()) - absl::Now();
    context->AddTrailingMetadata("x-time-left-ms",
                                 absl::StrCat(absl::ToInt64Milliseconds(left)));
  }
  say_(absl::StrCat(method, " begins"));
}

grpc::Status DetailedService::End(const grpc::Status& status,
                                  absl::string_view method) const {
  say_(absl::StrCat(method, " ends: ",
                    absl::StatusCodeToString(
                        static_cast<absl::StatusCode>(status.error_code()))));
  return WithDetails(status, method);
}

grpc::Status DetailedService::GetMovie(grpc::ServerContext* context,
                                       const v1::MovieID* request,
                                       v1::Movie* response) {
  Begin(context, "GetMovie");
  return End(CatalogueService::GetMovie(context, request, response),
             "GetMovie");
}

grpc::Status DetailedService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  Begin(context, "QueryMovie");
  return End(SendMovies(*context, *request, writer), "QueryMovie");
}

grpc::Status DetailedService::SendMovies(
    const grpc::ServerContext& context, const v1::MovieQueryParams& request,
    grpc::ServerWriter<v1::Movie>* writer) const {
  for (const v1::Movie& movie : store_.Query(request.query())) {
    if (!writer->Write(movie) || !Wait(pace_, context)) return Gone();
  }
  return grpc::Status::OK;
}

grpc::Status DetailedService::AddMovies(grpc::ServerContext* context,
                                        grpc::ServerReader<v1::Movie>* reader,
                                        v1::AddMoviesSummary* response) {
  Begin(context, "AddMovies");
  return End(CatalogueService::AddMovies(context, reader, response),
             "AddMovies");
}

grpc::Status DetailedService::RateMovie(grpc::ServerContext* context,
                                        const v1::MovieRating* request,
                                        v1::MovieScore* response) {
  Begin(context, "RateMovie");
  return End(CatalogueService::RateMovie(context, request, response),
             "RateMovie");
}

grpc::Status DetailedService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  Begin(context, "RateMovies");
  stream->SendInitialMetadata();
  return End(SendScores(context, stream), "RateMovies");
}

// CatalogueService::RateMovies() would call our RateMovie() for each rating,
// as if it were a call of its own: metadata and lines for each.
grpc::Status DetailedService::SendScores(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  v1::MovieRating rating;
  while (stream->Read(&rating)) {
    v1::MovieScore score;
    const grpc::Status status =
        CatalogueService::RateMovie(context, &rating, &score);
    if (!status.ok()) return status;
    if (!stream->Write(score)) return Gone();
  }
  return context->IsCancelled() ? Gone() : grpc::Status::OK;
}

}  // namespace movies
