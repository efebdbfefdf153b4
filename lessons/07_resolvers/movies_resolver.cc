#include "movies_resolver.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace movies {

absl::Status MoviesResolverBuilder::Refuse(
    absl::string_view what_is_wrong) const {
  return absl::InvalidArgumentError(absl::StrCat(
      what_is_wrong, "; a target is movies:///SHELF, where SHELF is one of: ",
      absl::StrJoin(shelves_, ", ", [](std::string* out, const auto& shelf) {
        absl::StrAppend(out, shelf.first);
      })));
}

absl::Status MoviesResolverBuilder::CheckTarget(
    const support::ResolverTarget& target) const {
  // TODO(07_resolvers.movies_resolver): Refuse every target that is not a known
  // shelf's name and nothing else, and say what is wrong with it: one check for
  // each part of support::ResolverTarget but the scheme.
  return absl::UnimplementedError("TODO(07_resolvers.movies_resolver)");
  // END TODO(07_resolvers.movies_resolver)
}

// Slide: build
absl::StatusOr<std::unique_ptr<support::Resolver>> MoviesResolverBuilder::Build(
    const support::ResolverTarget& target,
    std::shared_ptr<support::ClientConnection> connection) {
  const auto shelf = shelves_.find(target.endpoint());
  if (shelf == shelves_.end()) {
    return absl::InternalError("CheckTarget() has agreed to an unknown shelf");
  }
  absl::Status status = connection->UpdateState({shelf->second});
  if (!status.ok()) return status;
  // All is said: the addresses never change.
  return std::make_unique<support::Resolver>();
}
// End slide: build

}  // namespace movies
