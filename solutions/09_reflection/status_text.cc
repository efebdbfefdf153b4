#include "status_text.h"

#include <google/protobuf/dynamic_message.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "json_message.h"
#include "printable.h"

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::Message;

// The content of a detail as JSON, or else its size.
std::string Content(const google::protobuf::Any& detail,
                    const Descriptor* type) {
  if (type != nullptr) {
    DynamicMessageFactory factory;
    std::unique_ptr<Message> message(factory.GetPrototype(type)->New());
    std::string json;
    if (message->ParseFromString(detail.value()) &&
        ToJson(*message, &json).ok()) {
      return json;
    }
  }
  return absl::StrCat("(", detail.value().size(), " bytes)");
}

}  // namespace

std::string CodeName(grpc::StatusCode code) {
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("CODE ", static_cast<int>(code)) : name;
}

std::string StatusText(
    const grpc::Status& status,
    const std::function<const Descriptor*(const std::string& full_name)>&
        find_type) {
  std::string text = absl::StrCat(CodeName(status.error_code()), ": ",
                                  Printable(status.error_message()));
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) {
    return absl::StrCat(text, "\n  (with details that cannot be read)");
  }
  for (const google::protobuf::Any& detail : details.details()) {
    const std::string type =
        detail.type_url().substr(detail.type_url().rfind('/') + 1);
    absl::StrAppend(&text, "\n  ", Printable(type), " ",
                    Content(detail, find_type(type)));
  }
  return text;
}

}  // namespace movies
