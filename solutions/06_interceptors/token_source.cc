#include "token_source.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"

namespace movies {
namespace {

// What came of a fetch. A token that gRPC cannot send is none: gRPC ends the
// program then, and prints the token as it does.
absl::StatusOr<AccessToken> Checked(absl::StatusOr<AccessToken> fetched) {
  if (!fetched.ok()) return fetched;
  for (unsigned char c : fetched->value) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InternalError(
          "the fetched token has a space, a line's end, or worse in it");
    }
  }
  return fetched;
}

}  // namespace

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
  absl::StatusOr<AccessToken> fetched = Checked(fetch_());

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
