// Measures, with a real etcd on this machine, how soon calls follow the servers
// that come and go, and how many calls are lost meanwhile.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backend.h"
#include "churn.h"
#include "etcd_keys.h"
#include "etcd_resolver.h"
#include "load_generator.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/etcd/etcd_server.h"
#include "support/resolver.h"
#include "support/steady_clock.h"

ABSL_FLAG(int, runs, 20, "how often to measure each thing; 1 or more");
ABSL_FLAG(absl::Duration, interval, absl::Microseconds(250),
          "the time from one call to the next; every other one goes to the "
          "server that comes and goes");

namespace movies {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// So many calls in a row to others, and a server gets none any more.
constexpr int kEnoughOthers = 100;

constexpr char kRoundRobinOnly[] =
    R"json({"loadBalancingConfig": [{"round_robin": {}}]})json";

// One line of the report.
void PrintTimes(const char* what, std::vector<absl::Duration> times) {
  std::sort(times.begin(), times.end());
  const std::size_t middle = times.size() / 2;
  const absl::Duration median = times.size() % 2 == 1
                                    ? times[middle]
                                    : (times[middle - 1] + times[middle]) / 2;
  absl::PrintF("%-45s median %7.1f ms   min %7.1f   max %7.1f   (%d runs)\n",
               what, absl::ToDoubleMilliseconds(median),
               absl::ToDoubleMilliseconds(times.front()),
               absl::ToDoubleMilliseconds(times.back()), times.size());
  std::fflush(stdout);
}

std::shared_ptr<grpc::Channel> NewChannel(const std::string& target,
                                          grpc::ChannelArguments args = {}) {
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   args);
}

std::string Peer(const Backend& backend) {
  return absl::StrCat("ipv4:", backend.address());
}

std::string Key(const Backend& backend) {
  return absl::StrCat("measured/", backend.address());
}

// A server that stays, under load, and others that come and go.
class Measurement {
 public:
  Measurement(EtcdKeys* keys, grpc::Service* service,
              std::shared_ptr<grpc::Channel> channel)
      : keys_(*keys), service_(service), channel_(std::move(channel)) {}

  // Starts the server that stays, and the load. Returns why the first call
  // failed, if it did.
  absl::Status Start() {
    absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Start(service_);
    if (!backend.ok()) return backend.status();
    staying_ = *std::move(backend);
    absl::Status status = keys_.Put(Key(*staying_), staying_->address());
    if (!status.ok()) return status;
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    const grpc::Status first = v1::MoviesService::NewStub(channel_)->GetMovie(
        &context, request, &movie);
    if (!first.ok()) return absl::UnavailableError(first.error_message());
    LoadOptions options;
    options.interval = absl::GetFlag(FLAGS_interval);
    load_ = std::make_unique<LoadGenerator>(channel_, options);
    return absl::OkStatus();
  }

  // From just before a server is registered to the end of the first call that
  // it answered; and from just before it is deleted to the start of the last.
  absl::Status Registration(std::vector<absl::Duration>& until_first,
                            std::vector<absl::Duration>& until_last) {
    absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Start(service_);
    if (!backend.ok()) return backend.status();
    const absl::Time registered = support::SteadyNow();
    absl::Status status = keys_.Put(Key(**backend), (*backend)->address());
    if (!status.ok()) return status;
    absl::StatusOr<absl::Duration> first =
        FirstCallAfter(registered, **backend);
    if (!first.ok()) return first.status();
    until_first.push_back(*first);

    const absl::Time deleted = support::SteadyNow();
    status = keys_.Delete(Key(**backend));
    if (!status.ok()) return status;
    absl::StatusOr<absl::Duration> last = LastCallAfter(deleted, **backend);
    if (!last.ok()) return last.status();
    until_last.push_back(*last);
    (*backend)->Leave(absl::Seconds(1));
    return absl::OkStatus();
  }

  // From the end of a lease that nobody keeps alive to the start of the last
  // call. The server itself goes on, as one that hangs: a dead one gets no call
  // because its connections are broken.
  absl::Status LeaseExpiry(std::vector<absl::Duration>& until_last) {
    absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Start(service_);
    if (!backend.ok()) return backend.status();
    constexpr int kTtlSeconds = 1;
    const absl::Time granted = support::SteadyNow();
    absl::StatusOr<int64_t> lease = keys_.Grant(kTtlSeconds);
    if (!lease.ok()) return lease.status();
    absl::Status status =
        keys_.Put(Key(**backend), (*backend)->address(), *lease);
    if (!status.ok()) return status;
    absl::StatusOr<absl::Duration> first = FirstCallAfter(granted, **backend);
    if (!first.ok()) return first.status();
    absl::StatusOr<absl::Duration> last =
        LastCallAfter(granted + absl::Seconds(kTtlSeconds), **backend);
    if (!last.ok()) return last.status();
    until_last.push_back(*last);
    (*backend)->Leave(absl::Seconds(1));
    return absl::OkStatus();
  }

 private:
  // How long after `time` the first call to the server ended.
  absl::StatusOr<absl::Duration> FirstCallAfter(absl::Time time,
                                                const Backend& backend) {
    const auto is_there = [time, peer = Peer(backend)](const CallRecord& call) {
      return call.peer == peer && call.start + call.duration > time &&
             call.code == grpc::StatusCode::OK;
    };
    if (!load_->AwaitCall(is_there, kPatience).has_value()) {
      return absl::DeadlineExceededError(
          absl::StrCat("no call reaches the new server ", backend.address()));
    }
    // The log has those too that ended before the waiting began.
    const std::vector<CallRecord> log = load_->Log();
    const auto first = std::find_if(log.begin(), log.end(), is_there);
    return first->start + first->duration - time;
  }

  // How long after `time` the last call to the server started; zero if that was
  // before.
  absl::StatusOr<absl::Duration> LastCallAfter(absl::Time time,
                                               const Backend& backend) {
    const std::string peer = Peer(backend);
    int others = 0;
    const auto is_over = [&](const CallRecord& call) {
      if (call.start >= time) others = call.peer == peer ? 0 : others + 1;
      return others >= kEnoughOthers;
    };
    if (!load_->AwaitCall(is_over, kPatience).has_value()) {
      return absl::DeadlineExceededError(
          absl::StrCat("calls still go to ", backend.address(),
                       ", which is no longer registered"));
    }
    absl::Duration last;
    for (const CallRecord& call : load_->Log()) {
      if (call.peer == peer) last = std::max(last, call.start - time);
    }
    return last;
  }

  EtcdKeys& keys_;
  grpc::Service* const service_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Backend> staying_;
  // Last, so that it ends before the server does.
  std::unique_ptr<LoadGenerator> load_;
};

// Counts the calls that are lost while fifty servers come and go.
absl::Status MeasureChurn(const char* what, const std::string& target,
                          EtcdKeys& keys, grpc::Service* service,
                          const grpc::ChannelArguments& args) {
  std::size_t calls = 0;
  std::vector<std::size_t> lost_per_run;
  std::map<int, int> codes;
  int changes = 0;
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) {
    ChurnOptions options;
    options.seed = static_cast<uint32_t>(run + 1);
    options.prefix = "churn/";
    options.load.interval = absl::Milliseconds(1);
    options.load.wait_for_ready = true;
    options.load.timeout = kPatience;
    options.load.grace = kPatience;
    absl::StatusOr<ChurnResult> churn =
        RunChurn(NewChannel(target, args), keys, service, options);
    if (!churn.ok()) return churn.status();
    calls += churn->calls.size();
    changes += options.changes;
    const std::vector<CallRecord> lost = LostCalls(churn->calls);
    for (const CallRecord& call : lost) ++codes[call.code];
    lost_per_run.push_back(lost.size());
  }
  std::sort(lost_per_run.begin(), lost_per_run.end());
  std::size_t all_lost = 0;
  for (std::size_t lost : lost_per_run) all_lost += lost;
  absl::PrintF(
      "%-45s %d of %d calls, %d changes; per run median %d, min %d, max %d",
      what, all_lost, calls, changes, lost_per_run[lost_per_run.size() / 2],
      lost_per_run.front(), lost_per_run.back());
  for (const auto& [code, count] : codes) {
    absl::PrintF("; %d with code %d", count, code);
  }
  absl::PrintF("\n");
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status Measure() {
  const int runs = absl::GetFlag(FLAGS_runs);
  if (runs < 1) return absl::InvalidArgumentError("--runs is 1 or more");
  if (absl::GetFlag(FLAGS_interval) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--interval is more than 0");
  }
  absl::Status status = support::RegisterResolver(
      std::make_shared<EtcdResolverBuilder>(EtcdResolverOptions()));
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<support::EtcdServer>> etcd =
      support::EtcdServer::Start();
  if (!etcd.ok()) return etcd.status();
  const std::string address = (*etcd)->address();
  EtcdKeys keys(NewChannel(address));
  MovieStore store;
  CatalogueService service(&store);

  {
    Measurement measurement(
        &keys, &service,
        NewChannel(absl::StrCat("etcd://", address, "/measured")));
    status = measurement.Start();
    if (!status.ok()) return status;
    std::vector<absl::Duration> until_first;
    std::vector<absl::Duration> until_last;
    for (int run = 0; run < runs; ++run) {
      status = measurement.Registration(until_first, until_last);
      if (!status.ok()) return status;
    }
    PrintTimes("from a registration to the first call", until_first);
    PrintTimes("from its deletion to the last call", until_last);
    std::vector<absl::Duration> until_last_after_lease;
    for (int run = 0; run < runs; ++run) {
      status = measurement.LeaseExpiry(until_last_after_lease);
      if (!status.ok()) return status;
    }
    PrintTimes("from the end of a lease to the last call",
               until_last_after_lease);
  }

  const std::string target = absl::StrCat("etcd://", address, "/churn");
  status = MeasureChurn("lost in the churn, with retries", target, keys,
                        &service, {});
  if (!status.ok()) return status;
  grpc::ChannelArguments no_retries;
  no_retries.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  no_retries.SetServiceConfigJSON(kRoundRobinOnly);
  return MeasureChurn("lost in the churn, without a retry policy", target, keys,
                      &service, no_retries);
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures how soon calls follow servers that are registered in etcd, and "
      "how many are lost when fifty servers come and go. Takes one to two "
      "minutes.\n\n  measure [--runs=20] [--interval=250us]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  const absl::Status status = movies::Measure();
  if (absl::IsInvalidArgument(status)) {
    std::fprintf(stderr, "%s; see --help.\n",
                 std::string(status.message()).c_str());
    return 2;
  }
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
