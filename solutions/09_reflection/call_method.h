// A unary call of a method that this program learned of a moment ago: JSON in,
// JSON out.
//
//   const MethodDescriptor* method =
//       pool.FindMethodByName("movies.v1.MoviesService.GetMovie");
//   grpc::GenericStub stub(channel);
//   grpc::ClientContext context;
//   std::string movie;
//   grpc::Status status =
//       CallMethod(stub, *method, R"({"mid": 7})", &context, &movie);

#ifndef CALL_METHOD_H_
#define CALL_METHOD_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/strings/string_view.h"

namespace movies {

// Calls `method`, which is unary, with the request that `json` describes, and
// sets `response_json` to the response, on one line. `context` is the call's:
// its deadline, its metadata and whether it waits for a server are the caller's
// business.
//
// Returns the call's status as it is, with its details. INVALID_ARGUMENT, and
// no call at all, if `json` is not such a request; INTERNAL if the response is
// not what the method declares. `response_json` is then unspecified.
grpc::Status CallMethod(grpc::GenericStub& stub,
                        const google::protobuf::MethodDescriptor& method,
                        absl::string_view json, grpc::ClientContext* context,
                        std::string* response_json);

}  // namespace movies

#endif  // CALL_METHOD_H_
