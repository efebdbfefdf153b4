#include "describe.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

template <typename Descriptor>
std::string Text(const char* what, const Descriptor& descriptor) {
  const std::string declaration = descriptor.DebugString();
  return absl::StrCat(descriptor.full_name(), " is ", what, ":\n",
                      absl::StripAsciiWhitespace(declaration), "\n");
}

}  // namespace

absl::StatusOr<std::string> Describe(
    const google::protobuf::DescriptorPool& pool, absl::string_view name) {
  const std::string symbol(name);
  if (const auto* service = pool.FindServiceByName(symbol)) {
    return Text("a service", *service);
  }
  if (const auto* method = pool.FindMethodByName(symbol)) {
    return Text("a method", *method);
  }
  if (const auto* message = pool.FindMessageTypeByName(symbol)) {
    return Text("a message", *message);
  }
  if (const auto* enum_type = pool.FindEnumTypeByName(symbol)) {
    return Text("an enum", *enum_type);
  }
  return absl::NotFoundError(absl::StrCat(
      name, " is no service, method, message or enum of this server"));
}

std::string MethodName(absl::string_view name) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::StripPrefix(name, "/"), '/');
  return parts.size() <= 2 ? absl::StrJoin(parts, ".") : std::string(name);
}

}  // namespace movies
