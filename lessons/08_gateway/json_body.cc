#include "json_body.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace movies {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::util::JsonPrintOptions;
using ::google::protobuf::util::JsonStringToMessage;
using ::google::protobuf::util::MessageToJsonString;

absl::Status ParseBody(absl::string_view json, Message* message) {
  const auto parsed = JsonStringToMessage({json.data(), json.size()}, message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the body is no ", message->GetDescriptor()->full_name(), " in JSON: ",
      absl::string_view(parsed.message().data(), parsed.message().size())));
}

// As deep as protobuf reads messages within messages.
constexpr int kMaxDepth = 100;

// Returns why `body` is not one value in JSON, or OK. protobuf's own parser
// lets much pass that is none, and takes minutes for lists within lists within
// lists.
absl::Status CheckJson(absl::string_view body) {
  bool too_deep = false;
  const auto read = [&too_deep](int depth, nlohmann::json::parse_event_t,
                                nlohmann::json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;  // Or it is thrown away.
  };
  std::string mistake;
  try {  // The only way to learn where the mistake is.
    const nlohmann::json parsed = nlohmann::json::parse(body, read);
  } catch (const nlohmann::json::parse_error& error) {
    mistake = error.what();
  }
  if (too_deep) {
    mistake = absl::StrCat("nested too deep, more than ", kMaxDepth, " levels");
  } else if (absl::StrContains(body, '\0')) {
    mistake = "a NUL is in it";  // To the library, it is the end.
  }
  if (mistake.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the body is no JSON: ", mistake));
}

absl::StatusOr<std::string> ToJson(const Message& message,
                                   const JsonPrintOptions& options) {
  std::string json;
  const auto printed = MessageToJsonString(message, &json, options);
  if (printed.ok()) return json;
  return absl::InternalError(absl::StrCat(
      "the response, a ", message.GetDescriptor()->full_name(),
      ", has no JSON: ",
      absl::string_view(printed.message().data(), printed.message().size())));
}

}  // namespace

absl::Status ReadBody(absl::string_view field, absl::string_view body,
                      Message* request) {
  if (body.empty()) return absl::OkStatus();
  if (field.empty()) {
    return absl::InvalidArgumentError("this request has no body");
  }
  const absl::Status checked = CheckJson(body);
  if (!checked.ok()) return checked;
  if (field == "*") return ParseBody(body, request);
  const FieldDescriptor* descriptor =
      request->GetDescriptor()->FindFieldByName(std::string(field));
  if (descriptor == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(request->GetDescriptor()->full_name(), " has no field \"",
                     field, "\" for the body"));
  }
  // The body is put into an object of one field. It is one value, as was
  // checked: 1,"another":2 would add a field that is not its own.
  const std::unique_ptr<Message> value(request->New());
  const absl::Status parsed = ParseBody(
      absl::StrCat("{\"", descriptor->name(), "\":", body, "}"), value.get());
  if (!parsed.ok()) return parsed;
  request->GetReflection()->ClearField(request, descriptor);
  request->MergeFrom(*value);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ResponseJson(const HttpRoute& route,
                                         const Message& response) {
  JsonPrintOptions options;
  if (route.response_body.empty()) return ToJson(response, options);
  const FieldDescriptor* field =
      response.GetDescriptor()->FindFieldByName(route.response_body);
  if (field == nullptr) {
    return absl::InternalError(
        absl::StrCat(response.GetDescriptor()->full_name(), " has no field \"",
                     route.response_body, "\""));
  }
  // A field that is not set is not in the JSON, unless defaults are asked for.
  for (const bool with_defaults : {false, true}) {
    options.always_print_primitive_fields = with_defaults;
    const absl::StatusOr<std::string> json = ToJson(response, options);
    if (!json.ok()) return json.status();
    const auto object = nlohmann::ordered_json::parse(
        *json, /*cb=*/nullptr, /*allow_exceptions=*/false);
    const auto value = object.find(field->json_name());
    if (value != object.end()) return value->dump();
  }
  return "null";
}

}  // namespace movies
