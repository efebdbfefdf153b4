#include "manual_resolver.h"

namespace movies {

class ManualResolverBuilder::ManualResolver : public support::Resolver {
 public:
  ManualResolver(ManualResolverBuilder* builder,
                 std::shared_ptr<support::ClientConnection> connection)
      : builder_(*builder), connection_(std::move(connection)) {}

  ~ManualResolver() override { builder_.Leave(connection_); }

 private:
  ManualResolverBuilder& builder_;
  const std::shared_ptr<support::ClientConnection> connection_;
};

absl::StatusOr<std::unique_ptr<support::Resolver>> ManualResolverBuilder::Build(
    const support::ResolverTarget& /*target*/,
    std::shared_ptr<support::ClientConnection> connection) {
  // Before Join(), so that whoever joins leaves, whatever happens.
  auto resolver = std::make_unique<ManualResolver>(this, connection);
  absl::Status status = Join(connection);
  // The channel knows of a bad address already. It still needs its resolver,
  // to hear of better ones.
  if (!status.ok() && !absl::IsInvalidArgument(status)) return status;
  return resolver;
}

absl::Status ManualResolverBuilder::SetAddresses(
    std::vector<std::string> addresses) {
  // Locked until all have heard of it: of two lists that are set at the same
  // time, every channel gets the same one last.
  absl::MutexLock lock(&mutex_);
  addresses_ = std::move(addresses);
  absl::Status first_fault;
  for (const auto& connection : connections_) {
    absl::Status status = connection->UpdateState({*addresses_});
    if (!absl::IsCancelled(status)) first_fault.Update(status);
  }
  return first_fault;
}

absl::Status ManualResolverBuilder::Join(
    const std::shared_ptr<support::ClientConnection>& connection) {
  absl::MutexLock lock(&mutex_);
  connections_.insert(connection);
  if (!addresses_.has_value()) return absl::OkStatus();
  return connection->UpdateState({*addresses_});
}

void ManualResolverBuilder::Leave(
    const std::shared_ptr<support::ClientConnection>& connection) {
  absl::MutexLock lock(&mutex_);
  connections_.erase(connection);
}

}  // namespace movies
