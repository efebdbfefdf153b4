// Channels to whatever servers are registered in etcd.
//
//   movies::EtcdResolverOptions options;
//   options.etcd = "127.0.0.1:2379";
//   absl::Status status = support::RegisterResolver(
//       std::make_shared<movies::EtcdResolverBuilder>(options));
//   ...
//   auto channel = grpc::CreateChannel("etcd:///movies", credentials);
//
// The target's path names the servers: "etcd:///movies" are those whose keys
// start with "movies/", "etcd:///prod/movies" those with "prod/movies/". As in
// a target of the scheme "dns", an authority says whom to ask instead of the
// one in the options: "etcd://10.0.0.1:2379/movies".

#ifndef ETCD_RESOLVER_H_
#define ETCD_RESOLVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "support/resolver.h"

namespace movies {

// round_robin, and retries for the methods that have no side effect.
extern const char kRoundRobinWithRetries[];

struct EtcdResolverOptions {
  // Where etcd serves, as a target of gRPC: "127.0.0.1:2379". Several members
  // of a cluster: "ipv4:10.0.0.1:2379,10.0.0.2:2379". Without it, each channel
  // has to say it.
  std::string etcd;

  // Makes the credentials for etcd; without TLS by default. Called on the
  // resolvers' threads.
  std::function<std::shared_ptr<grpc::ChannelCredentials>()> credentials =
      grpc::InsecureChannelCredentials;

  // How long etcd may take to say which servers there are.
  absl::Duration read_timeout = absl::Seconds(5);

  // A watch is silent as long as nothing changes. So etcd is pinged after so
  // much silence, and is away if the answer takes longer than the timeout. etcd
  // closes the connection of a client that pings more often than every 5 s.
  absl::Duration keepalive_time = absl::Seconds(10);
  absl::Duration keepalive_timeout = absl::Seconds(3);

  // How long to wait before etcd is asked again: a random part of a ceiling
  // that doubles each time, from the first to the last.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(10);

  // Draws that part, from 0 to 1; evenly by default. Called on the resolvers'
  // threads, so it must be thread-safe.
  std::function<double()> random = nullptr;

  // How the channels are to use the servers.
  std::string service_config_json = kRoundRobinWithRetries;

  // Is told what goes wrong, for a log. Called on the resolvers' threads, so it
  // must be thread-safe, and quick. It must not destroy a channel. Who
  // registers a builder keeps it for as long as the process lives, so whatever
  // this and the functions above use has to live as long.
  std::function<void(const absl::Status&)> on_trouble = nullptr;
};

class FollowerCloser;

// Makes resolvers that follow the servers in etcd. Each has a thread, and a
// connection to etcd. Whenever etcd cannot be asked any more, its channel goes
// on with the servers that it knew last, until etcd has told of others; a
// channel that never knew any says why its calls fail. A member of a cluster
// that is cut off from the others is no etcd that can be asked.
//
// Thread-safe.
class EtcdResolverBuilder : public support::ResolverBuilder {
 public:
  explicit EtcdResolverBuilder(EtcdResolverOptions options);

  std::string Scheme() const override { return "etcd"; }

  // INVALID_ARGUMENT for a target without a path, with an empty part in its
  // path, with a query or a fragment; and without an authority, if the options
  // have no etcd either.
  absl::Status CheckTarget(
      const support::ResolverTarget& target) const override;

  absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
      const support::ResolverTarget& target,
      std::shared_ptr<support::ClientConnection> connection) override;

 private:
  const EtcdResolverOptions options_;
  const std::shared_ptr<FollowerCloser> closer_;
};

}  // namespace movies

#endif  // ETCD_RESOLVER_H_
