#include "router.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

// What a template says, in an order in which those that say most come first.
// Segments are compared from left to right.
auto Rank(const HttpRoute& route) {
  // A template that ends says more than one that goes on with "**".
  constexpr int kLiteral = 0, kOne = 1, kEnd = 2, kRest = 3;
  std::vector<std::pair<int, std::string>> segments;
  for (const std::string& segment : route.path.segments()) {
    const int kind = segment == "*" ? kOne : segment == "**" ? kRest : kLiteral;
    segments.emplace_back(kind, segment);
  }
  segments.emplace_back(kEnd, "");
  return std::make_tuple(route.path.verb().empty(), std::move(segments),
                         route.path.verb(), route.http_method == "*",
                         route.http_method);
}

std::string Describe(const HttpRoute& route) {
  return absl::StrCat(route.http_method, " ", route.path.text(), " of ",
                      route.method->full_name());
}

constexpr int kNoFit = 3;

// Returns how well a route's method fits a request's: the less, the better.
int Misfit(absl::string_view route_method, absl::string_view http_method) {
  if (route_method == http_method) return 0;
  if (route_method == "GET" && http_method == "HEAD") return 1;
  return route_method == "*" ? 2 : kNoFit;
}

}  // namespace

Router::Router(std::vector<HttpRoute> routes) : routes_(std::move(routes)) {}

absl::StatusOr<Router> Router::Make(std::vector<HttpRoute> routes) {
  std::stable_sort(
      routes.begin(), routes.end(),
      [](const HttpRoute& a, const HttpRoute& b) { return Rank(a) < Rank(b); });
  const auto same = std::adjacent_find(
      routes.begin(), routes.end(), [](const HttpRoute& a, const HttpRoute& b) {
        return Rank(a) == Rank(b);
      });
  if (same != routes.end()) {
    return absl::AlreadyExistsError(absl::StrCat(Describe(*same), " and ",
                                                 Describe(*std::next(same)),
                                                 " match the same requests"));
  }
  return Router(std::move(routes));
}

Router::Result Router::Find(absl::string_view http_method,
                            absl::string_view path) const {
  Result result;
  int best = kNoFit;
  bool verb = false;
  std::set<std::string> allow;
  for (const HttpRoute& route : routes_) {
    // Those with a verb come first.
    if (verb && route.path.verb().empty()) break;
    auto bindings = MatchTemplate(route.path, path);
    if (!bindings.has_value()) continue;
    verb = !route.path.verb().empty();
    if (route.http_method != "*") allow.insert(route.http_method);
    if (route.http_method == "GET") allow.insert("HEAD");
    const int misfit = Misfit(route.http_method, http_method);
    // A later route says less, but if it differs by its method only.
    if (misfit < best &&
        (result.route == nullptr ||
         result.route->path.segments() == route.path.segments())) {
      best = misfit;
      result.route = &route;
      result.bindings = *std::move(bindings);
    }
  }
  result.allow.assign(allow.begin(), allow.end());
  return result;
}

}  // namespace movies
