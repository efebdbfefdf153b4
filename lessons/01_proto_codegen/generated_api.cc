#include "generated_api.h"

#include <utility>

namespace movies {

v1::Catalogue TakeStyle(absl::string_view style, v1::Catalogue* catalogue) {
  v1::Catalogue taken;
  // TODO(01_proto_codegen.generated_api): Go through the movies of
  // `*catalogue`. Move those of the style to the end of `taken`, and leave the
  // others, and nothing else, in `*catalogue`.
  // END TODO(01_proto_codegen.generated_api)
  return taken;
}

}  // namespace movies
