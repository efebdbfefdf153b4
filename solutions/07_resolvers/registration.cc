#include "registration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "to_absl_status.h"

namespace movies {

Registration::Registration(RegistrationOptions options)
    : options_(std::move(options)), thread_([this] { Run(); }) {}

Registration::~Registration() {
  stopping_.Notify();
  {
    absl::MutexLock lock(&mutex_);
    if (stream_ != nullptr) stream_->Cancel();
  }
  // What is being registered now is waited for: cancelled, it might be
  // registered all the same, by a lease that nobody knows to revoke.
  thread_.join();
  std::optional<int64_t> lease;
  {
    absl::MutexLock lock(&mutex_);
    lease = lease_;
  }
  if (!lease.has_value()) return;
  const absl::Status revoked = Revoke(*lease);
  if (!revoked.ok()) Report(revoked);
}

bool Registration::WaitUntilRegistered(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  auto registered = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return lease_.has_value();
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&registered), timeout);
}

void Registration::Run() {
  int failures = 0;
  absl::Duration wait = absl::ZeroDuration();
  while (!stopping_.WaitForNotificationWithTimeout(wait)) {
    // The old channel could go on with a connection that is dead, or wait for a
    // backoff of its own; a new one connects at once.
    const std::shared_ptr<grpc::Channel> etcd = NewChannel();
    const auto kv = etcdserverpb::KV::NewStub(etcd);
    leases_ = etcdserverpb::Lease::NewStub(etcd);
    const absl::StatusOr<ServerLease> lease =
        RegisterServer(*kv, *leases_, options_.service, options_.address,
                       options_.ttl, absl::Now() + options_.call_timeout);
    if (lease.ok()) {
      absl::MutexLock lock(&mutex_);
      lease_ = lease->id;
    }
    Report(lease.status());
    if (!lease.ok()) {
      wait = Backoff(++failures);
      continue;
    }
    failures = 0;
    wait = absl::ZeroDuration();
    const absl::Status lost = KeepAlive(*lease);
    // Its lease is known, and revoked by the destructor.
    if (stopping_.HasBeenNotified()) return;
    {
      // One way back from all that can go wrong: a new lease, and the key put
      // with it. The old lease, if it lives, has no key then, and ends.
      absl::MutexLock lock(&mutex_);
      lease_.reset();
    }
    Report(lost);
  }
}

std::shared_ptr<grpc::Channel> Registration::NewChannel() const {
  grpc::ChannelArguments args;
  // Or it would be given the old channel's connection.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // etcd is near, whatever the environment says of the way to the world.
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(options_.etcd, options_.credentials(), args);
}

absl::Status Registration::KeepAlive(const ServerLease& lease) {
  KeepAliveStream stream(*leases_);
  absl::Cleanup forget = [this] {
    absl::MutexLock lock(&mutex_);
    stream_ = nullptr;
  };
  {
    absl::MutexLock lock(&mutex_);
    stream_ = &stream;
  }
  // By then a third has passed, and without an answer a second one; the last is
  // left to register anew before clients are told that the server is gone.
  absl::Duration third = lease.ttl / 3;
  while (!stopping_.WaitForNotificationWithTimeout(
      options_.keep_alive_interval.value_or(third))) {
    const absl::StatusOr<absl::Duration> left =
        stream.KeepAlive(lease.id, absl::Now() + third);
    if (!left.ok()) return left.status();
    if (*left <= absl::ZeroDuration()) {
      return absl::NotFoundError("the lease is gone");
    }
    third = *left / 3;
  }
  return absl::OkStatus();
}

absl::Duration Registration::Backoff(int failures) {
  const double random =
      options_.random ? options_.random() : absl::Uniform(generator_, 0.0, 1.0);
  return random *
         std::min(options_.max_backoff,
                  options_.initial_backoff * std::ldexp(1.0, failures - 1));
}

absl::Status Registration::Revoke(int64_t lease) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options_.call_timeout));
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(lease);
  etcdserverpb::LeaseRevokeResponse response;
  return ToAbslStatus(leases_->LeaseRevoke(&context, request, &response));
}

void Registration::Report(const absl::Status& status) const {
  if (options_.on_status) options_.on_status(status);
}

}  // namespace movies
