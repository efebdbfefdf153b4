// What tests and programs need of an etcd, whether a real one or a stand-in.

#ifndef SUPPORT_ETCD_ETCD_H_
#define SUPPORT_ETCD_ETCD_H_

#include <string>

#include "absl/status/status.h"

namespace support {

// One etcd on 127.0.0.1 that is gone with the object. Not thread-safe: one
// thread at a time may use an object.
class Etcd {
 public:
  virtual ~Etcd() = default;

  // Returns where it serves, also while it is stopped: "127.0.0.1:PORT".
  virtual const std::string& address() const = 0;

  // Ends it abruptly, as a crash would: connections break, calls fail, and
  // whoever connects is refused until Restart(). What it stored is kept.
  virtual absl::Status Stop() = 0;

  // Brings it back after Stop(), where it was and with what it stored; leases
  // that had not expired by then have their full time again. Returns when it
  // serves, or why it does not.
  virtual absl::Status Restart() = 0;
};

}  // namespace support

#endif  // SUPPORT_ETCD_ETCD_H_
