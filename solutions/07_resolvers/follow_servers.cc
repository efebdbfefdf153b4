#include "follow_servers.h"

#include <stdint.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.pb.h"

namespace movies {
namespace {

// Asks for all keys that start with `prefix`: those from the prefix up to the
// first one after them all. That is the prefix with its last byte one higher,
// without the bytes at its end that cannot be higher; "\0" is the very end.
template <typename Request>
void SetPrefix(std::string prefix, Request& request) {
  request.set_key(prefix);
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) {
    prefix.push_back('\0');
  } else {
    ++prefix.back();
  }
  request.set_range_end(prefix);
}

// Asks for the keys that start with `prefix`, as they are.
etcdserverpb::RangeRequest ReadPrefix(const std::string& prefix) {
  etcdserverpb::RangeRequest request;
  SetPrefix(prefix, request);
  return request;
}

// Asks for the changes to those keys from `start_revision` on, it included.
etcdserverpb::WatchRequest WatchPrefix(const std::string& prefix,
                                       int64_t start_revision) {
  etcdserverpb::WatchRequest request;
  SetPrefix(prefix, *request.mutable_create_request());
  request.mutable_create_request()->set_start_revision(start_revision);
  return request;
}

// What etcd holds: a server's key -> its address.
using Servers = std::map<std::string, std::string>;

std::vector<std::string> Addresses(const Servers& servers) {
  std::set<std::string> addresses;
  for (const auto& [key, address] : servers) addresses.insert(address);
  return {addresses.begin(), addresses.end()};
}

using WatchStream =
    grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                      etcdserverpb::WatchResponse>;

// Ends the call of a watch that etcd cancelled, and returns why it did.
grpc::Status Abort(grpc::ClientContext& context, WatchStream& stream,
                   const etcdserverpb::WatchResponse& response) {
  // etcd would keep the stream open, for other watches.
  context.TryCancel();
  stream.Finish();
  if (response.compact_revision() != 0) {
    return grpc::Status(
        grpc::StatusCode::ABORTED,
        absl::StrCat("etcd cancelled the watch: what happened before revision ",
                     response.compact_revision(), " is compacted"));
  }
  return grpc::Status(
      grpc::StatusCode::ABORTED,
      absl::StrCat("etcd cancelled the watch: ", response.cancel_reason()));
}

}  // namespace

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
  Servers servers;
  for (const mvccpb::KeyValue& kv : read.kvs()) servers[kv.key()] = kv.value();
  on_servers(Addresses(servers));

  auto stream = etcd.watch->Watch(&contexts.watch);
  // If that fails, so does Read().
  stream->Write(WatchPrefix(prefix, read.header().revision() + 1));
  for (etcdserverpb::WatchResponse response; stream->Read(&response);) {
    // The watch is over then, but its stream is not.
    if (response.canceled()) return Abort(contexts.watch, *stream, response);
    for (const mvccpb::Event& event : response.events()) {
      if (event.type() == mvccpb::Event::DELETE) {
        servers.erase(event.kv().key());
      } else {
        servers[event.kv().key()] = event.kv().value();
      }
    }
    if (response.events_size() > 0) on_servers(Addresses(servers));
  }
  return stream->Finish();
}

}  // namespace movies
