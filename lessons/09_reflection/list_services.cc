#include "list_services.h"

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace movies {

absl::StatusOr<std::vector<std::string>> ListServices(Reflection& reflection) {
  // TODO(09_reflection.list_services): Ask `reflection` for all services, and
  // return their names. Ask() may fail; an error_response is an error too,
  // which ToStatus() reads; and an answer of any other kind is INTERNAL.
  return absl::UnimplementedError("TODO(09_reflection.list_services)");
  // END TODO(09_reflection.list_services)
}

}  // namespace movies
