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
  if (methods->QueryInterceptionHookPoint(
          HookPoint::PRE_SEND_INITIAL_METADATA)) {
    const absl::StatusOr<std::string> token = get_token_();
    if (!token.ok()) {
      failure_ = NoToken(token.status());
      methods->Hijack();
      return;
    }
    methods->GetSendInitialMetadata()->emplace("authorization",
                                               absl::StrCat("Bearer ", *token));
  }
  if (failure_.has_value()) {
    if (methods->QueryInterceptionHookPoint(HookPoint::PRE_SEND_MESSAGE)) {
      methods->FailHijackedSendMessage();
    }
    if (methods->QueryInterceptionHookPoint(HookPoint::PRE_RECV_MESSAGE)) {
      methods->FailHijackedRecvMessage();
    }
    if (methods->QueryInterceptionHookPoint(HookPoint::PRE_RECV_STATUS)) {
      *methods->GetRecvStatus() = *failure_;
    }
  }
  methods->Proceed();
}

BearerInterceptorFactory::BearerInterceptorFactory(GetToken get_token)
    : get_token_(std::move(get_token)) {}

grpc::experimental::Interceptor*
BearerInterceptorFactory::CreateClientInterceptor(
    grpc::experimental::ClientRpcInfo*) {
  return new BearerInterceptor(get_token_);
}

}  // namespace movies
