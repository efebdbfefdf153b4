#include "metadata.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

bool IsKeyCharacter(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

Metadata CopyMetadata(const ReceivedMetadata& received) {
  Metadata copy;
  for (const auto& [key, value] : received) {
    copy.emplace(std::string(key.data(), key.size()),
                 std::string(value.data(), value.size()));
  }
  return copy;
}

absl::Status CheckMetadata(absl::string_view key, absl::string_view value) {
  if (key.empty()) {
    return absl::InvalidArgumentError("a metadata key is not empty");
  }
  if (!std::all_of(key.begin(), key.end(), IsKeyCharacter)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the metadata key '", absl::CHexEscape(key),
                     "' has other characters than a-z 0-9 _ - ."));
  }
  if (absl::StartsWith(key, "grpc-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the metadata key '", key, "' begins with grpc-, which is gRPC's own"));
  }
  if (!absl::EndsWith(key, "-bin") &&
      !std::all_of(value.begin(), value.end(), absl::ascii_isprint)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the value of '", key,
                     "' is not printable ASCII; a key that ends in -bin may "
                     "have any bytes"));
  }
  return absl::OkStatus();
}

void AddMetadata(const Metadata& metadata, grpc::ClientContext& context) {
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
}

}  // namespace movies
