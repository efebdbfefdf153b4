// Which servers are registered in etcd, now and from now on.
//
//   movies::EtcdStubs etcd = movies::NewEtcdStubs(channel);
//   movies::FollowContexts contexts;
//   grpc::Status why = movies::FollowServers(
//       etcd, "movies/", contexts, [](std::vector<std::string> addresses) {
//         ...  // Called once at the start, and after every change.
//       });
//   ...  // The watch is over: start again, by reading anew.
//
// A server registers under the prefix, one key each, with its address as the
// value: "movies/127.0.0.1:50051" is "127.0.0.1:50051". How etcd's reads and
// watches work together: https://etcd.io/docs/v3.5/learning/api/. The requests
// for a prefix are made by etcd_prefix.h, which has more that is of use here.

#ifndef FOLLOW_SERVERS_H_
#define FOLLOW_SERVERS_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/etcd/rpc.grpc.pb.h"

namespace movies {

// The two services of etcd that it takes.
struct EtcdStubs {
  std::unique_ptr<etcdserverpb::KV::StubInterface> kv;
  std::unique_ptr<etcdserverpb::Watch::StubInterface> watch;
};

// Returns stubs for an etcd.
EtcdStubs NewEtcdStubs(const std::shared_ptr<grpc::Channel>& etcd);

// The contexts of the two calls, made by the caller, so that it can set a
// deadline for the range, add metadata to the watch, and cancel both from
// another thread: before, during or after FollowServers(). As all contexts they
// are good for one call each.
struct FollowContexts {
  grpc::ClientContext range;
  grpc::ClientContext watch;
};

// Told where the servers are: the addresses of all keys, each one once, sorted.
using OnServers = std::function<void(std::vector<std::string> addresses)>;

// Reads the servers whose keys start with `prefix`, once, then watches for
// changes, until that is no longer possible. `on_servers` is called on this
// thread: once with what was read, and then once for each of etcd's responses
// that brings changes, when all of them are made. It is told of an empty list
// as well. Nothing that changes between the read and the watch is lost, and no
// change is told twice.
//
// Does not return while the watch goes on. Returns why it is over:
//   ABORTED  etcd cancelled the watch, for instance because the changes to
//            start with are no longer known (compacted).
//   others   By which one of the calls failed, or the watch's stream ended:
//            UNAVAILABLE if etcd is away, CANCELLED if a context was cancelled.
// In any case the servers are no longer known from then on, and have to be read
// anew; and both calls are over.
//
// Thread-safe, with contexts of its own for each call.
grpc::Status FollowServers(const EtcdStubs& etcd, const std::string& prefix,
                           FollowContexts& contexts,
                           const OnServers& on_servers);

}  // namespace movies

#endif  // FOLLOW_SERVERS_H_
