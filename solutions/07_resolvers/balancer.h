// An external balancer: the server's side of grpclb, gRPC's look-aside
// protocol. Clients ask it which servers to call, and then call them directly.
//
//   Balancer balancer;
//   absl::Status status = balancer.SetTraffic(
//       "movies.test:50051", {{"127.0.0.1:50061", /*shares=*/3, "big"},
//                             {"127.0.0.1:50062", /*shares=*/1, "small"}});
//   if (!status.ok()) return status;
//   builder.RegisterService(&balancer);
//   ...
//   return balancer.Drain("movies.test:50051", "127.0.0.1:50061");
//
// The protocol is support/grpclb/load_balancer.proto. How clients find a
// balancer: https://github.com/grpc/proposal/blob/master/A5-grpclb-in-dns.md.

#ifndef BALANCER_H_
#define BALANCER_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server_list.h"
#include "support/grpclb/load_balancer.grpc.pb.h"

namespace movies {

// What the clients of one service have told of themselves: sums over all
// reports since the balancer started.
struct ClientReports {
  // Clients that have a stream to the balancer now.
  int clients = 0;
  // Calls, the dropped ones included.
  int64_t started = 0;
  int64_t finished = 0;
  // Of those that finished: never sent, and certainly received by a server.
  int64_t failed_to_send = 0;
  int64_t known_received = 0;
  // Dropped calls by the token of the drop. Tokens that no drop of this service
  // ever had are not counted, so that no client can fill the memory.
  std::map<std::string, int64_t> dropped;
};

// Serves any number of clients at once, without a thread for each: a client's
// stream lasts as long as the client, so this is the callback API. A change
// makes a list for each client, all under one lock.
//
// All member functions may be called from any thread. Destroy it after its
// server.
class Balancer : public grpc::lb::v1::LoadBalancer::CallbackService {
 public:
  // Tokens get a tag of this length for each stream; see SetTraffic().
  static constexpr std::size_t kTagBytes = 9;

  // How often clients report; zero or less for never. gRPC's client takes less
  // than a second for a second.
  explicit Balancer(absl::Duration report_interval = absl::Seconds(1));
  ~Balancer() override;

  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  // From now on the service's calls go where `traffic` says. Clients that are
  // here are told at once, others when they come. `service` is the name that
  // clients ask for: what comes after the authority in their target, the port
  // included.
  //
  // On the way out each token gets a tag, drawn for each stream, because gRPC's
  // client takes no notice of a list that is the same as its last one: after
  // the balancer was away, the client would stay with the resolver's addresses,
  // if it had fallen back to them, and would not report its calls.
  //
  // INVALID_ARGUMENT, with nothing changed, if MakeServerList() refuses the
  // traffic, or a token is longer than kMaxTokenBytes - kTagBytes.
  absl::Status SetTraffic(absl::string_view service,
                          std::vector<TrafficShare> traffic);

  // Takes all shares from a server, as for a restart. The rest of the list gets
  // its calls: if no server is left, all calls fail. Calls that it has already
  // may go on. NOT_FOUND if the service has no such server.
  absl::Status Drain(absl::string_view service, absl::string_view address);

  // Tells the clients to use the addresses that their resolver found, until the
  // next SetTraffic(). NOT_FOUND if there is no such service.
  absl::Status FallBack(absl::string_view service);

  // What clients have reported. NOT_FOUND if there is no such service.
  absl::StatusOr<ClientReports> Reports(absl::string_view service) const;

  // Waits until the reports are as `enough` wants them, or for `timeout`, and
  // returns whether they are. It is called under a lock, so it must not call
  // the balancer.
  bool WaitForReports(absl::string_view service,
                      const std::function<bool(const ClientReports&)>& enough,
                      absl::Duration timeout) const;

  // Ends all streams with UNAVAILABLE, and refuses new ones, so that the
  // server's shutdown need not wait: by themselves they would last for ever.
  void Shutdown();

  // The service's only method; gRPC calls it.
  grpc::ServerBidiReactor<grpc::lb::v1::LoadBalanceRequest,
                          grpc::lb::v1::LoadBalanceResponse>*
  BalanceLoad(grpc::CallbackServerContext* context) override;

 private:
  // One client's stream.
  class Stream;

  struct Service {
    std::vector<TrafficShare> traffic;
    bool fall_back = false;
    ClientReports reports;
  };

  // Makes the streams of a service send what they have not sent yet.
  void TellClients(const Service& service)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration report_interval_;
  // Guards the streams too. To start a read or a write, or to finish, only
  // hands that to gRPC and calls nothing back, so it may be held then.
  mutable absl::Mutex mutex_;
  // The key is the service's name. The values stay where they are.
  std::map<std::string, Service, std::less<>> services_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<Stream*> streams_ ABSL_GUARDED_BY(mutex_);
  bool shutting_down_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace movies

#endif  // BALANCER_H_
