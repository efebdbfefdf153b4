// Servers that come and go at random while calls go on: what a channel has to
// stand.

#ifndef CHURN_H_
#define CHURN_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "etcd_keys.h"
#include "load_generator.h"

namespace movies {

struct ChurnOptions {
  // How many servers there are, most of the time about half of them up.
  int backends = 50;

  // How many are up and registered at any time. 2 or more: a call that loses
  // its server needs another one to go to.
  int at_least = 5;

  // How often one of them comes, leaves or dies.
  int changes = 200;

  // How many calls end between one change and the next.
  int calls_between = 3;

  // How long a server that leaves waits for its clients at most.
  absl::Duration drain = absl::Seconds(2);

  // The same seed makes the same changes.
  uint32_t seed = 1;

  // Under which prefix they are registered, with its "/".
  std::string prefix = "movies/";

  LoadOptions load;
};

struct ChurnResult {
  std::vector<CallRecord> calls;
  // How many servers came after the start; how many of them left in good order,
  // and how many died with their keys still in etcd.
  int came = 0;
  int left = 0;
  int died = 0;
};

// Starts servers of `service`, registers them, and calls them through `channel`
// while they come and go. A server that leaves unregisters and ends when its
// clients have left. One that dies breaks off its calls, and its key stays for
// as many calls as there are between two changes, as if it waited for a lease.
//
// Returns what became of the calls; UNAVAILABLE or the status of etcd's if the
// servers could not be started or registered, DEADLINE_EXCEEDED if no call ends
// for 10 s. In the end all servers and all their keys are gone.
absl::StatusOr<ChurnResult> RunChurn(
    const std::shared_ptr<grpc::Channel>& channel, EtcdKeys& keys,
    grpc::Service* service, const ChurnOptions& options);

// Returns the calls that did not end with OK.
std::vector<CallRecord> LostCalls(const std::vector<CallRecord>& calls);

// Returns the servers that answered a call, "ipv4:127.0.0.1:PORT".
std::set<std::string> Answered(const std::vector<CallRecord>& calls);

}  // namespace movies

#endif  // CHURN_H_
