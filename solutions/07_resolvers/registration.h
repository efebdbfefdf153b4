// A server's entry in etcd, for as long as the object lives.
//
//   RegistrationOptions options;
//   options.etcd = "127.0.0.1:2379";
//   options.service = "movies";
//   options.address = "127.0.0.1:50051";
//   Registration registration(options);
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
  // Where etcd serves, as a target of gRPC.
  std::string etcd;

  // Makes the credentials for etcd; without TLS by default. Called by the
  // registration's thread.
  std::function<std::shared_ptr<grpc::ChannelCredentials>()> credentials =
      grpc::InsecureChannelCredentials;

  // See RegisterServer().
  std::string service;
  std::string address;

  // How long the server may be listed after it died. A short one finds that out
  // soon, and costs more keepalives.
  absl::Duration ttl = absl::Seconds(10);

  // How long to wait between keepalives, at most a third of the TTL, which is
  // the default.
  std::optional<absl::Duration> keep_alive_interval;

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

// Registers the server, keeps its lease alive, and registers it anew, with a
// new lease and over a new connection, whatever went wrong: the lease is gone,
// etcd was restarted, hangs or is away, the connection is dead. As long as etcd
// cannot be reached this goes on, and nobody needs to look after it.
//
// What it does not do: look whether its key is there while the lease lives. So
// somebody can take a server out by deleting its key, until it registers anew.
// And a Put that was given up, and that etcd does after the next one, moves the
// key to a lease that ends: the server is then missing, and not told.
//
// Thread-safe, but for the destructor.
class Registration {
 public:
  // Begins at once, on a thread of its own, and does not wait for it.
  explicit Registration(RegistrationOptions options);

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

  std::shared_ptr<grpc::Channel> NewChannel() const;

  // Keeps a lease alive until stopping_. Returns why it could not.
  absl::Status KeepAlive(const ServerLease& lease);

  // How long to wait after so many failures in a row, at least one.
  absl::Duration Backoff(int failures);

  absl::Status Revoke(int64_t lease);

  void Report(const absl::Status& status) const;

  const RegistrationOptions options_;

  // The thread's, and the destructor's after it.
  std::unique_ptr<etcdserverpb::Lease::Stub> leases_;
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
