// Channels whose addresses the program itself changes.
//
//   auto builder = std::make_shared<ManualResolverBuilder>("manual");
//   absl::Status status = support::RegisterResolver(builder);
//   ...
//   auto channel = grpc::CreateChannel("manual:///movies", credentials);
//   status = builder->SetAddresses({"127.0.0.1:50051"});
//   ...
//   status = builder->SetAddresses({"127.0.0.1:50052"});  // Calls follow.

#ifndef MANUAL_RESOLVER_H_
#define MANUAL_RESOLVER_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "support/resolver.h"

namespace movies {

// Gives all channels of its scheme the same addresses, whatever their targets
// say after the scheme. Thread-safe. Must outlive its resolvers, as one that is
// registered does.
class ManualResolverBuilder : public support::ResolverBuilder {
 public:
  // `scheme` as support::RegisterResolver() wants it.
  explicit ManualResolverBuilder(std::string scheme)
      : scheme_(std::move(scheme)) {}

  // Replaces the addresses: every channel in use hears of it, even if they are
  // the same, and those that are used later start with it. An empty list says
  // that there is no server: calls fail. Before the first call of this function
  // nothing is known, which is another thing: calls wait.
  //
  // Returns a fault that a channel found, INVALID_ARGUMENT if one of these is
  // no address; all channels hear of the list even so. That a channel
  // has just gone (CANCELLED) is no fault. If no channel is in use, nobody
  // looks at the addresses, and it is OK.
  absl::Status SetAddresses(std::vector<std::string> addresses);

  std::string Scheme() const override { return scheme_; }

  absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
      const support::ResolverTarget& target,
      std::shared_ptr<support::ClientConnection> connection) override;

 private:
  // Lives as long as its channel is in use: joins, and leaves at its end.
  class ManualResolver;

  // From now on the connection hears of every change; and at once of the
  // addresses, if they are known. Returns what UpdateState() does; OK if there
  // was nothing to say.
  absl::Status Join(
      const std::shared_ptr<support::ClientConnection>& connection);

  // The connection hears of nothing more and is not kept.
  void Leave(const std::shared_ptr<support::ClientConnection>& connection);

  const std::string scheme_;
  absl::Mutex mutex_;
  // What was set last; nothing before the first time.
  std::optional<std::vector<std::string>> addresses_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::shared_ptr<support::ClientConnection>> connections_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // MANUAL_RESOLVER_H_
