#include "flaky_service.h"

#include <string>

namespace movies {

bool FlakyService::Fails(std::atomic<unsigned>& calls) const {
  return calls++ % (failures_ + 1) < failures_;
}

grpc::Status FlakyService::GetMovie(grpc::ServerContext* context,
                                    const v1::MovieID* request,
                                    v1::Movie* response) {
  const auto attempts =
      context->client_metadata().find("grpc-previous-rpc-attempts");
  if (attempts != context->client_metadata().end()) {
    context->AddTrailingMetadata(
        "previous-attempts",
        std::string(attempts->second.data(), attempts->second.size()));
  }
  if (Fails(get_movie_calls_)) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "flaky on purpose");
  }
  return inner_.GetMovie(context, request, response);
}

grpc::Status FlakyService::QueryMovie(grpc::ServerContext* context,
                                      const v1::MovieQueryParams* request,
                                      grpc::ServerWriter<v1::Movie>* writer) {
  return inner_.QueryMovie(context, request, writer);
}

grpc::Status FlakyService::AddMovies(grpc::ServerContext* context,
                                     grpc::ServerReader<v1::Movie>* reader,
                                     v1::AddMoviesSummary* response) {
  return inner_.AddMovies(context, reader, response);
}

grpc::Status FlakyService::RateMovie(grpc::ServerContext* context,
                                     const v1::MovieRating* request,
                                     v1::MovieScore* response) {
  const grpc::Status status = inner_.RateMovie(context, request, response);
  if (status.ok() && Fails(rate_movie_calls_)) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                        "the answer got lost, on purpose");
  }
  return status;
}

grpc::Status FlakyService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  return inner_.RateMovies(context, stream);
}

}  // namespace movies
