// Where a client's tokens come from: fetched when the first call needs one, and
// again before it expires.
//
//   TokenSource source([&] { return login.FetchToken(); });
//   absl::StatusOr<std::string> token = source.Token();

#ifndef TOKEN_SOURCE_H_
#define TOKEN_SOURCE_H_

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace movies {

// What an authorization server gives out.
struct AccessToken {
  std::string value;
  absl::Time expiry;
};

// Keeps one token and renews it. Thread-safe.
class TokenSource {
 public:
  // Gets a new token. Called on the thread of a call that needs one, and never
  // twice at the same time. It should have a deadline of its own: calls wait
  // for it.
  using Fetch = std::function<absl::StatusOr<AccessToken>()>;

  struct Options {
    // How long before its expiry a token is renewed. It has to reach the server
    // while it is valid, and clocks differ.
    absl::Duration margin = absl::Minutes(1);
    // What time it is. Called under a lock: it must not call the source.
    std::function<absl::Time()> clock = absl::Now;
  };

  explicit TokenSource(Fetch fetch);
  TokenSource(Fetch fetch, Options options);

  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;

  // A token that is valid now. Fetches one first if there is none, or it is
  // about to expire.
  //
  // However many ask at once, one of them fetches. The others get the old token
  // if it is still valid, and wait otherwise; then they share what came of it.
  // If renewing fails, the old token does as long as it is valid. After that,
  // and if there has been none, returns the error of the fetch, or INTERNAL if
  // it gave something that metadata cannot carry. The next who asks fetches
  // again.
  absl::StatusOr<std::string> Token();

 private:
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !fetching_;
  }

  const Fetch fetch_;
  const Options options_;
  absl::Mutex mutex_;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  AccessToken token_ ABSL_GUARDED_BY(mutex_) = {"", absl::InfinitePast()};
  // What the last fetch gave to those who waited for it.
  absl::StatusOr<std::string> result_ ABSL_GUARDED_BY(mutex_) = "";
};

}  // namespace movies

#endif  // TOKEN_SOURCE_H_
