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

void QueryMovieReactor::WriteNext() {
  if (next_ == movies_.size()) {
    Finish(grpc::Status::OK);
    return;
  }
  // Returns at once. gRPC reads the movie until OnWriteDone(): it has to stay
  // where it is, which is why movies_ is a member and const.
  StartWrite(&movies_[next_++]);
}

void QueryMovieReactor::OnWriteDone(bool ok) {
  if (ok) {
    WriteNext();
  } else {
    Finish(grpc::Status(grpc::StatusCode::CANCELLED,
                        "nobody reads the stream any more"));
  }
}

void QueryMovieReactor::OnDone() { delete this; }

}  // namespace movies
