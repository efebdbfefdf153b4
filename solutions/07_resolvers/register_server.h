// How a server enters itself in etcd: a key with its address, tied to a lease.
//
//   absl::StatusOr<ServerLease> lease = RegisterServer(
//       *kv, *leases, "movies", "127.0.0.1:50051", absl::Seconds(10),
//       absl::Now() + absl::Seconds(2));
//
// etcd's API is gRPC, so this is two unary calls; see support/etcd/rpc.proto
// and https://etcd.io/docs/v3.5/learning/api/.

#ifndef REGISTER_SERVER_H_
#define REGISTER_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "support/etcd/rpc.grpc.pb.h"

namespace movies {

// A promise of etcd's: unless somebody asks for more time, it ends the lease
// after `ttl`, and deletes the keys that are tied to it.
struct ServerLease {
  int64_t id = 0;
  // As etcd granted it.
  absl::Duration ttl;
};

// Gets a lease from etcd, and puts the server's key with it: the key is
// "SERVICE/ADDRESS", so that the servers of a service are the keys that begin
// with "SERVICE/"; the value is the address.
//
// service:  what clients ask for, "movies"; without a slash.
// address:  where they can reach the server, "127.0.0.1:50051".
// ttl:      how long the key may stay after the server's last sign of life.
//           etcd counts in whole seconds; what is not is rounded up, so that
//           nobody gets less than was asked for.
// deadline: for both calls together. An etcd that is away is not waited for.
//
// Returns the lease, which is a new one each time, with the TTL that etcd
// granted: never less than asked for, but it may be more. A key that is there
// already is put anew, and belongs to the new lease.
//
// Returns a failed call's code and message, and tries nothing again. If the
// lease was granted and the key could not be put, nobody needs to clean up:
// that lease ends by itself.
//
// May be called from many threads at once.
absl::StatusOr<ServerLease> RegisterServer(
    etcdserverpb::KV::StubInterface& kv,
    etcdserverpb::Lease::StubInterface& leases, const std::string& service,
    const std::string& address, absl::Duration ttl, absl::Time deadline);

}  // namespace movies

#endif  // REGISTER_SERVER_H_
