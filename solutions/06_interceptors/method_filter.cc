#include "method_filter.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

using ::grpc::experimental::ClientInterceptorFactoryInterface;
using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::ServerInterceptorFactoryInterface;
using ::grpc::experimental::ServerRpcInfo;

// Whether the pattern is "/service/method" with a "*" at most for the method.
bool IsPattern(absl::string_view pattern) {
  const std::vector<absl::string_view> parts = absl::StrSplit(pattern, '/');
  return parts.size() == 3 && parts[0].empty() && !parts[1].empty() &&
         !parts[2].empty() && !absl::StrContains(parts[1], '*') &&
         (parts[2] == "*" || !absl::StrContains(parts[2], '*'));
}

}  // namespace

absl::StatusOr<MethodFilter> MethodFilter::Create(
    std::vector<std::string> patterns) {
  for (const std::string& pattern : patterns) {
    if (!IsPattern(pattern)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", pattern,
          "' is neither '/package.Service/Method' nor '/package.Service/*'"));
    }
  }
  return MethodFilter(std::move(patterns));
}

bool MethodFilter::Matches(absl::string_view method) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [method](absl::string_view pattern) {
                       // What is left of "/package.Service/*" ends in a slash.
                       return absl::ConsumeSuffix(&pattern, "*")
                                  ? absl::StartsWith(method, pattern)
                                  : method == pattern;
                     });
}

Interceptor* FilteredClientFactory::CreateClientInterceptor(
    ClientRpcInfo* info) {
  if (!filter_.Matches(info->method())) return nullptr;
  return factory_->CreateClientInterceptor(info);
}

Interceptor* FilteredServerFactory::CreateServerInterceptor(
    ServerRpcInfo* info) {
  if (!filter_.Matches(info->method())) return nullptr;
  return factory_->CreateServerInterceptor(info);
}

std::unique_ptr<ClientInterceptorFactoryInterface> OnlyFor(
    MethodFilter filter,
    std::unique_ptr<ClientInterceptorFactoryInterface> factory) {
  return std::make_unique<FilteredClientFactory>(std::move(filter),
                                                 std::move(factory));
}

std::unique_ptr<ServerInterceptorFactoryInterface> OnlyFor(
    MethodFilter filter,
    std::unique_ptr<ServerInterceptorFactoryInterface> factory) {
  return std::make_unique<FilteredServerFactory>(std::move(filter),
                                                 std::move(factory));
}

}  // namespace movies
