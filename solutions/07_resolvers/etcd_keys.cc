#include "etcd_keys.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "etcd_prefix.h"
#include "support/etcd/rpc.pb.h"
#include "to_absl_status.h"

namespace movies {
namespace {

// What each call waits at most, also for etcd to come back.
void Prepare(grpc::ClientContext& context) {
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
}

}  // namespace

EtcdKeys::EtcdKeys(const std::shared_ptr<grpc::Channel>& etcd)
    : kv_(etcdserverpb::KV::NewStub(etcd)),
      lease_(etcdserverpb::Lease::NewStub(etcd)) {}

absl::Status EtcdKeys::Put(const std::string& key, const std::string& value,
                           int64_t lease) {
  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::PutRequest request;
  request.set_key(key);
  request.set_value(value);
  request.set_lease(lease);
  etcdserverpb::PutResponse response;
  return ToAbslStatus(kv_->Put(&context, request, &response));
}

absl::Status EtcdKeys::Delete(const std::string& key) {
  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(key);
  etcdserverpb::DeleteRangeResponse response;
  return ToAbslStatus(kv_->DeleteRange(&context, request, &response));
}

absl::Status EtcdKeys::DeletePrefix(const std::string& prefix) {
  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::DeleteRangeResponse response;
  return ToAbslStatus(
      kv_->DeleteRange(&context, movies::DeletePrefix(prefix), &response));
}

absl::StatusOr<int64_t> EtcdKeys::Grant(int64_t ttl_seconds) {
  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(ttl_seconds);
  etcdserverpb::LeaseGrantResponse response;
  absl::Status status =
      ToAbslStatus(lease_->LeaseGrant(&context, request, &response));
  if (!status.ok()) return status;
  return response.id();
}

absl::Status EtcdKeys::Revoke(int64_t lease) {
  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(lease);
  etcdserverpb::LeaseRevokeResponse response;
  return ToAbslStatus(lease_->LeaseRevoke(&context, request, &response));
}

absl::Status EtcdKeys::Compact() {
  // Which revision is the last one, any answer of etcd's says.
  grpc::ClientContext range_context;
  Prepare(range_context);
  etcdserverpb::RangeRequest range;
  range.set_key("/");
  etcdserverpb::RangeResponse now;
  absl::Status status = ToAbslStatus(kv_->Range(&range_context, range, &now));
  if (!status.ok()) return status;

  grpc::ClientContext context;
  Prepare(context);
  etcdserverpb::CompactionRequest request;
  request.set_revision(now.header().revision());
  etcdserverpb::CompactionResponse response;
  return ToAbslStatus(kv_->Compact(&context, request, &response));
}

}  // namespace movies
