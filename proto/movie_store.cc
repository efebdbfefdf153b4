#include "proto/movie_store.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "support/text_proto.h"

namespace movies {
namespace {

v1::Catalogue BuiltInCatalogue() {
  absl::StatusOr<v1::Catalogue> catalogue = ParseCatalogue(CatalogueText());
  if (!catalogue.ok()) {
    // movie_store_test parses the same text, so this is a program that was
    // built without its tests.
    std::cerr << catalogue.status() << "\n";
    std::abort();
  }
  return *std::move(catalogue);
}

}  // namespace

absl::StatusOr<v1::Catalogue> ParseCatalogue(absl::string_view text) {
  v1::Catalogue catalogue;
  absl::Status status =
      support::ParseTextProto(text, "catalogue.textproto", &catalogue);
  if (!status.ok()) return status;
  absl::flat_hash_set<int32_t> seen;
  for (const v1::Movie& movie : catalogue.movies()) {
    if (movie.mid() < 1) {
      return absl::InvalidArgumentError(absl::StrCat("\"", movie.movie_name(),
                                                     "\" has mid ", movie.mid(),
                                                     "; an ID is positive"));
    }
    if (movie.movie_name().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("movie ", movie.mid(), " has no movie_name"));
    }
    if (!seen.insert(movie.mid()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", movie.movie_name(), "\" has mid ", movie.mid(),
                       ", which another movie has already"));
    }
  }
  return catalogue;
}

MovieStore::MovieStore() : MovieStore(BuiltInCatalogue()) {}

MovieStore::MovieStore(const v1::Catalogue& catalogue) {
  for (const v1::Movie& movie : catalogue.movies()) Put(movie);
}

std::optional<v1::Movie> MovieStore::Find(int32_t mid) const {
  absl::ReaderMutexLock lock(&mutex_);
  auto found = movies_.find(mid);
  if (found == movies_.end()) return std::nullopt;
  return found->second;
}

std::vector<v1::Movie> MovieStore::Query(absl::string_view text) const {
  const std::string wanted = absl::AsciiStrToLower(text);
  std::vector<v1::Movie> result;
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [mid, movie] : movies_) {
    if (absl::StrContains(absl::AsciiStrToLower(movie.movie_description()),
                          wanted)) {
      result.push_back(movie);
    }
  }
  return result;
}

bool MovieStore::Put(v1::Movie movie) {
  absl::MutexLock lock(&mutex_);
  const int32_t mid = movie.mid();
  return movies_.insert_or_assign(mid, std::move(movie)).second;
}

std::size_t MovieStore::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return movies_.size();
}

}  // namespace movies
