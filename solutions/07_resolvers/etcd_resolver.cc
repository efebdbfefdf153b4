#include "etcd_resolver.h"

#include <arpa/inet.h>
#include <grpc/grpc.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "follow_servers.h"
#include "support/steady_clock.h"

namespace movies {

const char kRoundRobinWithRetries[] = R"json({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [
      {"service": "movies.v1.MoviesService", "method": "GetMovie"},
      {"service": "movies.v1.MoviesService", "method": "QueryMovie"}
    ],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.01s",
      "maxBackoff": "0.1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
})json";

namespace {

// Whether the channel would take it: "127.0.0.1:50051" or "[::1]:50051".
bool IsAddress(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return false;
  int port = 0;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return false;
  }
  absl::string_view ip = address.substr(0, colon);
  in6_addr parsed;
  if (absl::ConsumePrefix(&ip, "[") && absl::ConsumeSuffix(&ip, "]")) {
    return inet_pton(AF_INET6, std::string(ip).c_str(), &parsed) == 1;
  }
  return inet_pton(AF_INET, std::string(ip).c_str(), &parsed) == 1;
}

double DrawEvenly() {
  thread_local absl::BitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

absl::Status BadTarget(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a target of the scheme \"etcd\" is \"etcd:///NAME\"; this one ", what));
}

}  // namespace

// Follows the servers on a thread of its own.
class EtcdFollower {
 public:
  EtcdFollower(EtcdResolverOptions options, std::string prefix,
               std::shared_ptr<support::ClientConnection> connection)
      : options_(std::move(options)),
        prefix_(std::move(prefix)),
        connection_(std::move(connection)),
        thread_([this] { Run(); }) {}

  // Waits for the thread, which must have been stopped.
  ~EtcdFollower() { thread_.join(); }

  // Ends the calls and returns at once.
  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (contexts_ != nullptr) {
      contexts_->range.TryCancel();
      contexts_->watch.TryCancel();
    }
  }

 private:
  void Run() {
    absl::Duration ceiling = options_.initial_backoff;
    while (true) {
      told_ = absl::InfiniteFuture();
      const grpc::Status why = Follow();
      if (IsStopping()) return;
      // The channel stays with the servers that it knows, if it knows any.
      const absl::Status trouble = absl::UnavailableError(
          absl::StrCat("etcd at ", options_.etcd, " does not tell of \"",
                       prefix_, "\": ", why.error_message()));
      connection_->ReportError(trouble);
      SayTrouble(trouble);
      // Whoever could follow for a while begins with short waits again. An etcd
      // that lets a read time out is asked less and less.
      if (support::SteadyNow() - told_ >= ceiling) {
        ceiling = options_.initial_backoff;
      }
      if (!Wait(ceiling * Draw())) return;
      ceiling = std::min(2 * ceiling, options_.max_backoff);
    }
  }

  // Follows the servers until that is over, and returns why it is.
  grpc::Status Follow() {
    FollowContexts contexts;
    contexts.range.set_deadline(
        absl::ToChronoTime(absl::Now() + options_.read_timeout));
    // Without it, a member that lost its cluster keeps the watch, and is
    // silent.
    contexts.watch.AddMetadata("hasleader", "true");
    // A new channel connects at once. An old one that could not connect would
    // wait for a backoff of its own first.
    const EtcdStubs etcd = NewEtcdStubs(NewChannel());
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return grpc::Status::CANCELLED;
      contexts_ = &contexts;
    }
    grpc::Status why = FollowServers(
        etcd, prefix_, contexts,
        [this](const std::vector<std::string>& addresses) { Tell(addresses); });
    absl::MutexLock lock(&mutex_);
    contexts_ = nullptr;
    return why;
  }

  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                Milliseconds(options_.keepalive_time));
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                Milliseconds(options_.keepalive_timeout));
    // Or pings would stop after two: a watch sends no data.
    args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // Shares no connection with other channels, nor their backoff.
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    // etcd is near, whatever the environment says of the way to the world.
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(options_.etcd, options_.credentials(),
                                     args);
  }

  // Tells the channel which servers there are.
  void Tell(const std::vector<std::string>& addresses) {
    told_ = std::min(told_, support::SteadyNow());
    support::ResolverState state;
    state.service_config_json = options_.service_config_json;
    for (const std::string& address : addresses) {
      // The channel would refuse all of them for the sake of one.
      if (IsAddress(address)) {
        state.addresses.push_back(address);
      } else {
        SayTrouble(absl::InvalidArgumentError(
            absl::StrCat("etcd has a server under \"", prefix_, "\" at \"",
                         address, "\", which is no address; left out")));
      }
    }
    absl::Status status = connection_->UpdateState(std::move(state));
    // The channel is gone, then.
    if (!status.ok() && !absl::IsCancelled(status)) SayTrouble(status);
  }

  void SayTrouble(const absl::Status& trouble) const {
    if (options_.on_trouble) options_.on_trouble(trouble);
  }

  double Draw() const {
    return options_.random ? options_.random() : DrawEvenly();
  }

  bool IsStopping() {
    absl::MutexLock lock(&mutex_);
    return stopping_;
  }

  // Returns false, at once, if the resolver is to stop.
  bool Wait(absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), duration);
  }

  const EtcdResolverOptions options_;
  const std::string prefix_;
  const std::shared_ptr<support::ClientConnection> connection_;
  // When the list that was read last was told. Used by the thread alone.
  absl::Time told_ = absl::InfiniteFuture();
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Those of the calls under way, if any.
  FollowContexts* contexts_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;  // Last, so that it starts when the rest is there.
};

// Waits for the threads of followers that were stopped, on a thread of its own.
// A resolver ends on one of gRPC's threads, and cannot wait there: the calls to
// etcd may need that thread in order to end.
class FollowerCloser {
 public:
  FollowerCloser() : thread_([this] { Run(); }) {}

  // Closes those that are left.
  ~FollowerCloser() {
    {
      absl::MutexLock lock(&mutex_);
      ending_ = true;
    }
    thread_.join();
  }

  void Close(std::unique_ptr<EtcdFollower> follower) {
    follower->Stop();
    absl::MutexLock lock(&mutex_);
    stopped_.push_back(std::move(follower));
  }

 private:
  void Run() {
    while (true) {
      std::vector<std::unique_ptr<EtcdFollower>> stopped;
      absl::MutexLock lock(&mutex_);
      const auto wanted = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return ending_ || !stopped_.empty();
      };
      mutex_.Await(absl::Condition(&wanted));
      if (stopped_.empty()) return;
      // Destroyed when the lock is no longer held.
      stopped.swap(stopped_);
    }
  }

  absl::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<EtcdFollower>> stopped_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last, so that it starts when the rest is there.
};

namespace {

class EtcdResolver : public support::Resolver {
 public:
  EtcdResolver(std::unique_ptr<EtcdFollower> follower,
               std::shared_ptr<FollowerCloser> closer)
      : follower_(std::move(follower)), closer_(std::move(closer)) {}

  ~EtcdResolver() override { closer_->Close(std::move(follower_)); }

  // ResolveNow() stays what it is, nothing: while there is a watch, the
  // addresses are not stale; while there is none, the backoff says when etcd
  // can stand to be asked.

 private:
  std::unique_ptr<EtcdFollower> follower_;
  const std::shared_ptr<FollowerCloser> closer_;
};

}  // namespace

EtcdResolverBuilder::EtcdResolverBuilder(EtcdResolverOptions options)
    : options_(std::move(options)),
      closer_(std::make_shared<FollowerCloser>()) {}

absl::Status EtcdResolverBuilder::CheckTarget(
    const support::ResolverTarget& target) const {
  if (target.endpoint().empty()) return BadTarget("has no name");
  if (absl::EndsWith(target.endpoint(), "/")) {
    return BadTarget("has a slash at its end; the resolver adds that");
  }
  for (absl::string_view part : absl::StrSplit(target.endpoint(), '/')) {
    if (part.empty()) return BadTarget("has an empty part in its name");
  }
  if (!target.query.empty()) return BadTarget("has a query, after a \"?\"");
  if (!target.fragment.empty()) {
    return BadTarget("has a fragment, after a \"#\"");
  }
  if (target.authority.empty() && options_.etcd.empty()) {
    return BadTarget(
        "has to say where etcd is, as in \"etcd://127.0.0.1:2379/movies\"");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<support::Resolver>> EtcdResolverBuilder::Build(
    const support::ResolverTarget& target,
    std::shared_ptr<support::ClientConnection> connection) {
  EtcdResolverOptions options = options_;
  if (!target.authority.empty()) options.etcd = target.authority;
  return std::make_unique<EtcdResolver>(
      std::make_unique<EtcdFollower>(std::move(options),
                                     absl::StrCat(target.endpoint(), "/"),
                                     std::move(connection)),
      closer_);
}

}  // namespace movies
