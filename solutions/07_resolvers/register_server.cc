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
  grant.set_ttl(absl::ToInt64Seconds(absl::Ceil(ttl, absl::Seconds(1))));
  grpc::ClientContext grant_context;
  grant_context.set_deadline(absl::ToChronoTime(deadline));
  grpc::Status status = leases.LeaseGrant(&grant_context, grant, &granted);
  if (!status.ok()) return ToAbslStatus(status);

  put.set_key(absl::StrCat(service, "/", address));
  put.set_value(address);
  put.set_lease(granted.id());
  grpc::ClientContext put_context;
  put_context.set_deadline(absl::ToChronoTime(deadline));
  status = kv.Put(&put_context, put, &done);
  if (!status.ok()) return ToAbslStatus(status);
  return ServerLease{granted.id(), absl::Seconds(granted.ttl())};
}

}  // namespace movies
