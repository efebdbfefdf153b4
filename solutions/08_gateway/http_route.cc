#include "http_route.h"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/api/annotations.pb.h"
#include "google/api/http.pb.h"

namespace movies {
namespace {

using ::google::api::HttpRule;
using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::OneofDescriptor;

absl::Status Wrong(const MethodDescriptor& method,
                   absl::string_view what_is_wrong) {
  return absl::InvalidArgumentError(
      absl::StrCat(method.full_name(), ": ", what_is_wrong));
}

// Returns whether `kind` may be a method in an HTTP request: a token, as RFC
// 9110 calls it.
bool IsHttpMethod(absl::string_view kind) {
  for (const char c : kind) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("!#$%&'*+-.^_`|~", c)) {
      return false;
    }
  }
  return !kind.empty();
}

// Sees to it that no two fields of a route are in the same oneof, where the one
// set last would clear the other.
class Oneofs {
 public:
  // Returns the field that takes the place of `field`, if one does. `prefix` is
  // the path of the message that has the field.
  const FieldDescriptor* Enter(const std::string& prefix,
                               const FieldDescriptor* field) {
    const OneofDescriptor* oneof = field->real_containing_oneof();
    if (oneof == nullptr) return nullptr;
    const auto entered =
        fields_.emplace(std::make_pair(prefix, oneof), field).first;
    return entered->second == field ? nullptr : entered->second;
  }

 private:
  std::map<std::pair<std::string, const OneofDescriptor*>,
           const FieldDescriptor*>
      fields_;
};

absl::Status CheckVariable(const MethodDescriptor& method,
                           const PathTemplate::Variable& variable,
                           Oneofs& oneofs) {
  const std::string name =
      absl::StrCat("the variable \"", variable.field_path, "\" ");
  const Descriptor* message = method.input_type();
  const FieldDescriptor* field = nullptr;
  std::string prefix;
  for (const absl::string_view step :
       absl::StrSplit(variable.field_path, '.')) {
    if (message == nullptr) {
      return Wrong(method,
                   absl::StrCat(name, "looks for a field in ",
                                field->full_name(), ", which is no message"));
    }
    field = message->FindFieldByName(std::string(step));
    if (field == nullptr) {
      return Wrong(method,
                   absl::StrCat(name, "names no field: ", message->full_name(),
                                " has no \"", step, "\""));
    }
    if (field->is_repeated()) {
      return Wrong(
          method, absl::StrCat(name, "has one value, but ", field->full_name(),
                               " is ", field->is_map() ? "a map" : "repeated"));
    }
    if (const FieldDescriptor* other = oneofs.Enter(prefix, field)) {
      return Wrong(method, absl::StrCat(name, "and ", other->full_name(),
                                        " are of one oneof, which holds one"));
    }
    message = field->message_type();
    absl::StrAppend(&prefix, step, ".");
  }
  if (message != nullptr) {
    return Wrong(method,
                 absl::StrCat(name, "is a message, ", message->full_name(),
                              "; only a field within it can be in a path"));
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const HttpRoute& route, Oneofs& oneofs) {
  const MethodDescriptor& method = *route.method;
  if (route.body.empty()) return absl::OkStatus();
  for (const absl::string_view without_body : {"GET", "HEAD", "DELETE"}) {
    if (route.http_method == without_body) {
      return Wrong(method, absl::StrCat(without_body,
                                        " has no body, so the rule must not "
                                        "say which field it is"));
    }
  }
  if (route.body == "*") return absl::OkStatus();
  const FieldDescriptor* field =
      method.input_type()->FindFieldByName(route.body);
  if (field == nullptr) {
    return Wrong(method,
                 absl::StrCat("the body is to be the field \"", route.body,
                              "\", but ", method.input_type()->full_name(),
                              " itself has no field of that name"));
  }
  for (const PathTemplate::Variable& variable : route.path.variables()) {
    if (variable.field_path == route.body) {
      return Wrong(method,
                   absl::StrCat("the field \"", route.body,
                                "\" is in the path, so it cannot be the body"));
    }
  }
  if (const FieldDescriptor* other = oneofs.Enter("", field)) {
    return Wrong(method, absl::StrCat("the body \"", route.body, "\" and ",
                                      other->full_name(),
                                      " are of one oneof, which holds one"));
  }
  return absl::OkStatus();
}

// Returns the method and the template of a rule.
absl::StatusOr<std::pair<std::string, std::string>> PatternOf(
    const MethodDescriptor& method, const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return std::make_pair("GET", rule.get());
    case HttpRule::kPut:
      return std::make_pair("PUT", rule.put());
    case HttpRule::kPost:
      return std::make_pair("POST", rule.post());
    case HttpRule::kDelete:
      return std::make_pair("DELETE", rule.delete_());
    case HttpRule::kPatch:
      return std::make_pair("PATCH", rule.patch());
    case HttpRule::kCustom:
      if (!IsHttpMethod(rule.custom().kind())) {
        return Wrong(method,
                     absl::StrCat("the custom kind \"", rule.custom().kind(),
                                  "\" is no HTTP method"));
      }
      return std::make_pair(rule.custom().kind(), rule.custom().path());
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return Wrong(method,
               "the rule has no pattern: get, put, post, delete, patch or "
               "custom");
}

absl::StatusOr<HttpRoute> MakeRoute(const MethodDescriptor& method,
                                    const HttpRule& rule) {
  auto pattern = PatternOf(method, rule);
  if (!pattern.ok()) return pattern.status();
  absl::StatusOr<PathTemplate> path = PathTemplate::Parse(pattern->second);
  if (!path.ok()) return Wrong(method, path.status().message());
  HttpRoute route{&method, std::move(pattern->first), *std::move(path),
                  rule.body(), rule.response_body()};
  Oneofs oneofs;
  for (const PathTemplate::Variable& variable : route.path.variables()) {
    absl::Status status = CheckVariable(method, variable, oneofs);
    if (!status.ok()) return status;
  }
  absl::Status status = CheckBody(route, oneofs);
  if (!status.ok()) return status;
  if (!route.response_body.empty() &&
      method.output_type()->FindFieldByName(route.response_body) == nullptr) {
    return Wrong(method, absl::StrCat("the response body is to be the field \"",
                                      route.response_body, "\", but ",
                                      method.output_type()->full_name(),
                                      " itself has no field of that name"));
  }
  return route;
}

}  // namespace

absl::StatusOr<std::vector<HttpRoute>> RoutesOf(
    const google::protobuf::ServiceDescriptor& service) {
  std::vector<HttpRoute> routes;
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    if (!method.options().HasExtension(google::api::http)) continue;
    const HttpRule& first = method.options().GetExtension(google::api::http);
    std::vector<const HttpRule*> rules = {&first};
    for (const HttpRule& additional : first.additional_bindings()) {
      if (additional.additional_bindings_size() > 0) {
        return Wrong(method,
                     "additional bindings have no additional bindings of their "
                     "own; put all of them into the first rule");
      }
      rules.push_back(&additional);
    }
    for (const HttpRule* rule : rules) {
      absl::StatusOr<HttpRoute> route = MakeRoute(method, *rule);
      if (!route.ok()) return route.status();
      routes.push_back(*std::move(route));
    }
  }
  return routes;
}

}  // namespace movies
