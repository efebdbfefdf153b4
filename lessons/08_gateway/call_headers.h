// What of an HTTP request's head goes on to the call: the time that there is,
// and the headers that are on a list.

#ifndef CALL_HEADERS_H_
#define CALL_HEADERS_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "support/http_server.h"

namespace movies {

// Returns how long the client will wait, or an infinite duration if it does not
// say. It says so in one of two headers; if there are more, the shortest
// counts:
//
// - grpc-timeout, as gRPC itself sends it: one to eight digits and a unit, H,
// M,
//   S, m (milliseconds), u or n (PROTOCOL-HTTP2.md)
// - Request-Timeout: seconds, such as "2.5"
//
// INVALID_ARGUMENT, naming the header, for anything else.
absl::StatusOr<absl::Duration> TimeoutOf(const support::HttpRequest& request);

// Whether an HTTP header may be passed on as metadata of the same name.
// INVALID_ARGUMENT for one that is no metadata key in lower case, that begins
// with "grpc-", or that is about the HTTP connection or the body.
absl::Status CheckHeaderName(absl::string_view name);

// Adds the headers that `names` has, in whatever case they came, to a call that
// has not started. `names` have passed CheckHeaderName(). A header that came
// more than once is added more than once; the value of one that ends in "-bin"
// is base64, and decoded here.
//
// INVALID_ARGUMENT, naming the header and never its value, which may be secret,
// if that is not printable ASCII, or no base64. RESOURCE_EXHAUSTED if all
// together is larger than `max_bytes`, counted as HTTP/2 does: the bytes of
// name and value, and 32. gRPC would end the process for the first, and the
// call for the second.
absl::Status AddHeaders(const support::HttpRequest& request,
                        const std::vector<std::string>& names,
                        std::size_t max_bytes, grpc::ClientContext& context);

// Returns the metadata of a finished call, or of a stream that has begun, that
// `names` has, as headers. Values of names that end in "-bin" become base64.
std::vector<support::HttpHeader> HeadersOf(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
    const std::vector<std::string>& names);

}  // namespace movies

#endif  // CALL_HEADERS_H_
