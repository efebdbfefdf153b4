#include "bearer_interceptor.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {

using HookPoint = grpc::experimental::InterceptionHookPoints;

grpc::Status NoToken(const absl::Status& reason) {
  const bool may_be_better_next_time =
      absl::IsUnavailable(reason) || absl::IsDeadlineExceeded(reason);
  return grpc::Status(
      may_be_better_next_time ? grpc::StatusCode::UNAVAILABLE
                              : grpc::StatusCode::UNAUTHENTICATED,
      absl::StrCat("no token to call with: ", reason.message()));
}

void BearerInterceptor::Intercept(
    grpc::experimental::InterceptorBatchMethods* methods) {
  // TODO(06_interceptors.bearer_interceptor): When the initial metadata is
  // about to be sent, add the token. If there is none, keep NoToken() in
  // failure_, hijack the call, and answer what the application asks for from
  // then on: no message can be sent, none comes, and the status is failure_.
  methods->Proceed();
  // END TODO(06_interceptors.bearer_interceptor)
}

BearerInterceptorFactory::BearerInterceptorFactory(GetToken get_token)
    : get_token_(std::move(get_token)) {}

grpc::experimental::Interceptor*
BearerInterceptorFactory::CreateClientInterceptor(
    grpc::experimental::ClientRpcInfo*) {
  return new BearerInterceptor(get_token_);
}

}  // namespace movies
