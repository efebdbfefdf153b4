#include "token_processor.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"

namespace movies {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

}  // namespace

TokenProcessor::TokenProcessor(TokenVerifier verifier)
    : TokenProcessor(std::move(verifier), Options()) {}

TokenProcessor::TokenProcessor(TokenVerifier verifier, Options options)
    : verifier_(std::move(verifier)), options_(std::move(options)) {}

bool TokenProcessor::IsOpen(const InputMetadata& metadata) const {
  // HTTP/2's own header, which handlers do not see, names the method.
  const auto path = metadata.find(":path");
  return path != metadata.end() &&
         options_.open_methods.contains(
             absl::string_view(path->second.data(), path->second.size()));
}

// TODO(06_interceptors.token_processor): Authenticate: exactly one
// `authorization`, which begins with kScheme in any letter case; verifier_ says
// whether to believe what follows. Process: let open methods and valid tokens
// through. Tell on_refused, if there is one, what is wrong with the others, and
// the caller only that it is refused.
grpc::Status TokenProcessor::Process(const InputMetadata& auth_metadata,
                                     grpc::AuthContext* context,
                                     OutputMetadata* consumed_auth_metadata,
                                     OutputMetadata* response_metadata) {
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(06_interceptors.token_processor)");
}

absl::StatusOr<TokenClaims> TokenProcessor::Authenticate(
    const InputMetadata& metadata) const {
  return absl::UnimplementedError("TODO(06_interceptors.token_processor)");
}
// END TODO(06_interceptors.token_processor)

}  // namespace movies
