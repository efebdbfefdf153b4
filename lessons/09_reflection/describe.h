// What a server's names mean, as .proto text.

#ifndef DESCRIBE_H_
#define DESCRIBE_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace movies {

// Returns the declaration of `name`, a full name of a service, method, message
// or enum in `pool`, as it would stand in a .proto file, after a line that says
// what it is. Types are written in full, with a leading dot; comments are not
// part of what a server tells. NOT_FOUND if there is no such name.
absl::StatusOr<std::string> Describe(
    const google::protobuf::DescriptorPool& pool, absl::string_view name);

// Returns the name of a method in the form that descriptors have,
// "movies.v1.MoviesService.GetMovie", from that or from the form of paths,
// "movies.v1.MoviesService/GetMovie", with a leading slash or without. A name
// of another form, with more slashes, is returned as it is.
std::string MethodName(absl::string_view name);

}  // namespace movies

#endif  // DESCRIBE_H_
