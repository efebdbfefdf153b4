// Three movie servers that come and go, and the etcd that knows where they are.
// With --etcd it is one more server, for an etcd that runs already.

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "backend.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "registration.h"
#include "support/console_log.h"
#include "support/etcd/etcd_server.h"
#include "support/stop_signals.h"
#include "support/subprocess.h"

ABSL_FLAG(std::string, address, "127.0.0.1:50051",
          "where to start an etcd; port 0 picks a free one");
ABSL_FLAG(std::string, etcd, "",
          "where an etcd runs already: start nothing but one server, and "
          "register it there");
ABSL_FLAG(std::string, name, "D", "what the server with --etcd calls itself");
ABSL_FLAG(absl::Duration, ttl, absl::Seconds(2),
          "how long a server that died may stay in etcd, 1s or more");
ABSL_FLAG(absl::Duration, every, absl::Milliseconds(700),
          "how often a server dies, leaves or comes back; 0 for never");

namespace movies {
namespace {

// How long the clients of a server that left etcd may take to leave it, too.
constexpr absl::Duration kGrace = absl::Seconds(5);

// One server, registered in an etcd that runs already.
int ServeAndRegister(support::StopSignals& stop_signals) {
  const support::ConsoleLog log;
  const std::string name = absl::GetFlag(FLAGS_name);
  MovieStore store;
  CatalogueService service(&store);
  const absl::StatusOr<std::unique_ptr<Backend>> backend =
      Backend::Start(&service);
  if (!backend.ok()) {
    std::fprintf(stderr, "Cannot serve: %s\n",
                 backend.status().ToString().c_str());
    return 1;
  }

  RegistrationOptions options;
  options.etcd = absl::GetFlag(FLAGS_etcd);
  options.service = "movies";
  options.address = (*backend)->address();
  options.ttl = absl::GetFlag(FLAGS_ttl);
  // The last thing said, so that trouble that lasts is told of once. Only the
  // registration's thread calls this, and at the end its destructor.
  std::string said;
  options.on_status = [&](const absl::Status& status) {
    const std::string words =
        absl::StrCat(name, " at ", options.address, ": ",
                     status.ok() ? "registered" : status.ToString());
    if (words != said) log.Say(words);
    said = words;
  };
  auto registration = std::make_unique<Registration>(options);

  stop_signals.Wait();
  log.Say(
      absl::StrCat(name, registration->WaitUntilRegistered(absl::ZeroDuration())
                             ? " leaves etcd, then shuts down"
                             : " shuts down; etcd does not know it"));
  registration.reset();
  (*backend)->Leave(kGrace);
  return 0;
}

// Servers in processes of their own, so that one can die as servers do.
class Servers {
 public:
  // `log` must outlive the object.
  Servers(std::string etcd, const support::ConsoleLog& log)
      : etcd_(std::move(etcd)), log_(log) {}

  void Start(const std::string& name) {
    absl::StatusOr<support::Subprocess> process = support::Subprocess::Start(
        {"/proc/self/exe", absl::StrCat("--etcd=", etcd_),
         absl::StrCat("--name=", name),
         absl::StrCat("--ttl=",
                      absl::FormatDuration(absl::GetFlag(FLAGS_ttl)))});
    if (process.ok()) {
      processes_.emplace(name, *std::move(process));
    } else {
      log_.Say(
          absl::StrCat(name, " does not start: ", process.status().ToString()));
    }
  }

  // As kill -9 would.
  void Kill(const std::string& name) {
    log_.Say(absl::StrCat(name, " dies; etcd does not know yet"));
    processes_.erase(name);
  }

  // As Ctrl-C would. etcd may take its time as well as the clients.
  void Stop(const std::string& name) {
    auto process = processes_.find(name);
    if (process == processes_.end()) return;
    const absl::StatusOr<support::ExitStatus> exit =
        process->second.Terminate(2 * kGrace);
    if (!exit.ok()) log_.Say(exit.status().ToString());
    processes_.erase(process);
  }

  // Lets B and C go and come back, in turn, until `stopped`.
  void ComeAndGo(absl::Duration every, const absl::Notification& stopped) {
    while (true) {
      if (stopped.WaitForNotificationWithTimeout(every)) return;
      Kill("B");
      if (stopped.WaitForNotificationWithTimeout(every)) return;
      Start("B");
      if (stopped.WaitForNotificationWithTimeout(every)) return;
      Stop("C");
      if (stopped.WaitForNotificationWithTimeout(every)) return;
      Start("C");
    }
  }

 private:
  const std::string etcd_;
  const support::ConsoleLog& log_;
  std::map<std::string, support::Subprocess> processes_;
};

// An etcd, and three servers that are registered in it.
int ServeAll(int port, support::StopSignals& stop_signals) {
  const support::ConsoleLog log;
  support::EtcdServer::Options options;
  options.port = port;
  const absl::StatusOr<std::unique_ptr<support::EtcdServer>> etcd =
      support::EtcdServer::Start(options);
  if (!etcd.ok()) {
    std::fprintf(stderr,
                 "Cannot start etcd. Is another server running there? Try "
                 "--address.\n%s\n",
                 etcd.status().ToString().c_str());
    return 1;
  }
  const std::vector<std::string> address =
      absl::StrSplit((*etcd)->address(), ':');
  log.Say(absl::StrCat("etcd: Serving on port ", address.back(),
                       ". Ctrl-C stops everything."));

  Servers servers((*etcd)->address(), log);
  for (const char* name : {"A", "B", "C"}) servers.Start(name);
  absl::Notification stopped;
  std::thread restless;
  const absl::Duration every = absl::GetFlag(FLAGS_every);
  if (every > absl::ZeroDuration()) {
    restless = std::thread([&] { servers.ComeAndGo(every, stopped); });
  }
  stop_signals.Wait();
  stopped.Notify();
  if (restless.joinable()) restless.join();
  for (const char* name : {"A", "B", "C"}) servers.Stop(name);
  return 0;
}

int Main() {
  if (absl::GetFlag(FLAGS_ttl) < absl::Seconds(1) ||
      absl::GetFlag(FLAGS_ttl) > absl::Hours(1)) {
    std::fprintf(stderr, "--ttl is 1s to 1h, not %s.\n",
                 absl::FormatDuration(absl::GetFlag(FLAGS_ttl)).c_str());
    return 2;
  }
  const absl::Duration every = absl::GetFlag(FLAGS_every);
  if (every != absl::ZeroDuration() &&
      (every < absl::Milliseconds(100) || every > absl::Hours(1))) {
    std::fprintf(stderr, "--every is 0, or 100ms to 1h, not %s.\n",
                 absl::FormatDuration(every).c_str());
    return 2;
  }
  // etcd listens where only this machine can reach it.
  const std::vector<std::string> address =
      absl::StrSplit(absl::GetFlag(FLAGS_address), ':');
  int port = 0;
  if (address.size() != 2 || address[0] != "127.0.0.1" ||
      !absl::SimpleAtoi(address[1], &port) || port < 0 || port > 65535) {
    std::fprintf(stderr, "--address is 127.0.0.1:PORT, not %s.\n",
                 absl::GetFlag(FLAGS_address).c_str());
    return 2;
  }

  support::StopSignals stop_signals;  // Before anything starts a thread.
  return absl::GetFlag(FLAGS_etcd).empty() ? ServeAll(port, stop_signals)
                                           : ServeAndRegister(stop_signals);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Starts an etcd and three movie servers that register there; two of them "
      "die, leave and\ncome back. With --etcd: one more server, for an etcd "
      "that runs.\n\n  server [--address=127.0.0.1:50051] [--every=700ms] "
      "[--ttl=2s]\n  server --etcd=127.0.0.1:50051 [--name=D] [--ttl=2s]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
