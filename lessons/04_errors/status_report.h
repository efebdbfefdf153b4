// The details of a status for people, as text.

#ifndef STATUS_REPORT_H_
#define STATUS_REPORT_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

namespace movies {

// Returns one line for each detail of `status`, in protobuf's text format:
//
//   movies.v1.MovieError { reason: MOVIE_NOT_FOUND message: "no movie" }
//
// A detail that cannot be read, details that cannot be parsed at all and those
// of another error get a line that says so, with their size. Nothing is shown
// of what is in them: it may be anything. Thread-safe.
std::vector<std::string> DetailLines(const grpc::Status& status);

}  // namespace movies

#endif  // STATUS_REPORT_H_
