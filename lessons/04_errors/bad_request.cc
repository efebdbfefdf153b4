#include "bad_request.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace movies {

google::rpc::BadRequest FindFaults(const v1::Movie& movie) {
  google::rpc::BadRequest faults;
  // TODO(04_errors.bad_request): Add a field violation to `faults` for each
  // rule in bad_request.h that `movie` breaks, with the field's name and a
  // description of what is right.
  // END TODO(04_errors.bad_request)
  return faults;
}

}  // namespace movies
