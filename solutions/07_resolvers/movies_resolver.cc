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
  // First what would be passed over in silence: somebody meant something by it.
  if (!target.authority.empty()) {
    return Refuse(absl::StrCat("the authority \"", target.authority,
                               "\" means nothing here, or a slash is missing "
                               "before the shelf"));
  }
  if (!target.query.empty()) {
    return Refuse(absl::StrCat("the query \"", target.query.front().first,
                               "\" means nothing here"));
  }
  if (!target.fragment.empty()) {
    return Refuse(absl::StrCat("the fragment \"", target.fragment,
                               "\" means nothing here"));
  }
  const absl::string_view shelf = target.endpoint();
  if (shelf.empty()) return Refuse("no shelf is named");
  if (absl::StrContains(shelf, '/')) {
    return Refuse(absl::StrCat("\"", shelf, "\" is more than a shelf's name"));
  }
  if (shelves_.count(shelf) == 0) {
    return Refuse(absl::StrCat("there is no shelf \"", shelf, "\""));
  }
  return absl::OkStatus();
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
