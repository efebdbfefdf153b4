#include "keep_alive_stream.h"

#include "absl/status/status.h"
#include "to_absl_status.h"

namespace movies {

KeepAliveStream::KeepAliveStream(etcdserverpb::Lease::StubInterface& leases) {
  leases.async()->LeaseKeepAlive(&context_, this);
  // KeepAlive() starts writes outside of a reaction; the hold keeps the call
  // from being over until there will be no more of them.
  AddHold();
  StartRead(&response_);
  StartCall();
}

KeepAliveStream::~KeepAliveStream() {
  context_.TryCancel();
  absl::MutexLock lock(&mutex_);
  auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return status_.has_value();
  };
  mutex_.Await(absl::Condition(&done));
}

absl::StatusOr<absl::Duration> KeepAliveStream::KeepAlive(int64_t lease,
                                                          absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  if (!ended_) {
    answer_.reset();
    writing_ = true;
    request_.set_id(lease);
    StartWrite(&request_);
  }
  // The answer can be here before gRPC says that the request is written.
  auto over = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return (answer_.has_value() && !writing_) || status_.has_value();
  };
  if (!mutex_.AwaitWithDeadline(absl::Condition(&over), deadline)) {
    // A late answer must not be taken for that to the next request; and that
    // must not be written, for this one may still wait for a connection.
    ended_ = true;
    answer_.reset();
    context_.TryCancel();
    return absl::DeadlineExceededError("etcd does not answer a keepalive");
  }
  if (!status_.has_value()) return *answer_;
  if (status_->ok()) return absl::UnavailableError("etcd ended the stream");
  return ToAbslStatus(*status_);
}

void KeepAliveStream::OnWriteDone(bool /*ok*/) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
}

void KeepAliveStream::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    if (ok) {
      if (!ended_) answer_ = absl::Seconds(response_.ttl());
      StartRead(&response_);
      return;
    }
    ended_ = true;
  }
  RemoveHold();
}

void KeepAliveStream::OnDone(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  status_ = status;
}

}  // namespace movies
