#include "openapi.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"
#include "http_route.h"
#include "json_schema.h"
#include "nlohmann/json.hpp"
#include "path_template.h"

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using Json = ::nlohmann::ordered_json;

constexpr char kJson[] = "application/json";
constexpr char kJsonLines[] = "application/x-ndjson";

// A place of a path that changes.
struct Wildcard {
  // Of the field that it sets, or a part of; empty if it sets none.
  std::string field_path;
  // What to call it.
  std::string name;
  // The variable's template if it is more than this wildcard, else empty.
  std::string part_of;
  // Whether it takes all the rest of the path.
  bool open = false;
};

// The wildcards of a template from left to right.
std::vector<Wildcard> WildcardsOf(const PathTemplate& path) {
  std::vector<Wildcard> wildcards;
  const auto is_wildcard = [&path](int i) {
    return path.segments()[i] == "*" || path.segments()[i] == "**";
  };
  auto variable = path.variables().begin();
  for (int i = 0; i < static_cast<int>(path.segments().size()); ++i) {
    while (variable != path.variables().end() && variable->end <= i) ++variable;
    if (!is_wildcard(i)) continue;
    Wildcard wildcard;
    wildcard.open = path.segments()[i] == "**";
    if (variable == path.variables().end() || i < variable->begin) {
      wildcard.name = absl::StrCat("segment_", i + 1);
    } else {
      wildcard.field_path = wildcard.name = variable->field_path;
      if (variable->end - variable->begin > 1) {
        const auto begin = path.segments().begin();
        wildcard.part_of =
            absl::StrJoin(begin + variable->begin, begin + variable->end, "/");
        wildcard.name =
            absl::StrCat(variable->field_path, "_", i - variable->begin + 1);
      }
    }
    wildcards.push_back(std::move(wildcard));
  }
  return wildcards;
}

// The path as OpenAPI writes it, with `names` in the places of wildcards.
std::string PathWith(const PathTemplate& path,
                     const std::vector<std::string>& names) {
  std::string text;
  auto name = names.begin();
  for (const std::string& segment : path.segments()) {
    const bool wildcard = segment == "*" || segment == "**";
    absl::StrAppend(&text, "/",
                    wildcard ? absl::StrCat("{", *name++, "}") : segment);
  }
  if (!path.verb().empty()) absl::StrAppend(&text, ":", path.verb());
  return text;
}

// The field at the end of a path of fields, which RoutesOf() has checked.
const FieldDescriptor& FieldAt(const Descriptor& message,
                               absl::string_view field_path) {
  const FieldDescriptor* field = nullptr;
  const Descriptor* in = &message;
  for (const absl::string_view step : absl::StrSplit(field_path, '.')) {
    field = in->FindFieldByName(std::string(step));
    in = field->message_type();
  }
  return *field;
}

// A parameter has its description beside the schema, not in it.
Json Parameter(const std::string& name, absl::string_view in, Json schema,
               std::string description = "") {
  Json parameter = {{"name", name}, {"in", in}};
  if (description.empty() && schema.contains("description")) {
    description = schema["description"];
  }
  if (!description.empty()) parameter["description"] = description;
  schema.erase("description");
  if (in == "path") parameter["required"] = true;
  // Only JSON has null.
  schema.erase("nullable");
  parameter["schema"] = std::move(schema);
  return parameter;
}

class Document {
 public:
  explicit Document(const OpenApiInfo& info)
      : document_{{"openapi", "3.0.3"},
                  {"info", {{"title", info.title}, {"version", info.version}}},
                  {"tags", Json::array()},
                  {"paths", Json::object()}} {}

  absl::Status Add(const ServiceDescriptor& service) {
    absl::StatusOr<std::vector<HttpRoute>> routes = RoutesOf(service);
    if (!routes.ok()) return routes.status();
    Json tag = {{"name", service.full_name()}};
    const std::string comment = CommentOf(service);
    if (!comment.empty()) tag["description"] = comment;
    document_["tags"].push_back(std::move(tag));
    for (const HttpRoute& route : *routes) AddRoute(route);
    return absl::OkStatus();
  }

  std::string Finish() && {
    document_["components"]["responses"]["Error"] = {
        {"description", "The call failed."},
        {"content",
         {{kJson,
           {{"schema",
             schemas_.OfMessage(*google::rpc::Status::descriptor())}}}}}};
    document_["components"]["schemas"] = schemas_.Named();
    // A comment may hold bytes that are no UTF-8.
    return document_.dump(2, ' ', /*ensure_ascii=*/false,
                          Json::error_handler_t::replace) +
           "\n";
  }

 private:
  void AddRoute(const HttpRoute& route) {
    static const std::set<std::string>& known = *new std::set<std::string>{
        "get", "put", "post", "delete", "options", "head", "patch", "trace"};
    const std::string http_method = absl::AsciiStrToLower(route.http_method);
    if (known.count(http_method) == 0) return;
    const std::vector<Wildcard> wildcards = WildcardsOf(route.path);
    // OpenAPI takes paths that differ in names only for the same, so whoever
    // comes first names the parameters of all.
    std::vector<std::string> names;
    for (const Wildcard& wildcard : wildcards) names.push_back(wildcard.name);
    const std::string shape =
        PathWith(route.path, std::vector<std::string>(wildcards.size(), "*"));
    names = names_.emplace(shape, names).first->second;
    Json& item = document_["paths"][PathWith(route.path, names)];
    if (item.contains(http_method)) return;
    item[http_method] = Operation(route, wildcards, names);
  }

  Json Operation(const HttpRoute& route, const std::vector<Wildcard>& wildcards,
                 const std::vector<std::string>& names) {
    const MethodDescriptor& method = *route.method;
    Json operation = {{"operationId", OperationId(method)},
                      {"tags", {method.service()->full_name()}}};
    const std::string comment = CommentOf(method);
    if (!comment.empty()) operation["description"] = comment;
    if (method.options().deprecated()) operation["deprecated"] = true;

    Json parameters = Json::array();
    for (std::size_t i = 0; i < wildcards.size(); ++i) {
      parameters.push_back(PathParameter(method, wildcards[i], names[i]));
    }
    if (route.body != "*") {
      std::vector<const Descriptor*> within;
      AddQueryParameters(route, *method.input_type(), "", within, &parameters);
    }
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (!route.body.empty()) operation["requestBody"] = Body(route);
    operation["responses"] = {
        {"200", Answer(route)},
        {"default", {{"$ref", "#/components/responses/Error"}}}};
    return operation;
  }

  // The first route of a method has its name, the others a number behind it.
  std::string OperationId(const MethodDescriptor& method) {
    const std::string name =
        absl::StrCat(method.service()->name(), "_", method.name());
    const int number = ++operations_[name];
    return number == 1 ? name : absl::StrCat(name, "_", number);
  }

  Json PathParameter(const MethodDescriptor& method, const Wildcard& wildcard,
                     const std::string& name) {
    std::vector<std::string> words;
    if (!wildcard.part_of.empty()) {
      words.push_back(absl::StrCat("A part of the field ", wildcard.field_path,
                                   ", which is ", wildcard.part_of, "."));
    } else if (!wildcard.field_path.empty() && wildcard.field_path != name) {
      words.push_back(absl::StrCat("The field ", wildcard.field_path, "."));
    }
    if (wildcard.open) {
      words.push_back("May be several segments of the path, or none.");
    }
    Json schema = {{"type", "string"}};
    if (!wildcard.field_path.empty() && wildcard.part_of.empty() &&
        !wildcard.open) {
      schema =
          schemas_.OfField(FieldAt(*method.input_type(), wildcard.field_path));
    }
    return Parameter(name, "path", std::move(schema),
                     absl::StrJoin(words, " "));
  }

  // Adds what of `message` comes from the query: all but what the path or the
  // body has. `prefix` leads to the message, `within` are those around it.
  void AddQueryParameters(const HttpRoute& route, const Descriptor& message,
                          const std::string& prefix,
                          std::vector<const Descriptor*>& within,
                          Json* parameters) {
    within.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string path = absl::StrCat(prefix, field.name());
      const auto& variables = route.path.variables();
      const bool in_path =
          std::any_of(variables.begin(), variables.end(),
                      [&path](const PathTemplate::Variable& variable) {
                        return variable.field_path == path;
                      });
      if (in_path || path == route.body) continue;
      const Descriptor* type = field.message_type();
      if (type == nullptr) {
        parameters->push_back(
            Parameter(path, "query", schemas_.OfField(field)));
      } else if (field.is_repeated()) {
        continue;
      } else if (SchemaOfScalarType(*type).has_value()) {
        parameters->push_back(
            Parameter(path, "query", schemas_.OfField(field)));
      } else if (type->well_known_type() ==
                     Descriptor::WELLKNOWNTYPE_UNSPECIFIED &&
                 std::find(within.begin(), within.end(), type) ==
                     within.end()) {
        AddQueryParameters(route, *type, path + ".", within, parameters);
      }
    }
    within.pop_back();
  }

  Json Body(const HttpRoute& route) {
    const MethodDescriptor& method = *route.method;
    const Descriptor& request = *method.input_type();
    Json schema;
    if (route.body != "*") {
      schema = schemas_.OfField(*request.FindFieldByName(route.body));
    } else {
      std::set<std::string> in_path;
      for (const PathTemplate::Variable& variable : route.path.variables()) {
        in_path.insert(variable.field_path);
      }
      schema = in_path.empty() ? schemas_.OfMessage(request)
                               : schemas_.OfObject(request, in_path);
    }
    Json body = {{"required", true}};
    if (method.client_streaming()) {
      body["description"] = "One JSON object a line.";
    }
    body["content"][method.client_streaming() ? kJsonLines : kJson]["schema"] =
        std::move(schema);
    return body;
  }

  Json Answer(const HttpRoute& route) {
    const MethodDescriptor& method = *route.method;
    const Descriptor& response = *method.output_type();
    Json schema =
        route.response_body.empty()
            ? schemas_.OfMessage(response)
            : schemas_.OfField(*response.FindFieldByName(route.response_body));
    if (!method.server_streaming()) {
      return {{"description", "The call succeeded."},
              {"content", {{kJson, {{"schema", std::move(schema)}}}}}};
    }
    Json line = {
        {"type", "object"},
        {"properties",
         {{"result", std::move(schema)},
          {"error", schemas_.OfMessage(*google::rpc::Status::descriptor())}}}};
    return {{"description",
             "One JSON object a line, as they come: each has a result, or, the "
             "last one if the call failed, an error."},
            {"content", {{kJsonLines, {{"schema", std::move(line)}}}}}};
  }

  Json document_;
  JsonSchemas schemas_;
  // Of parameters, by the shape of the path.
  std::map<std::string, std::vector<std::string>> names_;
  std::map<std::string, int> operations_;
};

}  // namespace

absl::StatusOr<std::string> OpenApi(
    const std::vector<const ServiceDescriptor*>& services,
    const OpenApiInfo& info) {
  Document document(info);
  for (const ServiceDescriptor* service : services) {
    const absl::Status added = document.Add(*service);
    if (!added.ok()) return added;
  }
  return std::move(document).Finish();
}

}  // namespace movies
