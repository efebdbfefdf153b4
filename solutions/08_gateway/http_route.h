// The routes of a service: which HTTP requests call which of its methods, as
// its .proto file says in google.api.http options.

#ifndef HTTP_ROUTE_H_
#define HTTP_ROUTE_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "path_template.h"

namespace movies {

// One way to call a method by HTTP. Fields have the names of the .proto file,
// not those of JSON. Checked against the method, if it comes from RoutesOf():
// every field that it names exists and can be set from there.
// Slide: http_route
struct HttpRoute {
  // Outlives the route; belongs to its pool.
  const google::protobuf::MethodDescriptor* method;
  // "GET", "PUT", "POST", "DELETE", "PATCH", a custom one as it was written, or
  // "*" for any.
  std::string http_method;
  PathTemplate path;
  // The request's field that the HTTP body is; "*" for all of the request that
  // the path does not have; empty if there is no body.
  std::string body;
  // The response's field that the HTTP body is; empty for the whole response.
  std::string response_body;
};
// End slide: http_route

// Returns the routes of all methods that have the option, in the order of the
// .proto file, additional bindings included. A method without it has none.
//
// INVALID_ARGUMENT, naming the method and the mistake, for what http.proto
// forbids: a rule without a pattern, a bad template, a variable whose field is
// unknown, repeated, a map or a message; two fields of one oneof; a body that
// is no field of the request, or one that a variable sets; a body where HTTP
// has none (GET, HEAD, DELETE); a response body that is no field of the
// response; a custom kind that is no HTTP method; additional bindings of their
// own in additional bindings. A variable may be a field within the body: the
// path then has the last word.
absl::StatusOr<std::vector<HttpRoute>> RoutesOf(
    const google::protobuf::ServiceDescriptor& service);

}  // namespace movies

#endif  // HTTP_ROUTE_H_
