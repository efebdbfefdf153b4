#include "token_source.h"

#include <utility>

namespace movies {

TokenSource::TokenSource(Fetch fetch)
    : TokenSource(std::move(fetch), Options()) {}

TokenSource::TokenSource(Fetch fetch, Options options)
    : fetch_(std::move(fetch)), options_(std::move(options)) {}

absl::StatusOr<std::string> TokenSource::Token() {
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = options_.clock();
    if (now < token_.expiry - options_.margin) return token_.value;
    if (fetching_) {
      if (now < token_.expiry) return token_.value;
      mutex_.Await(absl::Condition(this, &TokenSource::IsIdle));
      return result_;
    }
    fetching_ = true;
  }
  // Without the lock: whoever has a valid token goes on meanwhile.
  absl::StatusOr<AccessToken> fetched = fetch_();

  absl::MutexLock lock(&mutex_);
  fetching_ = false;
  if (fetched.ok()) {
    token_ = *std::move(fetched);
    result_ = token_.value;
  } else if (options_.clock() < token_.expiry) {
    result_ = token_.value;
  } else {
    result_ = fetched.status();
  }
  return result_;
}

}  // namespace movies
