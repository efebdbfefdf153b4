#include "build_request.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "json_body.h"
#include "set_field.h"

namespace movies {
namespace {

// A parameter of the query, and the field that it names.
struct Parameter {
  std::string name;
  std::string value;
  FieldPath field;
};

// Returns the parameters with their fields, or why one of them is none.
absl::StatusOr<std::vector<Parameter>> FindParameters(
    const QueryParameters& query, const google::protobuf::Descriptor& message) {
  std::vector<Parameter> parameters;
  std::set<FieldPath> seen;
  for (const auto& [name, value] : query) {
    absl::StatusOr<FieldPath> field = FindField(name, message);
    if (!field.ok()) return field.status();
    // Which of two values counts, programs on the way may see differently.
    if (!seen.insert(*field).second && !field->back()->is_repeated()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", name, "\" is there twice, and is no repeated field"));
    }
    parameters.push_back({name, value, *std::move(field)});
  }
  return parameters;
}

// Returns whether the path sets this field, or a part of it.
[[maybe_unused]] bool IsInPath(const FieldPath& field,
                               const std::vector<PathBinding>& bindings,
                               const google::protobuf::Descriptor& message) {
  for (const PathBinding& binding : bindings) {
    const absl::StatusOr<FieldPath> other =
        FindField(binding.field_path, message);
    if (!other.ok()) continue;
    const std::size_t common = std::min(field.size(), other->size());
    if (std::equal(field.begin(), field.begin() + common, other->begin())) {
      return true;
    }
  }
  return false;
}

// What to return for a parameter that names a field, but not one of the query.
// `owner` has the field: "path" or "body".
[[maybe_unused]] absl::Status NotInQuery(const Parameter& parameter,
                                         absl::string_view owner) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", parameter.name,
      "\" is no parameter of the query: ", "it comes from the ", owner));
}

}  // namespace

absl::Status BuildRequest(const HttpRoute& route,
                          const std::vector<PathBinding>& bindings,
                          const QueryParameters& query, absl::string_view body,
                          google::protobuf::Message* request) {
  const google::protobuf::Descriptor& type = *request->GetDescriptor();
  const absl::StatusOr<std::vector<Parameter>> parameters =
      FindParameters(query, type);
  if (!parameters.ok()) return parameters.status();
  // TODO(08_gateway.build_request): Fill the request from the body, with
  // ReadBody(), from the parameters and from the bindings, with SetField(). A
  // parameter whose field is the path's or the body's is refused: see
  // IsInPath() and NotInQuery(). Which of the three comes first, which last?
  return absl::UnimplementedError("TODO(08_gateway.build_request)");
  // END TODO(08_gateway.build_request)
}

}  // namespace movies
