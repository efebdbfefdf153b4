#include "support/resolver.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "support/resolver_registry.h"

namespace support {
namespace {

// gRPC registers these after everybody else, and ends the program if one is
// taken. "binder" and "vsock" are not in every build.
constexpr absl::string_view kSchemesOfGrpc[] = {
    "binder", "dns",  "fake",          "google-c2p",
    "ipv4",   "ipv6", "unix",          "google-c2p-experimental",
    "vsock",  "xds",  "unix-abstract",
};

bool IsScheme(absl::string_view scheme) {
  if (scheme.empty() || !absl::ascii_islower(scheme[0])) return false;
  for (unsigned char c : scheme) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '+' &&
        c != '-' && c != '.') {
      return false;
    }
  }
  return true;
}

class Registry {
 public:
  // The process's one. Never destroyed, as channels may outlive main().
  static Registry& Get() {
    static Registry& registry = *new Registry;
    return registry;
  }

  absl::Status Add(const std::string& scheme,
                   std::shared_ptr<ResolverBuilder> builder) {
    absl::MutexLock lock(&mutex_);
    if (builders_.count(scheme) != 0) {
      return absl::AlreadyExistsError(absl::StrCat(
          "a resolver for the scheme \"", scheme, "\" is registered already"));
    }
    if (closed_) {
      return absl::FailedPreconditionError(absl::StrCat(
          "too late to register a resolver for the scheme \"", scheme,
          "\": register it before the program's first "
          "channel or server"));
    }
    builders_.emplace(scheme, std::move(builder));
    return absl::OkStatus();
  }

  std::shared_ptr<ResolverBuilder> Find(absl::string_view scheme) {
    absl::MutexLock lock(&mutex_);
    auto found = builders_.find(scheme);
    return found == builders_.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<ResolverBuilder>> Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    std::vector<std::shared_ptr<ResolverBuilder>> builders;
    for (const auto& [scheme, builder] : builders_) builders.push_back(builder);
    return builders;
  }

 private:
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::shared_ptr<ResolverBuilder>, std::less<>> builders_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::string_view ResolverTarget::endpoint() const {
  return absl::StripPrefix(path, "/");
}

absl::Status ResolverBuilder::CheckTarget(
    const ResolverTarget& /*target*/) const {
  return absl::OkStatus();
}

absl::Status RegisterResolver(std::shared_ptr<ResolverBuilder> builder) {
  const std::string scheme = builder->Scheme();
  if (!IsScheme(scheme)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", scheme,
                     "\" is no scheme: it takes a lower case letter, then "
                     "lower case letters, digits, \"+\", \"-\" and \".\""));
  }
  for (absl::string_view taken : kSchemesOfGrpc) {
    if (scheme == taken) {
      return absl::AlreadyExistsError(
          absl::StrCat("the scheme \"", scheme, "\" is gRPC's own"));
    }
  }
  return Registry::Get().Add(scheme, std::move(builder));
}

namespace resolver_internal {

std::vector<std::shared_ptr<ResolverBuilder>> CloseRegistry() {
  return Registry::Get().Close();
}

std::shared_ptr<ResolverBuilder> FindResolverBuilder(absl::string_view scheme) {
  return Registry::Get().Find(scheme);
}

absl::Status ToUnavailable(const absl::Status& error) {
  if (absl::IsUnavailable(error)) return error;
  if (error.ok()) {
    return absl::UnavailableError("the resolver failed without saying why");
  }
  return absl::UnavailableError(error.ToString());
}

}  // namespace resolver_internal
}  // namespace support
