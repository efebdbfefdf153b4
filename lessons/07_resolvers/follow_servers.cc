#include "follow_servers.h"

#include <map>

#include "etcd_prefix.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.pb.h"

namespace movies {

EtcdStubs NewEtcdStubs(const std::shared_ptr<grpc::Channel>& etcd) {
  return {etcdserverpb::KV::NewStub(etcd), etcdserverpb::Watch::NewStub(etcd)};
}

grpc::Status FollowServers(const EtcdStubs& etcd, const std::string& prefix,
                           FollowContexts& contexts,
                           const OnServers& on_servers) {
  // TODO(07_resolvers.follow_servers): Read the keys of `prefix` and tell
  // `on_servers` of them. Then watch for what changes after what was read, make
  // each change by its key, and tell again. Return why it ended; AbortWatch()
  // is for a watch that etcd cancelled.
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "TODO(07_resolvers.follow_servers)");
  // END TODO(07_resolvers.follow_servers)
}

}  // namespace movies
