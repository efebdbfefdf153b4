// Metadata: pairs of key and value that travel beside a call's messages, in
// HTTP/2 headers. A key may occur more than once. A value is printable ASCII,
// or any bytes at all if its key ends in "-bin".

#ifndef METADATA_H_
#define METADATA_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace movies {

// Metadata of our own, to send or to keep.
using Metadata = std::multimap<std::string, std::string>;

// Metadata as gRPC hands it out. The string_refs point into memory of the
// call's context, live no longer than that, and are not null-terminated.
using ReceivedMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

// Copies what has to outlive the context.
Metadata CopyMetadata(const ReceivedMetadata& received);

// Whether a program may send this pair. INVALID_ARGUMENT, naming the key and
// never the value, which may be secret, if
//   - the key is empty, or has other characters than a-z 0-9 _ - .
//   - the key begins with "grpc-", which is gRPC's own
//   - the value has other characters than space to ~, and the key has no "-bin"
// Spaces at either end of a value are legal, but other implementations may
// strip them.
// Source: "Custom-Metadata" in gRPC's PROTOCOL-HTTP2.md.
//
// Ask it before AddMetadata(), AddInitialMetadata() and AddTrailingMetadata()
// whenever the pair comes from outside: these return nothing, and gRPC ends the
// *process* when a call is to send an illegal pair.
absl::Status CheckMetadata(absl::string_view key, absl::string_view value);

// Adds all pairs to a call that has not started. They must have passed
// CheckMetadata().
void AddMetadata(const Metadata& metadata, grpc::ClientContext& context);

}  // namespace movies

#endif  // METADATA_H_
