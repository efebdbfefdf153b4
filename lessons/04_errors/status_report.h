// A status for people: its code by name, its message, and its details as text.

#ifndef STATUS_REPORT_H_
#define STATUS_REPORT_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

namespace movies {

// Returns "NOT_FOUND", or "code 77" for a code that this program does not know.
std::string CodeName(grpc::StatusCode code);

// Returns one line for each detail of `status`, in protobuf's text format:
//
//   movies.v1.MovieError { reason: MOVIE_NOT_FOUND message: "no movie" }
//
// A detail that cannot be read, and details that cannot be taken apart, get a
// line that says so, with their size. Nothing is shown of what is in them: it
// may be anything. Thread-safe.
std::vector<std::string> DetailLines(const grpc::Status& status);

}  // namespace movies

#endif  // STATUS_REPORT_H_
