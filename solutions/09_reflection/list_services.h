// The first question to a server that one knows nothing of: what is there?
//
//   absl::StatusOr<std::vector<std::string>> names = ListServices(reflection);

#ifndef LIST_SERVICES_H_
#define LIST_SERVICES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reflection_client.h"

namespace movies {

// Returns the full names of the server's services, in the server's order.
//
// Returns the error of Ask() as it is, if there was no answer; the code and the
// message of an error_response, if that was the answer; and INTERNAL if the
// answer is one to another question, or one in which nothing is set. A server
// without services is no error: the list is empty.
absl::StatusOr<std::vector<std::string>> ListServices(Reflection& reflection);

}  // namespace movies

#endif  // LIST_SERVICES_H_
