#include "load_generator.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/time/clock.h"
#include "support/steady_clock.h"

namespace movies {

LoadGenerator::LoadGenerator(std::shared_ptr<grpc::Channel> channel,
                             LoadOptions options)
    : options_(std::move(options)),
      stub_(v1::MoviesService::NewStub(std::move(channel))) {
  absl::MutexLock lock(&threads_mutex_);
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

LoadGenerator::~LoadGenerator() { Stop(); }

std::vector<CallRecord> LoadGenerator::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    const auto all_ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return under_way_.empty();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&all_ended), options_.grace);
    for (grpc::ClientContext* context : under_way_) context->TryCancel();
  }
  {
    absl::MutexLock lock(&threads_mutex_);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  return Log();
}

std::vector<CallRecord> LoadGenerator::Log() const {
  absl::MutexLock lock(&mutex_);
  return log_;
}

std::optional<CallRecord> LoadGenerator::AwaitCall(
    const std::function<bool(const CallRecord&)>& wanted,
    absl::Duration timeout) const {
  const absl::Time deadline = absl::Now() + timeout;
  absl::MutexLock lock(&mutex_);
  std::size_t seen = log_.size();
  const auto more_or_stopping = [this, &seen]()
                                    ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                                      return log_.size() > seen || stopping_;
                                    };
  while (
      mutex_.AwaitWithDeadline(absl::Condition(&more_or_stopping), deadline)) {
    if (seen == log_.size()) return std::nullopt;  // Stopping.
    for (; seen < log_.size(); ++seen) {
      if (wanted(log_[seen])) return log_[seen];
    }
  }
  return std::nullopt;
}

void LoadGenerator::Run() {
  while (AwaitTurn()) Call();
}

bool LoadGenerator::AwaitTurn() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = support::SteadyNow();
  const absl::Time start = std::max(now, next_start_);
  next_start_ = start + options_.interval;
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), start - now);
  return !stopping_;
}

void LoadGenerator::Call() {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
  context.set_wait_for_ready(options_.wait_for_ready);
  v1::MovieID request;
  request.set_mid(options_.mid);
  v1::Movie movie;
  CallRecord record;
  record.start = support::SteadyNow();
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;  // Stop() may have cancelled the others already.
    under_way_.insert(&context);
  }
  record.code = stub_->GetMovie(&context, request, &movie).error_code();
  record.duration = support::SteadyNow() - record.start;
  record.peer = context.peer();
  absl::MutexLock lock(&mutex_);
  under_way_.erase(&context);
  log_.push_back(std::move(record));
}

}  // namespace movies
