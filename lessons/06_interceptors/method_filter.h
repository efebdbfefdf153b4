// Interceptors for chosen methods only. One that is set on a channel or on a
// server otherwise runs for every method.
//
//   absl::StatusOr<MethodFilter> ratings =
//       MethodFilter::Create({"/movies.v1.MoviesService/RateMovie",
//                             "/movies.v1.MoviesService/RateMovies"});
//   if (!ratings.ok()) return ratings.status();
//   chain.push_back(OnlyFor(*ratings, NewClientLoggingFactory(sink)));

#ifndef METHOD_FILTER_H_
#define METHOD_FILTER_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// A set of methods. Immutable, so any thread may ask it.
class MethodFilter {
 public:
  // Chooses the methods that these patterns name: "/package.Service/Method" for
  // one method, "/package.Service/*" for all of a service. INVALID_ARGUMENT,
  // with the pattern, for anything else: a pattern that can match nothing is a
  // mistake that nobody would notice. No patterns choose no method.
  static absl::StatusOr<MethodFilter> Create(std::vector<std::string> patterns);

  // Whether the method is chosen. `method` is its full name, as
  // ClientRpcInfo::method() and ServerRpcInfo::method() have it:
  // "/movies.v1.MoviesService/GetMovie". Letter case matters, as on the wire.
  // Slide: matches
  bool Matches(absl::string_view method) const;
  // End slide: matches

 private:
  explicit MethodFilter(std::vector<std::string> patterns)
      : patterns_(std::move(patterns)) {}

  std::vector<std::string> patterns_;
};

// Makes another factory's interceptors for the chosen methods, and none for
// others: such a call is as if the factory had not been set. Both factories'
// functions run on the thread that makes the call, several at once.
class FilteredClientFactory final
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  FilteredClientFactory(
      MethodFilter filter,
      std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
          factory)
      : filter_(std::move(filter)), factory_(std::move(factory)) {}

  // Returns the interceptor for this call, which gRPC owns, or nullptr for
  // none.
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo* info) override;

 private:
  const MethodFilter filter_;
  const std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
      factory_;
};

// The same for a server.
class FilteredServerFactory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  FilteredServerFactory(
      MethodFilter filter,
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
          factory)
      : filter_(std::move(filter)), factory_(std::move(factory)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  const MethodFilter filter_;
  const std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
      factory_;
};

// Returns a factory for a channel's chain.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface> OnlyFor(
    MethodFilter filter,
    std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
        factory);

// Returns a factory for a server's chain.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> OnlyFor(
    MethodFilter filter,
    std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
        factory);

}  // namespace movies

#endif  // METHOD_FILTER_H_
