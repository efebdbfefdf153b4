// Resolvers of your own, for targets with a scheme of your own.
//
// A resolver turns a channel's target into the addresses of servers, and keeps
// telling the channel when they change. gRPC's C++ has an interface for that,
// but keeps it to itself. This library gives it to programs, in the shape that
// Go's google.golang.org/grpc/resolver has:
//
//   class FixedResolverBuilder : public support::ResolverBuilder {
//    public:
//     std::string Scheme() const override { return "fixed"; }
//
//     absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
//         const support::ResolverTarget& target,
//         std::shared_ptr<support::ClientConnection> connection) override {
//       absl::Status status = connection->UpdateState(
//           {{"127.0.0.1:50051", "127.0.0.1:50052"}});
//       if (!status.ok()) return status;
//       return std::make_unique<support::Resolver>();
//     }
//   };
//
//   int main() {
//     absl::Status status = support::RegisterResolver(
//         std::make_shared<FixedResolverBuilder>());
//     ...
//     auto channel = grpc::CreateChannel("fixed:///movies", credentials);
//
// What a resolver may report and what the channel makes of it:
// https://github.com/grpc/grpc/blob/master/doc/naming.md. What a target looks
// like: RFC 3986; gRPC decodes its %XX. An HTTP proxy that the environment
// names is not asked for these targets, whatever the channel's arguments say.

#ifndef SUPPORT_RESOLVER_H_
#define SUPPORT_RESOLVER_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace support {

// What a channel was created with, in its parts:
//
//   movies://tokyo/drama/latest?region=eu#top
//   scheme   authority  path          query        fragment
//   "movies" "tokyo"    "/drama/latest" {{"region", "eu"}} "top"
struct ResolverTarget {
  std::string scheme;
  std::string authority;
  std::string path;
  // In the target's order; a key may come more than once.
  std::vector<std::pair<std::string, std::string>> query;
  std::string fragment;

  // Returns the path without its leading slash: in "movies:///drama" and in
  // "movies:drama" alike, "drama". Valid as long as `path` is.
  absl::string_view endpoint() const;
};

// All that a resolver knows at one time.
struct ResolverState {
  // Where the servers are: "127.0.0.1:50051", "[::1]:50051",
  // "unix:/run/movies.sock", "unix-abstract:movies". Names of hosts are not
  // addresses; whoever has one must resolve it first. An empty list says that
  // there is no server: calls fail until there is.
  std::vector<std::string> addresses = {};

  // How the channel is to use them, as the JSON form of
  // https://github.com/grpc/grpc/blob/master/doc/service_config.md. Without
  // one, the channel's own applies: the one in its arguments, if any.
  std::optional<std::string> service_config_json = std::nullopt;
};

// How a resolver talks to the one channel that it was built for.
//
// Both functions may be called from any thread, from within Build(), Resolver's
// functions and its destructor too, and with locks held: they never call back
// and never wait for the channel. Reports take effect in the order in which
// they were made, a moment later and on one of gRPC's threads. A good state
// takes the place of reports that the channel has not yet come for.
//
// It may outlive its channel, which it does not keep alive; see CANCELLED.
class ClientConnection {
 public:
  virtual ~ClientConnection() = default;

  // Replaces what the channel knew. The channel drops the connections to
  // addresses that are gone once it has others; the calls on them go on.
  //
  // Returns what is wrong with `state`. The channel hears of that too, so a
  // resolver has nothing left to do but to log it:
  //   INVALID_ARGUMENT  An address is none: the same as ReportError().
  //   INVALID_ARGUMENT  The service config is not valid: the channel takes the
  //                     addresses and stays with the last good config. If it
  //                     never had one, its calls fail with UNAVAILABLE.
  //   CANCELLED         The resolver was destroyed; nothing happens.
  // OK does not say that the channel has acted yet, nor that it could connect.
  virtual absl::Status UpdateState(ResolverState state) = 0;

  // Says that the addresses could not be had. A channel that knows some, or
  // knows that there is none, stays with that. Otherwise its calls fail with
  // UNAVAILABLE and the error's message, preceded by its code if that is
  // another one; calls that wait for ready go on waiting.
  virtual void ReportError(const absl::Status& error) = 0;
};

// What finds the addresses for one channel. This class does nothing: enough for
// a resolver that has said everything in Build().
//
// Its functions are called one at a time, on any thread; at times on one that
// starts a call or destroys a channel. So they must be quick, and must not take
// a lock that the program holds while it does such things.
class Resolver {
 public:
  Resolver() = default;

  // Stops the work: it is called once, when the channel is destroyed or goes
  // idle, and nothing of the resolver is used after it. It must not wait for a
  // thread that makes gRPC calls: those may need the very thread that waits,
  // and neither would ever go on. Leave that to another thread.
  virtual ~Resolver() = default;

  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // A hint that the addresses may be stale: a connection broke or could not be
  // made, or the channel knows of no server. Often called, so a resolver that
  // asks somebody should not ask each time; nor should it answer at once that
  // there is no server, or it will be called again at once. One that is told of
  // every change can ignore it.
  virtual void ResolveNow() {}
};

// Makes the resolvers of one scheme. Its functions may be called from several
// threads at once, as Resolver's are, and must be as quick.
class ResolverBuilder {
 public:
  virtual ~ResolverBuilder() = default;

  // Returns the scheme of the targets that it serves; never another one. Lower
  // case letters first, then also digits, "+", "-" and "." (RFC 3986, 3.1).
  virtual std::string Scheme() const = 0;

  // Returns why no resolver can be had for this target, or OK. Asked once,
  // when a channel is created. A channel that is refused is of no use: each of
  // its calls fails at once with exactly this status, even one that would wait
  // for ready.
  virtual absl::Status CheckTarget(const ResolverTarget& target) const;

  // Starts a resolver. Called when a channel is first used, and again when it
  // is used after it went idle (GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS), with a
  // connection of its own each time. CheckTarget() has agreed to the target.
  //
  // An error is reported as by ReportError(), and there is no second try; so a
  // resolver whose source is away should be built all the same, report that,
  // and go on trying.
  virtual absl::StatusOr<std::unique_ptr<Resolver>> Build(
      const ResolverTarget& target,
      std::shared_ptr<ClientConnection> connection) = 0;
};

// Makes the builder's scheme known to every channel of this process, for good:
// gRPC has one registry, and nothing is ever removed from it. Call it at the
// start of main(), before the program's first channel or server. May be called
// from several threads.
//
//   INVALID_ARGUMENT     The scheme is not one.
//   ALREADY_EXISTS       The scheme is gRPC's own, or was registered before.
//   FAILED_PRECONDITION  Too late: gRPC's registry is closed, which happens
//                        when a channel or a server is first created.
absl::Status RegisterResolver(std::shared_ptr<ResolverBuilder> builder);

}  // namespace support

#endif  // SUPPORT_RESOLVER_H_
