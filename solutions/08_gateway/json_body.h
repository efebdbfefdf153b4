// HTTP bodies in JSON, by protobuf's own JSON mapping: a message, or one field
// of it.

#ifndef JSON_BODY_H_
#define JSON_BODY_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "http_route.h"

namespace movies {

// Reads a request's body. `field` says what it is, as HttpRoute::body does: "*"
// for all of `request`, the name of a field of its own as the .proto file has
// it, or empty if there is no body. What `request` held before is lost if it is
// "*"; otherwise only what the field held. An empty body sets nothing.
//
// INVALID_ARGUMENT for a body that is no JSON (RFC 8259), is nested more than
// 100 deep, or is not the message's: it names the place, or the field, in
// question. The same for a body where there is none. `request` is
// then unspecified. Thread-safe, as far as `request` is.
absl::Status ReadBody(absl::string_view field, absl::string_view body,
                      google::protobuf::Message* request);

// Returns the body of the answer: the response, or the field of it that the
// route names, on one line. As JSON has it: fields that are not set are left
// out, and if the body is such a field, it is its default, or null.
//
// INTERNAL for a response without JSON: an Any of unknown type in it, a
// Timestamp out of its range. Thread-safe.
absl::StatusOr<std::string> ResponseJson(
    const HttpRoute& route, const google::protobuf::Message& response);

}  // namespace movies

#endif  // JSON_BODY_H_
