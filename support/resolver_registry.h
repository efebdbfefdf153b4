// What support/resolver.cc and the adapters to gRPC's versions share; not for
// programs, which use support/resolver.h.
//
// An adapter puts the registered builders into gRPC's own registry. It defines
// no function that is called from here: it asks gRPC, before main() begins, to
// be called when gRPC's registry is filled.

#ifndef SUPPORT_RESOLVER_REGISTRY_H_
#define SUPPORT_RESOLVER_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "support/resolver.h"

namespace support {
namespace resolver_internal {

// Returns every builder, and lets RegisterResolver() refuse others from now on.
std::vector<std::shared_ptr<ResolverBuilder>> CloseRegistry();

// Returns the scheme's builder, or null. Thread-safe.
std::shared_ptr<ResolverBuilder> FindResolverBuilder(absl::string_view scheme);

// Returns what calls fail with after `error`: UNAVAILABLE, the one code that
// says "try again", whatever went wrong. gRPC would make INTERNAL of some codes
// (gRFC A54).
absl::Status ToUnavailable(const absl::Status& error);

}  // namespace resolver_internal
}  // namespace support

#endif  // SUPPORT_RESOLVER_REGISTRY_H_
