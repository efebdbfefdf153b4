// A call that failed, told in HTTP and JSON.
//
//   HTTP/1.1 404 Not Found
//   Content-Type: application/json
//
//   {"code":5,"message":"no movie has the ID 7","details":[
//     {"@type":"type.googleapis.com/movies.v1.MovieError", …}]}

#ifndef ERROR_RESPONSE_H_
#define ERROR_RESPONSE_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "support/http_server.h"

namespace movies {

// Returns the HTTP status for a gRPC code, by the table in
// google/rpc/code.proto: 404 for NOT_FOUND. 500 for a code that is not in it.
int HttpStatusOf(int code);

// Returns the status as JSON of a google.rpc.Status, on one line: `code`,
// gRPC's number; `message`, also if it is empty; and `details`, if there are
// any, in their order. What is no UTF-8 in the message becomes U+FFFD.
//
// Each detail has its type URL as "@type", and the fields of its message. One
// that this program cannot read, because it does not know the type or the bytes
// are none of it, has its bytes as "value", in base64: it takes no other detail
// with it. Details that are no google.rpc.Status, or one with another code than
// the status, are left out. Thread-safe.
// Slide: error_body
std::string ErrorBody(const grpc::Status& status);
// End slide: error_body

// Returns the answer to a call that ended with `status`, which is not OK:
// HttpStatusOf() its code, and ErrorBody(). A 401 says that credentials are a
// bearer token, since HTTP wants it to say so. Thread-safe.
support::HttpResponse ErrorResponse(const grpc::Status& status);

}  // namespace movies

#endif  // ERROR_RESPONSE_H_
