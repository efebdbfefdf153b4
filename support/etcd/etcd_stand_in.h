// An etcd inside the test: at once there, with buttons for what a real one does
// only when time passes or things break.
//
//   std::unique_ptr<support::EtcdStandIn> etcd = support::EtcdStandIn::Start();
//   auto channel = support::LoopbackChannel(etcd->address());
//   …
//   etcd->ExpireLease(lease);  // As if its server had died long ago.

#ifndef SUPPORT_ETCD_ETCD_STAND_IN_H_
#define SUPPORT_ETCD_ETCD_STAND_IN_H_

#include <stdint.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "support/etcd/etcd.h"
#include "support/test_server.h"

namespace support {

// Serves support/etcd/rpc.proto as etcd does, with its revisions, its history
// for watches, its statuses and its words; etcd_test.cc proves it of both. It
// keeps everything in memory, and never cuts a long answer into pieces. Only a
// call that arrives just as it stops may fail with CANCELLED, which a real one,
// killed, never says.
//
// Leases end by ExpireLease() only, not by time.
//
// Besides what Etcd says, all member functions but Stop() and Restart() may be
// called from any thread.
class EtcdStandIn : public Etcd {
 public:
  // Starts one on a free port. Ends the test program with a message if the
  // machine has none.
  static std::unique_ptr<EtcdStandIn> Start();

  // Cancels every call.
  ~EtcdStandIn() override;

  EtcdStandIn(const EtcdStandIn&) = delete;
  EtcdStandIn& operator=(const EtcdStandIn&) = delete;

  const std::string& address() const override { return address_; }
  absl::Status Stop() override;
  absl::Status Restart() override;

  // Ends this lease as if its time had passed: its keys are deleted, and
  // watchers told, before this returns. Returns whether there was such a lease.
  bool ExpireLease(int64_t id);

  // Returns the leases that live now, in no order of meaning.
  std::vector<int64_t> Leases() const;

  // Cancels every watch that is open now, as etcd does when it cannot go on:
  // the streams stay open. They count as closed at once.
  void CancelWatches();

  // Calls `callback` once, after the next Range call was worked out and before
  // it is answered: what it changes falls between what the client reads and
  // the watch that it opens next. It may call this etcd.
  void AfterNextRange(std::function<void()> callback);

  // Waits until exactly `count` watches are open. Returns whether that came
  // true within `timeout`.
  bool WaitForWatches(int count, absl::Duration timeout) const;

  // Waits until this many keepalives, for leases alive or not, were received
  // since the start. Returns whether that came true within `timeout`.
  bool WaitForKeepAlives(int count, absl::Duration timeout) const;

  // Return how many keepalives were received, and leases granted, since the
  // start.
  int keep_alives() const;
  int grants() const;

 private:
  class KvService;
  class LeaseService;
  class Store;
  class WatchService;
  class WatchStream;

  EtcdStandIn();

  // In the order in which they need one another.
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<KvService> kv_;
  const std::unique_ptr<LeaseService> lease_;
  const std::unique_ptr<WatchService> watch_;
  std::unique_ptr<TestServer> server_;  // Null while it is stopped.
  std::string address_;
};

}  // namespace support

#endif  // SUPPORT_ETCD_ETCD_STAND_IN_H_
