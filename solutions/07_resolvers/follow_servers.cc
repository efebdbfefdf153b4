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
  etcdserverpb::RangeResponse read;
  grpc::Status status =
      etcd.kv->Range(&contexts.range, ReadPrefix(prefix), &read);
  if (!status.ok()) return status;
  std::map<std::string, std::string> servers;  // Key to address.
  for (const mvccpb::KeyValue& kv : read.kvs()) servers[kv.key()] = kv.value();
  on_servers(DistinctValues(servers));

  auto stream = etcd.watch->Watch(&contexts.watch);
  // If that fails, so does Read().
  stream->Write(WatchPrefix(prefix, read.header().revision() + 1));
  for (etcdserverpb::WatchResponse response; stream->Read(&response);) {
    if (response.canceled()) {
      return AbortWatch(contexts.watch, *stream, response);
    }
    for (const mvccpb::Event& event : response.events()) {
      if (event.type() == mvccpb::Event::DELETE) {
        servers.erase(event.kv().key());
      } else {
        servers[event.kv().key()] = event.kv().value();
      }
    }
    if (response.events_size() > 0) on_servers(DistinctValues(servers));
  }
  return stream->Finish();
}

}  // namespace movies
