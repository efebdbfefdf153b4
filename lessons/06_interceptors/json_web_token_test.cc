#include "json_web_token.h"

#include <jwt.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "a key of the tests, with 32 bytes";

SigningKey TestKey(std::string bytes = kKey) {
  absl::StatusOr<SigningKey> key = SigningKey::Create(std::move(bytes));
  EXPECT_TRUE(key.ok()) << key.status();
  return *std::move(key);
}

// A token as anybody could make it: `json` as claims, `algorithm`, the bytes of
// `key` as its key, and what `header` adds to its header.
std::string ForgeToken(const std::string& json, jwt_alg_t algorithm,
                       const std::string& key = kKey,
                       const std::string& header = "{}") {
  jwt_t* token = nullptr;
  EXPECT_EQ(jwt_new(&token), 0);
  EXPECT_EQ(jwt_add_headers_json(token, header.c_str()), 0);
  EXPECT_EQ(jwt_add_grants_json(token, json.c_str()), 0);
  const bool none = algorithm == JWT_ALG_NONE;
  EXPECT_EQ(
      jwt_set_alg(
          token, algorithm,
          none ? nullptr : reinterpret_cast<const unsigned char*>(key.data()),
          none ? 0 : static_cast<int>(key.size())),
      0);
  char* text = jwt_encode_str(token);
  const std::string result = text;
  std::free(text);
  jwt_free(token);
  return result;
}

class JsonWebTokenTest : public ::testing::Test {
 protected:
  TokenVerifier Verifier() {
    TokenVerifier::Options options;
    options.leeway = absl::Seconds(30);
    options.clock = [this] { return now_; };
    return TokenVerifier(TestKey(), options);
  }

  // Why the token was refused; empty if it was not.
  std::string Refusal(const std::string& token) {
    const absl::Status status = Verifier().Verify(token).status();
    if (!status.ok()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(kKey)));
      if (!token.empty()) {
        EXPECT_THAT(std::string(status.message()), Not(HasSubstr(token)));
      }
    }
    return std::string(status.message());
  }

  std::string TokenFor(absl::Time not_before, absl::Time expiry) {
    absl::StatusOr<std::string> token =
        SignToken({"alice", not_before, expiry}, TestKey());
    EXPECT_TRUE(token.ok()) << token.status();
    return *std::move(token);
  }

  absl::Time now_ = absl::FromUnixSeconds(1700000000);
};

TEST_F(JsonWebTokenTest, WhatIsSignedCanBeVerified) {
  const absl::Time expiry = now_ + absl::Minutes(5);
  absl::StatusOr<TokenClaims> claims =
      Verifier().Verify(TokenFor(now_, expiry));
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, "alice");
  EXPECT_EQ(claims->not_before, now_);
  EXPECT_EQ(claims->expiry, expiry);
}

TEST_F(JsonWebTokenTest, ATokenNeedNotSayFromWhenOn) {
  absl::StatusOr<TokenClaims> claims = Verifier().Verify(
      TokenFor(absl::InfinitePast(), now_ + absl::Minutes(5)));
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->not_before, absl::InfinitePast());
}

TEST_F(JsonWebTokenTest, ExpiresWhenItSaysAndTheLeewayIsOver) {
  const std::string token = TokenFor(absl::InfinitePast(), now_);
  now_ += absl::Seconds(30) - absl::Nanoseconds(1);
  EXPECT_EQ(Refusal(token), "");
  now_ += absl::Nanoseconds(1);
  EXPECT_THAT(Refusal(token), HasSubstr("expired"));
}

TEST_F(JsonWebTokenTest, BeginsWhenItSaysLessTheLeeway) {
  const std::string token =
      TokenFor(now_ + absl::Seconds(30), now_ + absl::Hours(1));
  EXPECT_EQ(Refusal(token), "");
  now_ -= absl::Nanoseconds(1);
  EXPECT_THAT(Refusal(token), HasSubstr("not valid yet"));
}

TEST_F(JsonWebTokenTest, AnotherKeyIsRefused) {
  const std::string claims = R"({"sub": "alice", "exp": 1700000300})";
  EXPECT_EQ(Refusal(ForgeToken(claims, JWT_ALG_HS256)), "");
  EXPECT_THAT(Refusal(ForgeToken(claims, JWT_ALG_HS256,
                                 "another key, which is also long enough")),
              HasSubstr("the key did not sign it"));
}

TEST_F(JsonWebTokenTest, ChangedClaimsAreRefused) {
  const std::string good =
      ForgeToken(R"({"sub": "alice", "exp": 1700000300})", JWT_ALG_HS256);
  const std::string other =
      ForgeToken(R"({"sub": "mallory", "exp": 1700000300})", JWT_ALG_HS256,
                 "another key, which is also long enough");
  const std::vector<std::string> good_parts = absl::StrSplit(good, '.');
  const std::vector<std::string> other_parts = absl::StrSplit(other, '.');
  EXPECT_NE(Refusal(absl::StrCat(good_parts[0], ".", other_parts[1], ".",
                                 good_parts[2])),
            "");
}

TEST_F(JsonWebTokenTest, AnotherAlgorithmIsRefusedEvenWithTheRightKey) {
  const std::string claims = R"({"sub": "alice", "exp": 1700000300})";
  for (jwt_alg_t algorithm : {JWT_ALG_HS384, JWT_ALG_HS512}) {
    EXPECT_THAT(Refusal(ForgeToken(claims, algorithm)), HasSubstr("not HS256"))
        << jwt_alg_str(algorithm);
  }
  // {"alg":"RS256"}: an attacker who signs with what the server uses to verify.
  EXPECT_NE(
      Refusal("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDMwMH0"
              ".c2lnbmF0dXJl"),
      "");
}

TEST_F(JsonWebTokenTest, NoneIsRefusedInEverySpelling) {
  const std::string none =
      ForgeToken(R"({"sub": "alice", "exp": 1700000300})", JWT_ALG_NONE);
  EXPECT_NE(Refusal(none), "");
  const std::string rest = none.substr(none.find('.'));
  for (absl::string_view header : {
           "eyJhbGciOiJub25lIn0",  // {"alg":"none"}
           "eyJhbGciOiJOb25lIn0",  // {"alg":"None"}
           "eyJhbGciOiJuT25FIn0",  // {"alg":"nOnE"}
           "eyJhbGciOiJOT05FIn0",  // {"alg":"NONE"}
           "eyJhbGciOiIifQ",       // {"alg":""}
           "e30",                  // {}
       }) {
    EXPECT_NE(Refusal(absl::StrCat(header, rest)), "") << header;
    EXPECT_NE(Refusal(absl::StrCat(header, rest, "c2lnbmF0dXJl")), "")
        << header;
  }
}

TEST_F(JsonWebTokenTest, WhatTheClaimsMustHave) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"exp": 1700000300})", "no subject"},
      {R"({"sub": "", "exp": 1700000300})", "no subject"},
      {R"({"sub": 7, "exp": 1700000300})", "no subject"},
      {R"({"sub": "alice"})", "no expiry"},
      {R"({"sub": "alice", "exp": "1700000300"})", "not a number"},
      {R"({"sub": "alice", "exp": 1700000300.5})", "not a number"},
      {R"({"sub": "alice", "exp": true})", "not a number"},
      {R"({"sub": "alice", "exp": 1700000300, "nbf": "1800000000"})",
       "not a number"},
      {R"({"sub": "alice", "exp": -1})", "expired"},
      {R"({"sub": "alice", "exp": 1700000300, "aud": "billing"})", "audience"},
      {R"({"sub": "alice", "exp": 1700000300, "aud": ["billing", "movies"]})",
       "audience"},
      {R"({"sub": "alice", "exp": 1700000300, "aud": null})", "audience"},
  };
  for (const auto& [claims, refusal] : cases) {
    EXPECT_THAT(Refusal(ForgeToken(claims, JWT_ALG_HS256)), HasSubstr(refusal))
        << claims;
  }
}

TEST_F(JsonWebTokenTest, ACriticalExtensionIsRefused) {
  const std::string claims = R"({"sub": "alice", "exp": 1700000300})";
  EXPECT_EQ(Refusal(ForgeToken(claims, JWT_ALG_HS256, kKey, R"({"x": 1})")), "")
      << "What is not critical may be ignored.";
  EXPECT_THAT(Refusal(ForgeToken(claims, JWT_ALG_HS256, kKey,
                                 R"({"x": 1, "crit": ["x"]})")),
              HasSubstr("critical"));
}

TEST_F(JsonWebTokenTest, GarbageIsRefused) {
  const std::string good = TokenFor(now_, now_ + absl::Hours(1));
  for (const std::string& token : std::vector<std::string>{
           "", ".", "..", "...", "a.b.c", "=.=.=", "\xff.\xff.\xff", good + ".",
           good + "A", "." + good, good + std::string("\0x", 2),
           good.substr(0, good.size() - 1), std::string(1 << 20, 'A'),
           std::string(1 << 20, '.')}) {
    EXPECT_NE(Refusal(token), "") << token.substr(0, 200);
  }
}

TEST_F(JsonWebTokenTest, ATokenTooLongIsNotEvenParsed) {
  EXPECT_THAT(Refusal(std::string(TokenVerifier::kMaxTokenBytes + 1, 'A')),
              HasSubstr("bytes"));
  EXPECT_THAT(Refusal(std::string(TokenVerifier::kMaxTokenBytes, 'A')),
              HasSubstr("not a token"));
}

TEST_F(JsonWebTokenTest, ATokenNeedsASubjectAndAnExpiry) {
  EXPECT_EQ(SignToken({"", now_, now_}, TestKey()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SignToken({"alice", now_, absl::InfiniteFuture()}, TestKey())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SigningKeyTest, AShortKeyIsRefusedAndNotTold) {
  const absl::Status status = SigningKey::Create("short secret").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("32"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST(SigningKeyTest, ComesFromAFile) {
  const std::string path = absl::StrCat(testing::TempDir(), "/key");
  {
    std::ofstream file(path);
    file << kKey << "\n";
  }
  absl::StatusOr<SigningKey> key = SigningKey::FromFile(path);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->bytes(), kKey);
  EXPECT_EQ(SigningKey::FromFile(path + ".absent").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace movies
