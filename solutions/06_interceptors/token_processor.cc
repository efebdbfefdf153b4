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

grpc::Status TokenProcessor::Process(const InputMetadata& auth_metadata,
                                     grpc::AuthContext*, OutputMetadata*,
                                     OutputMetadata*) {
  if (IsOpen(auth_metadata)) return grpc::Status::OK;
  const absl::Status reason = Authenticate(auth_metadata).status();
  if (reason.ok()) return grpc::Status::OK;
  if (options_.on_refused) options_.on_refused(reason);
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, kRefusal);
}

absl::StatusOr<TokenClaims> TokenProcessor::Authenticate(
    const InputMetadata& metadata) const {
  const auto [begin, end] = metadata.equal_range("authorization");
  if (std::distance(begin, end) != 1) {
    return absl::UnauthenticatedError("not exactly one authorization");
  }
  const absl::string_view value(begin->second.data(), begin->second.size());
  if (!absl::StartsWithIgnoreCase(value, kScheme)) {
    return absl::UnauthenticatedError("another scheme than Bearer");
  }
  return verifier_.Verify(value.substr(kScheme.size()));
}

}  // namespace movies
