#include "status_report.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"
#include "movies/v1/movies.pb.h"
#include "payloads.h"

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

std::string CodeName(grpc::StatusCode code) {
  // The two libraries number the codes alike.
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("code ", static_cast<int>(code)) : name;
}

std::vector<std::string> DetailLines(const grpc::Status& status) {
  // A program knows a type by its name only if the linker has kept it.
  v1::MovieError::descriptor();
  google::rpc::BadRequest::descriptor();
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  std::vector<std::string> lines;
  for (const auto& [type_url, value] : ReadDetails(status)) {
    if (type_url == kRawDetails) {
      lines.push_back(absl::StrCat("details that cannot be read (",
                                   value.size(), " bytes)"));
      continue;
    }
    const std::string type = type_url.substr(type_url.rfind('/') + 1);
    const std::unique_ptr<google::protobuf::Message> message =
        Parse(type, value);
    std::string text;
    if (message != nullptr && printer.PrintToString(*message, &text)) {
      lines.push_back(absl::StrCat(type, " { ", text, "}"));
    } else {
      lines.push_back(absl::StrCat("a detail of type ", type,
                                   " that cannot be read (", value.size(),
                                   " bytes)"));
    }
  }
  return lines;
}

}  // namespace movies
