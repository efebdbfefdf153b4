// A server's entry in etcd, for as long as the object lives.
//
//   RegistrationOptions options;
//   options.service = "movies";
//   options.address = "127.0.0.1:50051";
//   Registration registration(etcd_channel, options);
//
// Make it when the server serves; destroy it before the server shuts down, so
// that clients leave first.

#ifndef REGISTRATION_H_
#define REGISTRATION_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "keep_alive_stream.h"
#include "register_server.h"
#include "support/etcd/rpc.grpc.pb.h"

namespace movies {

struct RegistrationOptions {
  // See RegisterServer().
  std::string service;
  std::string address;

  // How long the server may be listed after it died. A short one finds that out
  // soon, and costs a keepalive every third of it.
  absl::Duration ttl = absl::Seconds(10);

  // How long to wait for an answer to a call; registering, two calls, is given
  // it once.
  absl::Duration call_timeout = absl::Seconds(2);

  // How long to wait before the next attempt to register: a random part of a
  // time that is `initial_backoff` after the first failure, doubles with every
  // further one, and stays at `max_backoff`. So the servers do not all come at
  // once when etcd is back.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);

  // Draws that part, at least 0 and less than 1. An absl::BitGen if empty.
  std::function<double()> random;

  // Told what happens, for the server's log: OK when the server has been
  // registered; else why it was not, or is no more. Must not wait, nor call the
  // registration. Called by the registration's thread, and by the destructor.
  std::function<void(const absl::Status&)> on_status;
};

// Registers the server, asks for more time each third of the lease's, and
// registers it anew, with a new lease, whatever went wrong: the lease is gone,
// etcd was restarted, hangs or is away. As long as etcd cannot be reached this
// goes on, and nobody needs to look after it.
//
// What it does not do: put a key again that somebody deleted while the lease
// lives. That is a way to take a server out, until it registers anew.
//
// Thread-safe, but for the destructor.
class Registration {
 public:
  // Begins at once, on a thread of its own, and does not wait for it.
  //
  // etcd: a channel to etcd. gRPC waits between its attempts to connect, too,
  // by
  //       default up to two minutes: give the channel a
  //       GRPC_ARG_MAX_RECONNECT_BACKOFF_MS of a few seconds.
  Registration(const std::shared_ptr<grpc::Channel>& etcd,
               RegistrationOptions options);

  // Takes the server out at once: revokes the lease. If etcd does not answer,
  // gives up after `call_timeout`, or twice that while it is registering; the
  // key goes when the lease ends.
  ~Registration();

  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Waits until the server is registered. Returns whether it is, at the latest
  // after `timeout`.
  bool WaitUntilRegistered(absl::Duration timeout) const;

 private:
  // What the thread does, until stopping_.
  void Run();

  // Keeps a lease alive until stopping_. Returns why it could not.
  absl::Status KeepAlive(const ServerLease& lease);

  // How long to wait after so many failures in a row, at least one.
  absl::Duration Backoff(int failures);

  absl::Status Revoke(int64_t lease);

  void Report(const absl::Status& status) const;

  const RegistrationOptions options_;
  const std::unique_ptr<etcdserverpb::KV::Stub> kv_;
  const std::unique_ptr<etcdserverpb::Lease::Stub> leases_;

  // The thread's, and the destructor's after it.
  absl::BitGen generator_;

  absl::Notification stopping_;
  mutable absl::Mutex mutex_;
  // The lease that the server is registered with, if it is.
  std::optional<int64_t> lease_ ABSL_GUARDED_BY(mutex_);
  // While there is one.
  KeepAliveStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread thread_;  // Last, so that it starts when the rest is there.
};

}  // namespace movies

#endif  // REGISTRATION_H_
