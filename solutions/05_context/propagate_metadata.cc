#include "propagate_metadata.h"

#include "absl/strings/ascii.h"

namespace movies {

Metadata MetadataToForward(const ReceivedMetadata& received,
                           const AllowList& allowed) {
  AllowList keys;
  for (const std::string& key : allowed) {
    keys.insert(absl::AsciiStrToLower(key));
  }

  Metadata forwarded;
  for (const auto& [key_ref, value_ref] : received) {
    // Neither ends in a null byte, and a -bin value may have some in it.
    const std::string key(key_ref.data(), key_ref.size());
    if (keys.count(key) == 0) continue;
    const std::string value(value_ref.data(), value_ref.size());
    if (!CheckMetadata(key, value).ok()) continue;
    forwarded.emplace(key, value);
  }
  return forwarded;
}

}  // namespace movies
