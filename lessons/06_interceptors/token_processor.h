// Refuses calls without a valid token before any handler runs: whatever the
// method, unary or stream, and whatever the handler's API.
//
//   auto processor = std::make_shared<TokenProcessor>(TokenVerifier(key));
//   std::shared_ptr<grpc::ServerCredentials> credentials =
//       grpc::SslServerCredentials(…);
//   credentials->SetAuthMetadataProcessor(processor);
//   builder.AddListeningPort(address, credentials);
//
//   // In a handler, if it has to know who calls:
//   absl::StatusOr<TokenClaims> caller =
//       processor->Authenticate(context->client_metadata());

#ifndef TOKEN_PROCESSOR_H_
#define TOKEN_PROCESSOR_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <functional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "json_web_token.h"

namespace movies {

// gRPC calls Process() for each call on a port whose credentials have this
// processor, when the call's metadata is there and nobody has seen the call
// yet. Not for insecure credentials, which can have none. Thread-safe.
class TokenProcessor final : public grpc::AuthMetadataProcessor {
 public:
  // What every refused caller is told, whatever was wrong with its token.
  static constexpr char kRefusal[] = "a valid token is needed";

  struct Options {
    // Methods that need no token, as gRPC writes them:
    // "/grpc.health.v1.Health/Check". Every other one does, also one that is
    // added to a service later.
    absl::flat_hash_set<std::string> open_methods;

    // Told why a call is refused, for the server's log; the reason holds no
    // secret. Called from several threads at once, on the call's way: it must
    // not block.
    std::function<void(const absl::Status& reason)> on_refused;
  };

  explicit TokenProcessor(TokenVerifier verifier);
  TokenProcessor(TokenVerifier verifier, Options options);

  // Checking a signature takes microseconds: no other thread is needed for it.
  bool IsBlocking() const override { return false; }

  // OK if the method is open, or the metadata has a valid token. Otherwise
  // UNAUTHENTICATED with kRefusal as its message, and then no handler runs.
  //
  // `context` is left alone. It looks like the place for the caller's name, but
  // belongs to the connection: all its calls share it, at the same time, and a
  // connection may carry many callers. Nor is anything consumed, that is, taken
  // out of the metadata: a handler asks Authenticate() who calls.
  // Slide: process
  grpc::Status Process(const InputMetadata& auth_metadata,
                       grpc::AuthContext* context,
                       OutputMetadata* consumed_auth_metadata,
                       OutputMetadata* response_metadata) override;
  // End slide: process

  // What the token in a call's metadata says. There must be one
  // `authorization`, with the scheme `Bearer` (RFC 6750, section 2.1) in any
  // letter case (RFC 9110, section 11.1), one space, and a token that the
  // verifier accepts. UNAUTHENTICATED otherwise, with a reason for the server's
  // log.
  absl::StatusOr<TokenClaims> Authenticate(const InputMetadata& metadata) const;

 private:
  // Whether the call's method needs no token.
  bool IsOpen(const InputMetadata& metadata) const;

  const TokenVerifier verifier_;
  const Options options_;
};

}  // namespace movies

#endif  // TOKEN_PROCESSOR_H_
