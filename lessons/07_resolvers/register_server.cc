#include "register_server.h"

#include "absl/strings/str_cat.h"
#include "to_absl_status.h"

namespace movies {

absl::StatusOr<ServerLease> RegisterServer(
    etcdserverpb::KV::StubInterface& kv,
    etcdserverpb::Lease::StubInterface& leases, const std::string& service,
    const std::string& address, absl::Duration ttl, absl::Time deadline) {
  etcdserverpb::LeaseGrantRequest grant;
  etcdserverpb::LeaseGrantResponse granted;
  etcdserverpb::PutRequest put;
  etcdserverpb::PutResponse done;
  // TODO(07_resolvers.register_server): Call LeaseGrant, then Put, each with a
  // ClientContext of its own. The lease comes first, and the key is put with
  // it. grant, granted, put and done are the four messages. Return a failed
  // call's status by ToAbslStatus(), and in the end what etcd granted.
  return absl::UnimplementedError("TODO(07_resolvers.register_server)");
  // END TODO(07_resolvers.register_server)
}

}  // namespace movies
