// Protobuf's text format with errors that say where.

#ifndef SUPPORT_TEXT_PROTO_H_
#define SUPPORT_TEXT_PROTO_H_

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace support {

// Parses `text` into `*message`, which the caller owns. INVALID_ARGUMENT
// "NAME:LINE:COLUMN: what is wrong" if it does not parse; `name` says where the
// text comes from.
absl::Status ParseTextProto(absl::string_view text, absl::string_view name,
                            google::protobuf::Message* message);

}  // namespace support

#endif  // SUPPORT_TEXT_PROTO_H_
