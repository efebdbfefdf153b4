// The few things that one asks etcd for by hand: to put a key and delete it, to
// have a lease, to forget the past. For tests and programs.
//
//   movies::EtcdKeys keys(channel);
//   absl::Status status = keys.Put("movies/tokyo", "127.0.0.1:50051");

#ifndef ETCD_KEYS_H_
#define ETCD_KEYS_H_

#include <grpcpp/grpcpp.h>
#include <stdint.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "support/etcd/rpc.grpc.pb.h"

namespace movies {

// Each function returns when etcd has done it, or the status by which etcd
// refused; UNAVAILABLE or DEADLINE_EXCEEDED after 10 s if it is away.
// Thread-safe.
class EtcdKeys {
 public:
  explicit EtcdKeys(const std::shared_ptr<grpc::Channel>& etcd);

  // Sets the key, which lives as long as the lease; for ever if that is 0.
  absl::Status Put(const std::string& key, const std::string& value,
                   int64_t lease = 0);

  // Deletes the key if it is there.
  absl::Status Delete(const std::string& key);

  // Deletes all keys that start with `prefix`, as one change.
  absl::Status DeletePrefix(const std::string& prefix);

  // Returns a new lease of so many seconds.
  absl::StatusOr<int64_t> Grant(int64_t ttl_seconds);

  // Ends the lease, and deletes its keys.
  absl::Status Revoke(int64_t lease);

  // Forgets all changes before the last one.
  absl::Status Compact();

 private:
  const std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  const std::unique_ptr<etcdserverpb::Lease::Stub> lease_;
};

}  // namespace movies

#endif  // ETCD_KEYS_H_
