#include "json_size.h"

#include <google/protobuf/util/json_util.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace movies {

absl::StatusOr<EncodedSizes> CompareSizes(
    const google::protobuf::Message& message) {
  EncodedSizes sizes;
  // No need to make the bytes in order to count them.
  sizes.binary = message.ByteSizeLong();

  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        message.GetTypeName(), " has no JSON form: ", status.ToString()));
  }
  sizes.json = json.size();
  return sizes;
}

}  // namespace movies
