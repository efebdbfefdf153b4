// JSON Web Tokens (RFC 7519): what a caller may say of itself, signed, so that
// a server can believe it without asking anybody. Signing, verifying and
// parsing is libjwt's work; this wraps it, and accepts as little as possible.
//
//   absl::StatusOr<SigningKey> key = SigningKey::FromFile("/etc/movies/key");
//   absl::StatusOr<std::string> token =
//       SignToken({"alice", /*not_before=*/absl::Now(), expiry}, *key);
//
//   const TokenVerifier verifier(*key);
//   absl::StatusOr<TokenClaims> claims = verifier.Verify(*token);

#ifndef JSON_WEB_TOKEN_H_
#define JSON_WEB_TOKEN_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace movies {

// The secret that signs tokens and verifies them: whoever has it can be
// anybody. No error tells any of it.
class SigningKey {
 public:
  // As long as the hash that HS256 makes, which RFC 7518, section 3.2, demands.
  static constexpr std::size_t kMinBytes = 32;

  // INVALID_ARGUMENT if there are fewer than kMinBytes. They should be random:
  // a sentence can be guessed, and a token is enough to check each guess.
  static absl::StatusOr<SigningKey> Create(std::string bytes);

  // The bytes of a file, without the newline at its end if there is one.
  // NOT_FOUND, naming the file, if it cannot be read.
  static absl::StatusOr<SigningKey> FromFile(const std::string& path);

  // For the code that signs and verifies.
  const std::string& bytes() const { return bytes_; }

 private:
  explicit SigningKey(std::string bytes);

  std::string bytes_;
};

// What a token says; the names in RFC 7519, section 4.1, are in brackets.
struct TokenClaims {
  // Who calls. [sub]
  std::string subject;
  // From when on it is valid, in whole seconds; InfinitePast() if it does not
  // say. [nbf]
  absl::Time not_before = absl::InfinitePast();
  // From when on it is not valid any more, in whole seconds. [exp]
  absl::Time expiry;
};

// The token for these claims, signed with HS256. INVALID_ARGUMENT if there is
// no subject or no finite expiry.
absl::StatusOr<std::string> SignToken(const TokenClaims& claims,
                                      const SigningKey& key);

// Decides what to believe. Thread-safe.
class TokenVerifier {
 public:
  // A longer token is refused before anybody parses it. Ours have some 150
  // bytes.
  static constexpr std::size_t kMaxTokenBytes = 4096;

  struct Options {
    // How far the clock of whoever signs may be from ours: a token is valid
    // that much earlier and longer than it says.
    absl::Duration leeway = absl::Seconds(30);
    // What time it is. Must be thread-safe.
    std::function<absl::Time()> clock = absl::Now;
  };

  explicit TokenVerifier(SigningKey key);
  TokenVerifier(SigningKey key, Options options);

  // The claims of a token that was signed with the key, by HS256 and nothing
  // else, is valid now, names a subject and an expiry, and has no `aud` and no
  // `crit`: it may be for somebody else, or mean more than this understands.
  //
  // UNAUTHENTICATED otherwise. The message says what is wrong, without the key,
  // the token or anything from inside it. It is for the server's own log:
  // whoever sent the token must not learn how close it came.
  absl::StatusOr<TokenClaims> Verify(absl::string_view token) const;

 private:
  const SigningKey key_;
  const Options options_;
};

}  // namespace movies

#endif  // JSON_WEB_TOKEN_H_
