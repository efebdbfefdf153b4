// JSON for messages whose type is known only when the program runs, by
// protobuf's own JSON mapping.

#ifndef JSON_MESSAGE_H_
#define JSON_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/strings/string_view.h"

namespace movies {

// Sets `message` to what `json` says. INVALID_ARGUMENT, naming the type, and
// the field if one is at fault, if it is no JSON, has a field that the type has
// not, or a value that does not fit; `message` is then unspecified. protobuf's
// parser lets some mistakes pass: names without quotes, and a field that is
// there twice, of which the last counts.
grpc::Status FromJson(absl::string_view json,
                      google::protobuf::Message* message);

// Sets `json` to the message, on one line or, if `pretty`, on several. A
// google.protobuf.Any must hold a type of the same pool: INTERNAL if not.
grpc::Status ToJson(const google::protobuf::Message& message, std::string* json,
                    bool pretty = false);

}  // namespace movies

#endif  // JSON_MESSAGE_H_
