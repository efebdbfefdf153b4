#include "movies_services.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "paced_writer.h"
#include "query_movie_reactor.h"
#include "query_movie_server.h"
#include "upload_handlers.h"

namespace movies {
namespace {

grpc::Status Get(const MovieStore& store, const v1::MovieID& request,
                 v1::Movie* response) {
  std::optional<v1::Movie> movie = store.Find(request.mid());
  if (!movie.has_value()) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        absl::StrCat("there is no movie ", request.mid()));
  }
  *response = *std::move(movie);
  return grpc::Status::OK;
}

std::string Outcome(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat("code ", static_cast<int>(status.error_code()), ", ",
                      status.error_message());
}

grpc::Status Add(const grpc::ServerContext& context,
                 grpc::ServerReaderInterface<v1::Movie>& reader,
                 MovieStore& store, v1::AddMoviesSummary* summary,
                 const Log& log) {
  grpc::Status status = ServeAddMovies(context, reader, store, summary);
  log(absl::StrCat("AddMovies: ", summary->added(), " added, ",
                   summary->replaced(), " replaced; ", Outcome(status)));
  return status;
}

grpc::Status Rate(
    const grpc::ServerContext& context,
    grpc::ServerReaderWriterInterface<v1::MovieScore, v1::MovieRating>& stream,
    const MovieStore& store, RatingBook& book, const Log& log) {
  grpc::Status status = ServeRateMovies(context, stream, store, book);
  log(absl::StrCat("RateMovies: ", Outcome(status)));
  return status;
}

}  // namespace

SyncMoviesService::SyncMoviesService(MovieStore* store, absl::Duration delay,
                                     Log log)
    : store_(store), delay_(delay), log_(std::move(log)) {}

grpc::Status SyncMoviesService::GetMovie(grpc::ServerContext*,
                                         const v1::MovieID* request,
                                         v1::Movie* response) {
  return Get(*store_, *request, response);
}

grpc::Status SyncMoviesService::QueryMovie(
    grpc::ServerContext* context, const v1::MovieQueryParams* request,
    grpc::ServerWriter<v1::Movie>* writer) {
  PacedWriter paced(*context, *writer, delay_);
  grpc::Status status = ServeQueryMovie(*store_, *request, paced);
  log_(absl::StrCat("QueryMovie(\"", request->query(), "\"): ", paced.written(),
                    " movies written; ", Outcome(status)));
  return status;
}

grpc::Status SyncMoviesService::AddMovies(grpc::ServerContext* context,
                                          grpc::ServerReader<v1::Movie>* reader,
                                          v1::AddMoviesSummary* response) {
  return Add(*context, *reader, *store_, response, log_);
}

grpc::Status SyncMoviesService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  return Rate(*context, *stream, *store_, book_, log_);
}

MixedMoviesService::MixedMoviesService(MovieStore* store, Log log)
    : store_(store), log_(std::move(log)) {}

grpc::Status MixedMoviesService::GetMovie(grpc::ServerContext*,
                                          const v1::MovieID* request,
                                          v1::Movie* response) {
  return Get(*store_, *request, response);
}

grpc::ServerWriteReactor<v1::Movie>* MixedMoviesService::QueryMovie(
    grpc::CallbackServerContext*, const v1::MovieQueryParams* request) {
  return new QueryMovieReactor(
      store_->Query(request->query()),
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
  return Add(*context, *reader, *store_, response, log_);
}

grpc::Status MixedMoviesService::RateMovies(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream) {
  return Rate(*context, *stream, *store_, book_, log_);
}

}  // namespace movies
