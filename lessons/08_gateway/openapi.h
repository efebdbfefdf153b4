// An OpenAPI description of annotated services, for those who know HTTP and
// JSON only: for documentation, for generated clients, for tools that try an
// API out. https://spec.openapis.org/oas/v3.0.3

#ifndef OPENAPI_H_
#define OPENAPI_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace movies {

// What no .proto file says.
struct OpenApiInfo {
  std::string title;
  // Of the API, not of OpenAPI.
  std::string version;
};

// Returns, as JSON, a document of OpenAPI 3.0.3 with an operation for each
// route of `services`. Comments become descriptions where the pool of the
// services has them; generated code has none.
//
// INVALID_ARGUMENT for annotations that RoutesOf() refuses.
//
// What OpenAPI cannot say is left out or said in words:
// - A route by a method of HTTP that it does not know, or by any ("*"), and one
//   that it cannot tell from an earlier one, such as "/{a=**}" from "/{a}".
// - That a parameter for "**" may be several segments of the path.
// - That a stream is one JSON object a line: its content is
//   application/x-ndjson, its schema that of a line.
// - In a query: fields that are maps or repeated messages, which http.proto
//   forbids there, and what a message holds of its own type.
absl::StatusOr<std::string> OpenApi(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services,
    const OpenApiInfo& info);

}  // namespace movies

#endif  // OPENAPI_H_
