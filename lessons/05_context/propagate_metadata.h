// Which metadata of an incoming call goes on to the next service. gRPC sends on
// none by itself: it is between two neighbours, and may be secret.
//
//   const AllowList allowed = {"x-request-id", "x-tenant-bin"};
//   NextCall call;
//   call.metadata = MetadataToForward(context->client_metadata(), allowed);

#ifndef PROPAGATE_METADATA_H_
#define PROPAGATE_METADATA_H_

#include <set>
#include <string>

#include "metadata.h"

namespace movies {

// Keys that may travel on, in any letter case: people write "X-Request-Id".
using AllowList = std::set<std::string>;

// The pairs of `received` whose key is in `allowed`, and that CheckMetadata()
// passes: no others, so that whatever is not named stays here. A key that
// occurs more than once keeps its values in their order. Received keys are in
// lower case, as HTTP/2 demands, and values of `-bin` keys are decoded; both
// travel on as they are.
//
// What a peer sent need not be legal: one that does not use gRPC's library can
// send bytes that would end this process if it passed them on.
// Slide: metadata_to_forward
Metadata MetadataToForward(const ReceivedMetadata& received,
                           const AllowList& allowed);
// End slide: metadata_to_forward

}  // namespace movies

#endif  // PROPAGATE_METADATA_H_
