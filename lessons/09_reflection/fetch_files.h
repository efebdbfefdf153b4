// From a name to its types: the file that declares it, and all that this
// imports, from the server into a descriptor pool.
//
//   google::protobuf::DescriptorPool pool;
//   absl::Status fetched =
//       FetchFiles(reflection, "movies.v1.MoviesService", &pool);
//   const ServiceDescriptor* service =
//       pool.FindServiceByName("movies.v1.MoviesService");

#ifndef FETCH_FILES_H_
#define FETCH_FILES_H_

#include <google/protobuf/descriptor.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reflection_client.h"

namespace movies {

// Adds to `pool` the file that declares `symbol`, the full name of a service,
// method, message or enum, and every file that it imports, directly or not. The
// server is asked for no file that it has sent already, and for none that is in
// `pool`; it may send several at a time.
//
// If an imported file cannot be had, returns that error, with the names of the
// file and of one that imports it, as MissingImport() makes it: NOT_FOUND if
// the server sends other files, but not that. Otherwise the errors of
// FilesContainingSymbol() and AddFiles(). `pool` is unchanged if the server did
// not send all.
absl::Status FetchFiles(Reflection& reflection, absl::string_view symbol,
                        google::protobuf::DescriptorPool* pool);

}  // namespace movies

#endif  // FETCH_FILES_H_
