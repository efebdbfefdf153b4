// A failed call's status for people, details and all.

#ifndef STATUS_TEXT_H_
#define STATUS_TEXT_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

namespace movies {

// Returns the code's name: "NOT_FOUND"; for one that gRPC does not know, "CODE
// 99".
std::string CodeName(grpc::StatusCode code);

// Returns "NOT_FOUND: no movie has the ID 999", and for each of the status's
// details a line with its type and its content as JSON:
//
//   movies.v1.MovieError {"reason":"MOVIE_NOT_FOUND"}
//
// `find_type` returns the descriptor of a message's full name, or null for one
// that it cannot find: then, and if the bytes are not such a message, the line
// has the type and the number of bytes. Details that are malformed as a whole
// are left out, and said to be. Control characters are as in Printable().
std::string StatusText(const grpc::Status& status,
                       const std::function<const google::protobuf::Descriptor*(
                           const std::string& full_name)>& find_type);

}  // namespace movies

#endif  // STATUS_TEXT_H_
