#include "json_message.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace movies {

using ::google::protobuf::Message;

grpc::Status FromJson(absl::string_view json, Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message);
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(
      grpc::StatusCode::INVALID_ARGUMENT,
      // Where no field is at fault, the library's text begins with ": ".
      absl::StrCat("not a ", message->GetDescriptor()->full_name(), ": ",
                   absl::StripPrefix(std::string(status.message()), ": ")));
}

grpc::Status ToJson(const Message& message, std::string* json, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  json->clear();
  // A proto2 message may lack what it must have; to serialize it, as the JSON
  // library does, would end the program.
  if (!message.IsInitialized()) {
    return grpc::Status(
        grpc::StatusCode::INTERNAL,
        absl::StrCat("no JSON for this ", message.GetDescriptor()->full_name(),
                     ": it lacks ", message.InitializationErrorString()));
  }
  const auto status =
      google::protobuf::util::MessageToJsonString(message, json, options);
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(
      grpc::StatusCode::INTERNAL,
      absl::StrCat("no JSON for this ", message.GetDescriptor()->full_name(),
                   ": ", std::string(status.message())));
}

}  // namespace movies
