// Files of descriptors, from wherever they came, into a pool.

#ifndef ADD_FILES_H_
#define ADD_FILES_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace movies {

// One file's import of another, by their names.
struct Import {
  std::string importer;
  std::string file;
};

// Returns why `import` is missing, with both names: `reason`, or NOT_FOUND if
// that is OK.
absl::Status MissingImport(const Import& import,
                           const absl::Status& reason = absl::OkStatus());

// Adds `files`, by their names, to `pool`: a pool takes a file only after all
// those that it imports, which must be among `files` or in the pool already.
// What MendFiles() can mend is mended.
// INVALID_ARGUMENT if files import each other in a circle, which is named, or
// if the pool does not accept a file; those added before it stay.
absl::Status AddFiles(
    const std::map<std::string, google::protobuf::FileDescriptorProto>& files,
    google::protobuf::DescriptorPool* pool);

}  // namespace movies

#endif  // ADD_FILES_H_
