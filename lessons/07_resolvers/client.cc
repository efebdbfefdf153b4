// Calls servers that come and go, by a name that etcd knows, and draws who
// answered when. Exits with 0 if no call was lost, else says what to look at.

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "call_chart.h"
#include "churn.h"
#include "etcd_resolver.h"
#include "follow_servers.h"
#include "load_generator.h"
#include "support/console_log.h"
#include "support/resolver.h"
#include "support/steady_clock.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051",
          "where etcd serves; the movie servers are found there");
ABSL_FLAG(absl::Duration, length, absl::Seconds(4), "how long to make calls");
ABSL_FLAG(absl::Duration, interval, absl::Milliseconds(5),
          "from one call to the next");
ABSL_FLAG(std::string, policy, "round_robin",
          "how to choose a server for each call: round_robin or pick_first");
ABSL_FLAG(std::string, svg, "", "file to draw the chart into, too");

namespace movies {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// Tells which servers etcd knows, and when that changed.
class ServerWatch {
 public:
  // `log` must outlive the object.
  ServerWatch(const std::string& etcd, const support::ConsoleLog& log)
      : log_(log), thread_([this, etcd] { Watch(etcd); }) {}

  ~ServerWatch() {
    contexts_.range.TryCancel();
    contexts_.watch.TryCancel();
    thread_.join();
  }

  // Waits until there is a server, or the watch is over, or `timeout` has
  // passed. Returns whether there is one.
  bool WaitForServer(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    const auto settled = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return !servers_.empty() || !ended_.ok();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&settled), timeout);
    return !servers_.empty();
  }

  // Why the watch is over; OK while it goes on.
  grpc::Status ended() const {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }

  // What came and what went, since there was a first server.
  std::vector<ChartMark> marks() const {
    absl::MutexLock lock(&mutex_);
    return marks_;
  }

 private:
  void Watch(const std::string& etcd) {
    grpc::ChannelArguments arguments;
    // The environment's http_proxy is not meant for an etcd on this machine.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    const EtcdStubs stubs = NewEtcdStubs(grpc::CreateCustomChannel(
        etcd, grpc::InsecureChannelCredentials(), arguments));
    contexts_.range.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    const grpc::Status status = FollowServers(
        stubs, "movies/", contexts_, [this](std::vector<std::string> servers) {
          Note({servers.begin(), servers.end()});
        });
    absl::MutexLock lock(&mutex_);
    ended_ = status;
  }

  void Note(std::set<std::string> servers) {
    log_.Say(absl::StrCat("etcd knows ", servers.size(),
                          " servers: ", absl::StrJoin(servers, ", ")));
    absl::MutexLock lock(&mutex_);
    const absl::Time now = support::SteadyNow();
    if (!servers_.empty()) {
      for (const std::string& server : servers) {
        if (servers_.count(server) == 0) {
          marks_.push_back({now, absl::StrCat(server, " is in")});
        }
      }
      for (const std::string& server : servers_) {
        if (servers.count(server) == 0) {
          marks_.push_back({now, absl::StrCat(server, " is out")});
        }
      }
    }
    servers_ = std::move(servers);
  }

  const support::ConsoleLog& log_;
  FollowContexts contexts_;
  mutable absl::Mutex mutex_;
  std::set<std::string> servers_ ABSL_GUARDED_BY(mutex_);
  std::vector<ChartMark> marks_ ABSL_GUARDED_BY(mutex_);
  grpc::Status ended_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last, so that it starts when the rest is there.
};

// Says why there is no server. Returns main()'s exit code.
int NoServer(const grpc::Status& status) {
  const std::string& etcd = absl::GetFlag(FLAGS_target);
  if (absl::StartsWith(status.error_message(), "TODO(")) {
    std::fprintf(stderr,
                 "%s\nThe exercise 07_resolvers.follow_servers is not "
                 "solved yet; //solutions/07_resolvers:client shows what comes "
                 "then.\n",
                 status.error_message().c_str());
  } else if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    std::fprintf(
        stderr,
        "What serves at %s is no etcd. Stop it, or start one elsewhere "
        "with --address, and call that with --target: bazel run "
        "//lessons/07_resolvers:server\n",
        etcd.c_str());
  } else if (!status.ok()) {
    std::fprintf(stderr,
                 "No etcd answers at %s: %s\nStart one: bazel run "
                 "//lessons/07_resolvers:server\n",
                 etcd.c_str(), status.error_message().c_str());
  } else {
    std::fprintf(stderr,
                 "etcd at %s knows no server for \"movies\". Is "
                 "07_resolvers.register_server solved? The server says so.\n",
                 etcd.c_str());
  }
  return 1;
}

// Draws what happened. Returns whether no call was lost.
bool Show(const std::vector<CallRecord>& calls,
          const std::vector<ChartMark>& marks, const support::ConsoleLog& log) {
  ChartOptions options;
  options.title =
      absl::StrCat("Calls per server, ", absl::GetFlag(FLAGS_policy));
  options.marks = marks;
  std::cout << "\n" << ChartAsText(calls, options) << "\n";
  const std::string path = absl::GetFlag(FLAGS_svg);
  if (!path.empty()) {
    std::ofstream file(path);
    file << ChartAsSvg(calls, options) << std::flush;
    if (!file) {
      std::fprintf(stderr, "Cannot write %s.\n", path.c_str());
      return false;
    }
  }
  const std::vector<CallRecord> lost = LostCalls(calls);
  log.Say(absl::Substitute("$0 calls, $1 lost, answered by $2 servers",
                           calls.size(), lost.size(), Answered(calls).size()));
  if (!lost.empty()) {
    log.Say(absl::StrCat("The first lost one ended with code ",
                         static_cast<int>(lost.front().code)));
  }
  return lost.empty() && !calls.empty();
}

int Main() {
  const std::string policy = absl::GetFlag(FLAGS_policy);
  const absl::Duration length = absl::GetFlag(FLAGS_length);
  LoadOptions load_options;
  load_options.interval = absl::GetFlag(FLAGS_interval);
  if (policy != "round_robin" && policy != "pick_first") {
    std::fprintf(stderr, "--policy is round_robin or pick_first, not %s.\n",
                 policy.c_str());
    return 2;
  }
  if (length <= absl::ZeroDuration() || length > absl::Hours(1) ||
      load_options.interval < absl::Milliseconds(1) ||
      load_options.interval > length) {
    std::fprintf(stderr,
                 "--length is more than 0 and no more than 1h, --interval 1ms "
                 "or more and no more than --length.\n");
    return 2;
  }

  const auto log = std::make_shared<const support::ConsoleLog>();
  EtcdResolverOptions options;
  options.etcd = absl::GetFlag(FLAGS_target);
  options.service_config_json =
      absl::StrReplaceAll(kRoundRobinWithRetries, {{"round_robin", policy}});
  // A channel's resolver may outlive this function, so it shares the log.
  options.on_trouble = [log](const absl::Status& status) {
    log->Say(absl::StrCat("the resolver: ", status.ToString()));
  };
  // Before the first channel.
  const absl::Status registered =
      support::RegisterResolver(std::make_shared<EtcdResolverBuilder>(options));
  if (!registered.ok()) {
    std::fprintf(stderr, "%s\n", registered.ToString().c_str());
    return 1;
  }

  ServerWatch watch(options.etcd, *log);
  if (!watch.WaitForServer(kPatience)) return NoServer(watch.ended());
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateChannel("etcd:///movies", grpc::InsecureChannelCredentials());
  log->Say(absl::StrCat("Calling etcd:///movies for ",
                        absl::FormatDuration(length)));
  LoadGenerator load(channel, load_options);
  absl::SleepFor(length);
  const std::vector<CallRecord> calls = load.Stop();
  return Show(calls, watch.marks(), *log) ? 0 : 1;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Calls the movie servers that are registered in an etcd, and draws which "
      "of them\nanswered when.\n\n  client [--target=127.0.0.1:50051] "
      "[--length=4s] [--interval=5ms]\n         "
      "[--policy=round_robin|pick_first] [--svg=FILE]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
