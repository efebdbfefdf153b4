#include "support/fake_http_exchange.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/wait.h"

namespace support {

void FakeHttpExchange::Respond(HttpResponse response) {
  absl::MutexLock lock(&mutex_);
  if (left_) return;
  if (started_ || complete_) {
    absl::StrAppend(&broken_rules_, "Respond() after an answer had begun. ");
    return;
  }
  answer_ = std::move(response);
  complete_ = true;
}

void FakeHttpExchange::Start(int status, std::vector<HttpHeader> headers) {
  absl::MutexLock lock(&mutex_);
  if (left_) return;
  if (started_ || complete_) {
    absl::StrAppend(&broken_rules_, "Start() after an answer had begun. ");
    return;
  }
  answer_.status = status;
  answer_.headers = std::move(headers);
  started_ = true;
}

void FakeHttpExchange::Write(std::string part, std::function<void(bool)> done) {
  bool taken = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!left_) {
      if (!started_)
        absl::StrAppend(&broken_rules_, "Write() before Start(). ");
      if (complete_) absl::StrAppend(&broken_rules_, "Write() after the end. ");
      if (done_ != nullptr) {
        absl::StrAppend(&broken_rules_,
                        "Write() before the part before it was taken. ");
      }
      parts_.push_back(std::move(part));
      if (client_ == Client::kSlow) {
        done_ = std::move(done);
        return;
      }
      taken = true;
    }
  }
  done(taken);
}

void FakeHttpExchange::Finish() {
  absl::MutexLock lock(&mutex_);
  if (left_) return;
  if (!started_) absl::StrAppend(&broken_rules_, "Finish() before Start(). ");
  if (complete_) absl::StrAppend(&broken_rules_, "Finish() after the end. ");
  complete_ = true;
}

void FakeHttpExchange::OnGone(std::function<void()> gone) {
  {
    absl::MutexLock lock(&mutex_);
    if (!left_) {
      gone_ = std::move(gone);
      return;
    }
  }
  gone();
}

bool FakeHttpExchange::Take(bool taken) {
  std::function<void(bool)> done;
  {
    absl::MutexLock lock(&mutex_);
    done.swap(done_);
  }
  if (done == nullptr) return false;
  done(taken);
  return true;
}

void FakeHttpExchange::Leave() {
  std::function<void()> gone;
  {
    absl::MutexLock lock(&mutex_);
    if (left_ || complete_) return;
    left_ = true;
    gone.swap(gone_);
  }
  if (gone != nullptr) gone();
  Take(false);
}

bool FakeHttpExchange::WaitUntilAnswered() {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&complete_), Patience());
}

bool FakeHttpExchange::WaitForParts(int count) {
  absl::MutexLock lock(&mutex_);
  auto there = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return static_cast<int>(parts_.size()) >= count;
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&there), Patience());
}

HttpResponse FakeHttpExchange::answer() const {
  absl::MutexLock lock(&mutex_);
  HttpResponse answer = answer_;
  absl::StrAppend(&answer.body, absl::StrJoin(parts_, ""));
  return answer;
}

std::vector<std::string> FakeHttpExchange::parts() const {
  absl::MutexLock lock(&mutex_);
  return parts_;
}

bool FakeHttpExchange::started() const {
  absl::MutexLock lock(&mutex_);
  return started_;
}

bool FakeHttpExchange::complete() const {
  absl::MutexLock lock(&mutex_);
  return complete_;
}

std::string FakeHttpExchange::broken_rules() const {
  absl::MutexLock lock(&mutex_);
  return broken_rules_;
}

}  // namespace support
