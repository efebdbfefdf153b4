// What an external balancer tells its clients: which servers to call, and how
// often each, as a list that they walk round and round.
//
//   absl::StatusOr<grpc::lb::v1::ServerList> list = MakeServerList({
//       {"127.0.0.1:50051", /*shares=*/3, "big"},
//       {"127.0.0.1:50052", /*shares=*/1, "small"},
//       {"", /*shares=*/1, "overload"},  // Of five calls one is dropped.
//   });

#ifndef SERVER_LIST_H_
#define SERVER_LIST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "support/grpclb/load_balancer.pb.h"

namespace movies {

// The protocol's limit for a token, "less than 50 bytes".
inline constexpr std::size_t kMaxTokenBytes = 49;

// A part of the calls, and where it goes.
struct TrafficShare {
  // The server's address, an IP and a port: "127.0.0.1:50051", "[::1]:50051".
  // Empty if these calls are to be dropped: the client fails them at once, with
  // UNAVAILABLE, and bothers no server.
  std::string address;

  // How large the part is: so many entries of the list, so keep it small. 0 or
  // less for none, for instance while the server is drained.
  int shares = 1;

  // The balancer's own name for this part: printable ASCII, at most
  // kMaxTokenBytes of it, or empty. The client sends it to the server with each
  // call, and counts drops by it.
  std::string token;
};

// An address in its two parts. Which kind of IP it is, and whether it is one,
// is not checked.
struct HostAndPort {
  // Without brackets: "127.0.0.1", "::1".
  std::string host;
  // 1 to 65535; digits only in the text.
  int port = 0;
};

// Takes "127.0.0.1:50051" or "[::1]:50051" apart. INVALID_ARGUMENT, naming the
// address, if it is not of that form.
absl::StatusOr<HostAndPort> SplitAddress(absl::string_view address);

// The parts in the order in which the list has them: each as often as it has
// shares, and its turns spread, so that no server gets a burst of calls and one
// part's drops do not come in a row. The pointers are into `traffic`.
std::vector<const TrafficShare*> TakeTurns(
    const std::vector<TrafficShare>& traffic);

// The list for these parts, an entry for each turn, in that order; see
// support/grpclb/load_balancer.proto for what an entry has. No parts, or none
// with shares, make an empty list: then clients have nobody to call.
//
// INVALID_ARGUMENT, naming what is wrong, if among the turns an address is not
// an IP and a port, or a token is too long or not printable. It is never a list
// without them: a client leaves out what it does not understand, and nobody
// would know. And a token that is not even UTF-8 makes the whole list
// unreadable, at which gRPC 1.51's client crashes.
absl::StatusOr<grpc::lb::v1::ServerList> MakeServerList(
    const std::vector<TrafficShare>& traffic);

}  // namespace movies

#endif  // SERVER_LIST_H_
