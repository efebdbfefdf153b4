// How to ask etcd for all keys that start with the same prefix.
//
// etcd knows ranges of keys only: from one key up to another, which is not in
// it. For a prefix the other one is the first key after them all: the prefix
// with its last byte one higher.

#ifndef ETCD_PREFIX_H_
#define ETCD_PREFIX_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>
#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "support/etcd/rpc.pb.h"

namespace movies {

// Asks for the keys that start with `prefix`, as they are. An empty prefix
// stands for all keys, here and below.
etcdserverpb::RangeRequest ReadPrefix(const std::string& prefix);

// Asks for a watch of the changes to those keys, from the revision
// `start_revision` on, with the changes that it made.
etcdserverpb::WatchRequest WatchPrefix(const std::string& prefix,
                                       int64_t start_revision);

// Asks to delete those keys.
etcdserverpb::DeleteRangeRequest DeletePrefix(const std::string& prefix);

// Returns the values of a map from keys, each value once, sorted.
std::vector<std::string> DistinctValues(
    const std::map<std::string, std::string>& keys);

// Ends the call whose watch etcd cancelled by `response`: etcd leaves the
// stream open, for other watches. Returns ABORTED, with etcd's reason.
grpc::Status AbortWatch(
    grpc::ClientContext& context,
    grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                      etcdserverpb::WatchResponse>& stream,
    const etcdserverpb::WatchResponse& response);

}  // namespace movies

#endif  // ETCD_PREFIX_H_
