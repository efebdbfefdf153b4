#include "counting_service.h"

namespace movies {

grpc::Status CountingService::GetMovie(grpc::ServerContext* context,
                                       const v1::MovieID* request,
                                       v1::Movie* response) {
  ++runs_;
  return inner_.GetMovie(context, request, response);
}

grpc::Status CountingService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  ++runs_;
  return inner_.QueryMovie(context, request, writer);
}

grpc::Status CountingService::AddMovies(grpc::ServerContext* context,
                                        grpc::ServerReader<v1::Movie>* reader,
                                        v1::AddMoviesSummary* response) {
  ++runs_;
  return inner_.AddMovies(context, reader, response);
}

grpc::Status CountingService::RateMovie(grpc::ServerContext* context,
                                        const v1::MovieRating* request,
                                        v1::MovieScore* response) {
  ++runs_;
  return inner_.RateMovie(context, request, response);
}

grpc::Status CountingService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  ++runs_;
  return inner_.RateMovies(context, stream);
}

}  // namespace movies
