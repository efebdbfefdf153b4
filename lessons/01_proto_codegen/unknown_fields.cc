#include "unknown_fields.h"

#include "absl/status/status.h"
#include "movies/v1/movies.pb.h"

namespace movies {

absl::StatusOr<std::string> RenameStyle(const std::string& bytes,
                                        absl::string_view from,
                                        absl::string_view to) {
  v1::Catalogue catalogue;
  // TODO(01_proto_codegen.unknown_fields): Parse `bytes` into `catalogue`, and
  // refuse them if that fails. Set the style to `to` where it is `from`, in the
  // messages that hold what was parsed. A setter takes a std::string or a
  // const char*, no string_view: hand it std::string(to).
  return absl::UnimplementedError("TODO(01_proto_codegen.unknown_fields)");
  // END TODO(01_proto_codegen.unknown_fields)
  std::string result;
  if (!catalogue.SerializeToString(&result)) {
    return absl::InternalError("the catalogue is too large to serialize");
  }
  return result;
}

}  // namespace movies
