// A scheme of our own: "movies:///SHELF" leads to the servers that have the
// movies of a shelf.
//
//   absl::Status status = support::RegisterResolver(
//       std::make_shared<MoviesResolverBuilder>(MoviesResolverBuilder::Shelves{
//           {"drama", {"127.0.0.1:50051", "127.0.0.1:50052"}},
//           {"horror", {"127.0.0.1:50053"}}}));
//   ...
//   auto channel = grpc::CreateChannel("movies:///drama", credentials);

#ifndef MOVIES_RESOLVER_H_
#define MOVIES_RESOLVER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "support/resolver.h"

namespace movies {

// Knows every shelf from the start. Thread-safe, since it never changes.
class MoviesResolverBuilder : public support::ResolverBuilder {
 public:
  // The addresses of each shelf's servers, by the shelf's name. A name has no
  // slash and is not empty. A shelf may have no servers at the moment.
  using Shelves = std::map<std::string, std::vector<std::string>, std::less<>>;

  explicit MoviesResolverBuilder(Shelves shelves)
      : shelves_(std::move(shelves)) {}

  std::string Scheme() const override { return "movies"; }

  // OK if the target is nothing but the scheme and the name of a known shelf,
  // in the letter case that it has here; an empty query or fragment is none,
  // and "movies:drama" names the same as "movies:///drama", see endpoint().
  // Otherwise INVALID_ARGUMENT with a message that quotes the part that is
  // wrong, of a query the key, of a path without a shelf nothing; and says what
  // a target looks like and which shelves there are. The same for every fault:
  // whoever wrote the target has to mend it, and waiting helps nobody.
  absl::Status CheckTarget(
      const support::ResolverTarget& target) const override;

  // Reports the shelf's servers; with none, calls fail with UNAVAILABLE.
  absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
      const support::ResolverTarget& target,
      std::shared_ptr<support::ClientConnection> connection) override;

 private:
  // INVALID_ARGUMENT with what is wrong with a target, followed by what to
  // write instead.
  absl::Status Refuse(absl::string_view what_is_wrong) const;

  const Shelves shelves_;
};

}  // namespace movies

#endif  // MOVIES_RESOLVER_H_
