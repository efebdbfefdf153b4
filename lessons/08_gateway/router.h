// Finds the route of an HTTP request.

#ifndef ROUTER_H_
#define ROUTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "http_route.h"
#include "match_template.h"

namespace movies {

// Thread-safe, since it never changes.
class Router {
 public:
  struct Result {
    // The route to take; null if there is none. Belongs to the router.
    const HttpRoute* route = nullptr;
    // What the route's variables are in the path.
    std::vector<PathBinding> bindings;
    // The methods that routes have for this path, sorted, each once; not those
    // that a route for any method adds. Empty and no route: the answer is 404.
    // Not empty and no route: it is 405, and this is its header Allow.
    std::vector<std::string> allow;
  };

  // ALREADY_EXISTS if two routes have the same method and match the same paths,
  // whatever their variables are called; names both.
  static absl::StatusOr<Router> Make(std::vector<HttpRoute> routes);

  // Finds the route whose template says most about `path`, in whatever order
  // the routes were given: from left to right, a literal says more than "*",
  // and that more than "**". Between equal templates, the method itself beats
  // "*".
  //
  // If any route has a verb that the path ends with, it is that verb: routes
  // without one do not take it for a part of a variable.
  //
  // HEAD takes a route for HEAD, or as HTTP demands, one for GET: the caller
  // sends no body then.
  //
  // `path` is as MatchTemplate() takes it. Takes time proportional to the
  // number of routes.
  Result Find(absl::string_view http_method, absl::string_view path) const;

 private:
  explicit Router(std::vector<HttpRoute> routes);

  // Those that say most come first.
  std::vector<HttpRoute> routes_;
};

}  // namespace movies

#endif  // ROUTER_H_
