// From the pieces of an HTTP request to the request of an RPC.

#ifndef BUILD_REQUEST_H_
#define BUILD_REQUEST_H_

#include <google/protobuf/message.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "http_route.h"
#include "match_template.h"
#include "query_string.h"

namespace movies {

// Fills `request`, which is empty and of the type that the route's method
// takes. Each leaf of it comes from one place:
//
// - what the path's variables name, from `bindings`: the path has the last word
//   where the body says something else, also with a value that is empty or 0;
// - what the route's body says, from `body`, which is JSON: one field with all
//   that is in it, or with "*" all that the path does not have;
// - the rest from `query`, by the names of fields: "query", "person.born". A
//   repeated field may be there several times. With the body "*", nothing is
//   left for the query.
//
// INVALID_ARGUMENT, naming the parameter, for one that is no field, one that
// comes from the path or the body, and one that is there twice without being
// repeated; naming field and value, for a value that is none; naming both
// fields, if they are of one oneof; for a body that is no JSON of the field, or
// that the route does not have. `request` is then unspecified. Thread-safe, as
// far as `request` is.
// Slide: build_request
absl::Status BuildRequest(const HttpRoute& route,
                          const std::vector<PathBinding>& bindings,
                          const QueryParameters& query, absl::string_view body,
                          google::protobuf::Message* request);
// End slide: build_request

}  // namespace movies

#endif  // BUILD_REQUEST_H_
