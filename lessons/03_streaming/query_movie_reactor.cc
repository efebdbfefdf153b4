#include "query_movie_reactor.h"

#include <utility>

namespace movies {

QueryMovieReactor::QueryMovieReactor(
    std::vector<v1::Movie> movies,
    std::function<void(const StreamReport&)> on_gone)
    : movies_(std::move(movies)), on_gone_(std::move(on_gone)) {
  WriteNext();
}

QueryMovieReactor::~QueryMovieReactor() {
  if (on_gone_) on_gone_({next_, cancelled_});
}

void QueryMovieReactor::OnCancel() { cancelled_ = true; }

// TODO(03_streaming.query_movie_reactor): Write movies_[next_] and count it in
// next_; after the last one call Finish(). Go on from OnWriteDone, or end the
// call with CANCELLED if the write failed. In OnDone nothing needs you any more.
void QueryMovieReactor::WriteNext() {
  Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(03_streaming.query_movie_reactor)"));
}

void QueryMovieReactor::OnWriteDone(bool ok) {}

void QueryMovieReactor::OnDone() {}
// END TODO(03_streaming.query_movie_reactor)

}  // namespace movies
