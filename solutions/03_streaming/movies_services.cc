#include "movies_services.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "paced_writer.h"
#include "query_movie_reactor.h"
#include "query_movie_server.h"

namespace movies {
namespace {

std::string Outcome(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat("code ", static_cast<int>(status.error_code()), ", ",
                      status.error_message());
}

}  // namespace

SyncMoviesService::SyncMoviesService(MovieStore* store, absl::Duration delay,
                                     Log log)
    : CatalogueService(store),
      store_(*store),
      delay_(delay),
      log_(std::move(log)) {}

grpc::Status SyncMoviesService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  PacedWriter paced(*context, *writer, delay_);
  grpc::Status status = ServeQueryMovie(store_, *request, paced);
  log_(absl::StrCat("QueryMovie(\"", request->query(), "\"): ", paced.written(),
                    " movies written; ", Outcome(status)));
  return status;
}

grpc::Status SyncMoviesService::AddMovies(grpc::ServerContext* context,
                                          grpc::ServerReader<v1::Movie>* reader,
                                          v1::AddMoviesSummary* response) {
  grpc::Status status = CatalogueService::AddMovies(context, reader, response);
  log_(absl::StrCat("AddMovies: ", response->added(), " added, ",
                    response->replaced(), " replaced; ", Outcome(status)));
  return status;
}

grpc::Status SyncMoviesService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  grpc::Status status = CatalogueService::RateMovies(context, stream);
  log_(absl::StrCat("RateMovies: ", Outcome(status)));
  return status;
}

MixedMoviesService::MixedMoviesService(MovieStore* store, Log log)
    : store_(*store), log_(log), sync_(store, absl::ZeroDuration(), log) {}

grpc::Status MixedMoviesService::GetMovie(grpc::ServerContext* context,
                                          const v1::MovieID* request,
                                          v1::Movie* response) {
  return sync_.GetMovie(context, request, response);
}

grpc::ServerWriteReactor<v1::Movie>* MixedMoviesService::QueryMovie(
    grpc::CallbackServerContext*, const v1::MovieQueryParams* request) {
  return new QueryMovieReactor(
      store_.Query(request->query()),
      [this, query = request->query()](const StreamReport& report) {
        log_(absl::StrCat("QueryMovie(\"", query, "\"): ", report.started,
                          " writes started; ",
                          report.cancelled ? "the client cancelled or is gone"
                                           : "not cancelled"));
      });
}

grpc::Status MixedMoviesService::AddMovies(
    grpc::ServerContext* context, grpc::ServerReader<v1::Movie>* reader,
    v1::AddMoviesSummary* response) {
  return sync_.AddMovies(context, reader, response);
}

grpc::Status MixedMoviesService::RateMovie(grpc::ServerContext* context,
                                           const v1::MovieRating* request,
                                           v1::MovieScore* response) {
  return sync_.RateMovie(context, request, response);
}

grpc::Status MixedMoviesService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  return sync_.RateMovies(context, stream);
}

}  // namespace movies
