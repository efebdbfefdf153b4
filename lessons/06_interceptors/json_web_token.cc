#include "json_web_token.h"

#include <jwt.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "support/files.h"

namespace movies {
namespace {

struct FreeToken {
  void operator()(jwt_t* token) const { jwt_free(token); }
};
using UniqueToken = std::unique_ptr<jwt_t, FreeToken>;

struct FreeString {
  void operator()(char* text) const { std::free(text); }
};
using UniqueString = std::unique_ptr<char, FreeString>;

const unsigned char* Bytes(const SigningKey& key) {
  return reinterpret_cast<const unsigned char*>(key.bytes().data());
}

int Size(const SigningKey& key) { return static_cast<int>(key.bytes().size()); }

// The claim `name`: InfinitePast() if there is none. Nothing if it is not a
// number without a fraction, for which jwt_get_grant_int() may give a 0 that
// cannot be told from a real one.
std::optional<absl::Time> TimeClaim(jwt_t* token, const char* name) {
  const UniqueString json(jwt_get_grants_json(token, name));
  if (json == nullptr) return absl::InfinitePast();
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(json.get(), &seconds)) return std::nullopt;
  return absl::FromUnixSeconds(seconds);
}

// Whether the header or the claims, as `get` says, have `name`, of any type.
bool Has(char* (*get)(jwt_t*, const char*), jwt_t* token, const char* name) {
  return UniqueString(get(token, name)) != nullptr;
}

}  // namespace

SigningKey::SigningKey(std::string bytes) : bytes_(std::move(bytes)) {}

absl::StatusOr<SigningKey> SigningKey::Create(std::string bytes) {
  if (bytes.size() < kMinBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a signing key needs ",
                                                   kMinBytes,
                                                   " bytes or more; this "
                                                   "one has ",
                                                   bytes.size()));
  }
  return SigningKey(std::move(bytes));
}

absl::StatusOr<SigningKey> SigningKey::FromFile(const std::string& path) {
  absl::StatusOr<std::string> bytes = support::ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  return Create(std::string(absl::StripSuffix(*bytes, "\n")));
}

absl::StatusOr<std::string> SignToken(const TokenClaims& claims,
                                      const SigningKey& key) {
  if (claims.subject.empty()) {
    return absl::InvalidArgumentError("a token needs a subject");
  }
  if (claims.expiry == absl::InfinitePast() ||
      claims.expiry == absl::InfiniteFuture()) {
    return absl::InvalidArgumentError("a token needs an expiry");
  }
  jwt_t* raw = nullptr;
  int error = jwt_new(&raw);
  const UniqueToken token(raw);
  if (error == 0) {
    error = jwt_add_grant(token.get(), "sub", claims.subject.c_str());
  }
  if (error == 0) {
    error = jwt_add_grant_int(token.get(), "exp",
                              absl::ToUnixSeconds(claims.expiry));
  }
  if (error == 0 && claims.not_before != absl::InfinitePast()) {
    error = jwt_add_grant_int(token.get(), "nbf",
                              absl::ToUnixSeconds(claims.not_before));
  }
  if (error == 0) {
    error = jwt_set_alg(token.get(), JWT_ALG_HS256, Bytes(key), Size(key));
  }
  if (error != 0) {
    return absl::ErrnoToStatus(error, "cannot make a token");
  }
  const UniqueString text(jwt_encode_str(token.get()));
  if (text == nullptr) return absl::InternalError("cannot sign a token");
  return std::string(text.get());
}

TokenVerifier::TokenVerifier(SigningKey key)
    : TokenVerifier(std::move(key), Options()) {}

TokenVerifier::TokenVerifier(SigningKey key, Options options)
    : key_(std::move(key)), options_(std::move(options)) {}

absl::StatusOr<TokenClaims> TokenVerifier::Verify(
    absl::string_view token) const {
  if (token.size() > kMaxTokenBytes) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the token has ", token.size(), " bytes, more than ", kMaxTokenBytes));
  }
  // libjwt's strings end at a NUL: it would not see what comes after.
  if (absl::StrContains(token, '\0')) {
    return absl::UnauthenticatedError("the token has a NUL in it");
  }
  // libjwt checks the signature by the algorithm that the token names. It
  // refuses "none", in any spelling, if there is a key.
  jwt_t* raw = nullptr;
  const int error =
      jwt_decode(&raw, std::string(token).c_str(), Bytes(key_), Size(key_));
  const UniqueToken decoded(raw);
  if (error != 0 || decoded == nullptr) {
    return absl::UnauthenticatedError(
        "this is not a token, or the key did not sign it");
  }
  // Whoever signs agreed with us on one algorithm. A token must not choose.
  if (jwt_get_alg(decoded.get()) != JWT_ALG_HS256) {
    return absl::UnauthenticatedError("the token's algorithm is not HS256");
  }
  // What a verifier does not understand of `crit`, or for whom it does not act,
  // it must refuse (RFC 7515, section 4.1.11, and RFC 7519, section 4.1.3).
  // This one understands no extension, and has no name of its own.
  if (Has(jwt_get_headers_json, decoded.get(), "crit")) {
    return absl::UnauthenticatedError("the token has a critical extension");
  }
  if (Has(jwt_get_grants_json, decoded.get(), "aud")) {
    return absl::UnauthenticatedError("the token is for an audience");
  }

  TokenClaims claims;
  if (const char* subject = jwt_get_grant(decoded.get(), "sub")) {
    claims.subject = subject;
  }
  if (claims.subject.empty()) {
    return absl::UnauthenticatedError("the token names no subject");
  }
  const std::optional<absl::Time> expiry = TimeClaim(decoded.get(), "exp");
  const std::optional<absl::Time> not_before = TimeClaim(decoded.get(), "nbf");
  if (!expiry.has_value() || !not_before.has_value()) {
    return absl::UnauthenticatedError("a time in the token is not a number");
  }
  claims.expiry = *expiry;
  claims.not_before = *not_before;
  if (claims.expiry == absl::InfinitePast()) {
    return absl::UnauthenticatedError("the token has no expiry");
  }
  const absl::Time now = options_.clock();
  if (now >= claims.expiry + options_.leeway) {
    return absl::UnauthenticatedError("the token has expired");
  }
  if (now < claims.not_before - options_.leeway) {
    return absl::UnauthenticatedError("the token is not valid yet");
  }
  return claims;
}

}  // namespace movies
