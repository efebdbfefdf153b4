#include "status_report.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "codes.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

// The message of that type and content, or null. Knows the types that are
// compiled into this program.
std::unique_ptr<google::protobuf::Message> Parse(const std::string& type,
                                                 const std::string& value) {
  const google::protobuf::Descriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          type);
  if (descriptor == nullptr) return nullptr;
  const google::protobuf::Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          descriptor);
  if (prototype == nullptr) return nullptr;
  std::unique_ptr<google::protobuf::Message> message(prototype->New());
  if (!message->ParseFromString(value)) return nullptr;
  return message;
}

}  // namespace

std::vector<std::string> DetailLines(const grpc::Status& status) {
  const std::string bytes = status.error_details();
  if (bytes.empty()) return {};
  google::rpc::Status packed;
  if (!packed.ParseFromString(bytes)) {
    return {
        absl::StrCat("details that cannot be read (", bytes.size(), " bytes)")};
  }
  if (packed.code() != status.error_code()) {
    return {absl::StrCat("details of another error, ", CodeName(packed.code()),
                         " (", bytes.size(), " bytes)")};
  }
  // A program knows a type by its name only if the linker has kept it.
  v1::MovieError::descriptor();
  google::rpc::BadRequest::descriptor();
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  std::vector<std::string> lines;
  for (const google::protobuf::Any& any : packed.details()) {
    const std::string type =
        any.type_url().substr(any.type_url().rfind('/') + 1);
    const std::unique_ptr<google::protobuf::Message> message =
        Parse(type, any.value());
    std::string text;
    if (message != nullptr && printer.PrintToString(*message, &text)) {
      lines.push_back(absl::StrCat(type, " { ", text, "}"));
    } else {
      // The type's name is whatever came: a line feed in it must not look like
      // the end of the line.
      lines.push_back(absl::StrCat(
          "a detail of type ", absl::Utf8SafeCHexEscape(type),
          " that cannot be read (", any.value().size(), " bytes)"));
    }
  }
  return lines;
}

}  // namespace movies
