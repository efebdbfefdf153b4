#include "movie_feed.h"

#include <utility>

#include "absl/time/clock.h"

namespace movies {

MovieFeed::MovieFeed(v1::MoviesService::StubInterface& stub,
                     const std::string& query, absl::Time deadline)
    : deadline_(deadline) {
  context_.set_deadline(absl::ToChronoTime(deadline));
  params_.set_query(query);
  stub.async()->QueryMovie(&context_, &params_, this);
  // Next() may call StartRead() outside of a reaction; the hold keeps the call
  // from being over before Finish() says that there will be no more of those.
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

MovieFeed::~MovieFeed() {
  if (!finished_) Finish();
}

void MovieFeed::OnReadDone(bool ok) {
  if (!ok) {
    End();
    return;
  }
  // No StartRead() here: that would fetch as fast as the server sends.
  Deliver(std::move(incoming_));
}

std::optional<v1::Movie> MovieFeed::Next() {
  std::optional<v1::Movie> movie = Take();
  // There was a movie, so no read is in flight and incoming_ is free.
  if (movie.has_value()) StartRead(&incoming_);
  return movie;
}

grpc::Status MovieFeed::Finish() {
  finished_ = true;
  {
    absl::MutexLock lock(&mutex_);
    // Past the deadline gRPC ends the call by itself.
    if (!ended_ && absl::Now() < deadline_) context_.TryCancel();
  }
  RemoveHold();
  absl::MutexLock lock(&mutex_);
  auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return status_.has_value();
  };
  mutex_.Await(absl::Condition(&done));
  return *status_;
}

void MovieFeed::OnDone(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  status_ = status;
}

void MovieFeed::Deliver(v1::Movie movie) {
  absl::MutexLock lock(&mutex_);
  delivered_.push_back(std::move(movie));
}

void MovieFeed::End() {
  absl::MutexLock lock(&mutex_);
  ended_ = true;
}

std::optional<v1::Movie> MovieFeed::Take() {
  absl::MutexLock lock(&mutex_);
  auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !delivered_.empty() || ended_;
  };
  mutex_.AwaitWithDeadline(absl::Condition(&ready), deadline_);
  if (delivered_.empty()) return std::nullopt;
  std::optional<v1::Movie> movie = std::move(delivered_.front());
  delivered_.pop_front();
  return movie;
}

}  // namespace movies
