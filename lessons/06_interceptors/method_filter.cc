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

// TODO(06_interceptors.method_filter): Say whether one of the patterns names
// the method. In the factories, make the wrapped factory's interceptor for a
// method that is chosen, and for another none: see what gRPC lets a factory
// return.
bool MethodFilter::Matches(absl::string_view method) const { return false; }

Interceptor* FilteredClientFactory::CreateClientInterceptor(
    ClientRpcInfo* info) {
  return nullptr;
}

Interceptor* FilteredServerFactory::CreateServerInterceptor(
    ServerRpcInfo* info) {
  return nullptr;
}
// END TODO(06_interceptors.method_filter)

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
