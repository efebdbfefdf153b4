#include "rate_limited_service.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace movies {
namespace {

// In whole milliseconds, and never less than it is: who comes back too early
// comes in vain.
int64_t Milliseconds(absl::Duration wait) {
  return absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
}

}  // namespace

std::string PeerHost(absl::string_view peer) {
  if (absl::StartsWith(peer, "ipv4:") || absl::StartsWith(peer, "ipv6:")) {
    peer = peer.substr(0, peer.rfind(':'));
  }
  return std::string(peer);
}

grpc::Status TooManyCalls(absl::Duration wait) {
  const int64_t milliseconds = Milliseconds(wait);
  google::rpc::RetryInfo retry_info;
  retry_info.mutable_retry_delay()->set_seconds(milliseconds / 1000);
  retry_info.mutable_retry_delay()->set_nanos(milliseconds % 1000 * 1000000);
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
  status.set_message(
      absl::StrCat("too many calls; the next one in ", milliseconds, " ms"));
  status.add_details()->PackFrom(retry_info);
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, status.message(),
                      status.SerializeAsString());
}

RateLimitedService::RateLimitedService(v1::MoviesService::Service* inner,
                                       TryTake try_take)
    : inner_(*inner), try_take_(std::move(try_take)) {}

grpc::Status RateLimitedService::Admit(grpc::ServerContext* context,
                                       absl::string_view method) {
  const absl::Duration wait =
      try_take_(absl::StrCat(method, " ", PeerHost(context->peer())));
  if (wait <= absl::ZeroDuration()) return grpc::Status::OK;
  context->AddTrailingMetadata("grpc-retry-pushback-ms",
                               absl::StrCat(Milliseconds(wait)));
  return TooManyCalls(wait);
}

// Slide: get_movie
grpc::Status RateLimitedService::GetMovie(grpc::ServerContext* context,
                                          const v1::MovieID* request,
                                          v1::Movie* response) {
  const grpc::Status admitted = Admit(context, "GetMovie");
  if (!admitted.ok()) return admitted;
  return inner_.GetMovie(context, request, response);
}
// End slide: get_movie

grpc::Status RateLimitedService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  const grpc::Status admitted = Admit(context, "QueryMovie");
  if (!admitted.ok()) return admitted;
  return inner_.QueryMovie(context, request, writer);
}

grpc::Status RateLimitedService::AddMovies(
    grpc::ServerContext* context, grpc::ServerReader<v1::Movie>* reader,
    v1::AddMoviesSummary* response) {
  const grpc::Status admitted = Admit(context, "AddMovies");
  if (!admitted.ok()) return admitted;
  return inner_.AddMovies(context, reader, response);
}

grpc::Status RateLimitedService::RateMovie(grpc::ServerContext* context,
                                           const v1::MovieRating* request,
                                           v1::MovieScore* response) {
  const grpc::Status admitted = Admit(context, "RateMovie");
  if (!admitted.ok()) return admitted;
  return inner_.RateMovie(context, request, response);
}

grpc::Status RateLimitedService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  const grpc::Status admitted = Admit(context, "RateMovies");
  if (!admitted.ok()) return admitted;
  return inner_.RateMovies(context, stream);
}

}  // namespace movies
