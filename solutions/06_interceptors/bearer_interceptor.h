// Attaches a token to every call of a channel: `authorization: Bearer …`.
//
//   TokenSource source(…);
//   std::vector<std::unique_ptr<
//       grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
//   interceptors.push_back(std::make_unique<BearerInterceptorFactory>(
//       [&source] { return source.Token(); }));
//   auto channel = grpc::experimental::CreateCustomChannelWithInterceptors(
//       target, credentials, arguments, std::move(interceptors));

#ifndef BEARER_INTERCEPTOR_H_
#define BEARER_INTERCEPTOR_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace movies {

// Returns a token that is valid now, or why there is none. Called once for each
// call, on the thread that starts the call, from many threads at once. While it
// waits, so does that thread.
using GetToken = std::function<absl::StatusOr<std::string>()>;

// How a call ends for which there is no token: UNAVAILABLE if that may be
// better next time, that is, if getting it ended with UNAVAILABLE or
// DEADLINE_EXCEEDED, else UNAUTHENTICATED. Any other code would be taken for
// the server's word on the call: NOT_FOUND for a movie that does not exist.
grpc::Status NoToken(const absl::Status& reason);

// The interceptor of one call. It adds the token to the metadata that the call
// begins with; a stream's messages need none.
//
// Without a token the call fails here, with NoToken(), and is never sent. The
// only way for that is to hijack it: from then on the interceptor answers in
// the server's place, whatever the application asks for.
class BearerInterceptor final : public grpc::experimental::Interceptor {
 public:
  // `get_token` outlives the interceptor.
  explicit BearerInterceptor(const GetToken& get_token)
      : get_token_(get_token) {}

  // gRPC calls it at each step of the call. A stream's two directions call it
  // at the same time; the first batch comes before all others. Each time it
  // must call Proceed() or Hijack(), once. Hijack() calls Intercept() again
  // before it returns: set what that needs first.
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override;

 private:
  const GetToken& get_token_;
  // How the call ends, if it was hijacked.
  std::optional<grpc::Status> failure_;
};

// Makes one for each call. Owned by the channel, and lives as long as it.
class BearerInterceptorFactory final
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit BearerInterceptorFactory(GetToken get_token);

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo* info) override;

 private:
  const GetToken get_token_;
};

}  // namespace movies

#endif  // BEARER_INTERCEPTOR_H_
