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

// TODO(07_resolvers.manual_resolver): Remember the addresses and tell every
// connection. A connection that joins hears of what is known, and of all that
// comes; one that leaves is forgotten. The header says which faults to return.
absl::Status ManualResolverBuilder::SetAddresses(
    std::vector<std::string> addresses) {
  return absl::UnimplementedError("TODO(07_resolvers.manual_resolver)");
}

absl::Status ManualResolverBuilder::Join(
    const std::shared_ptr<support::ClientConnection>& connection) {
  return absl::UnimplementedError("TODO(07_resolvers.manual_resolver)");
}

void ManualResolverBuilder::Leave(
    const std::shared_ptr<support::ClientConnection>& connection) {}
// END TODO(07_resolvers.manual_resolver)

}  // namespace movies
