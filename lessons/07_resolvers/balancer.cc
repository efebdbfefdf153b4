#include "balancer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace movies {
namespace {

using ::grpc::lb::v1::ClientStats;
using ::grpc::lb::v1::ClientStatsPerToken;
using ::grpc::lb::v1::LoadBalanceRequest;
using ::grpc::lb::v1::LoadBalanceResponse;
using ::grpc::lb::v1::ServerList;

// A tag of kTagBytes for the tokens of one stream. Random, since a balancer
// that was restarted does not know which ones it gave before.
std::string NewTag() {
  absl::BitGen random;
  return absl::StrFormat("#%08x", absl::Uniform<uint32_t>(random));
}

// The list for one stream.
absl::StatusOr<ServerList> TaggedList(std::vector<TrafficShare> traffic,
                                      absl::string_view tag) {
  for (TrafficShare& share : traffic) absl::StrAppend(&share.token, tag);
  return MakeServerList(traffic);
}

// A number of calls that one report may have: no sum of such overflows.
bool IsSane(int64_t calls) { return calls >= 0 && calls <= UINT32_MAX; }

bool IsSane(const ClientStats& stats) {
  return IsSane(stats.num_calls_started()) &&
         IsSane(stats.num_calls_finished()) &&
         IsSane(stats.num_calls_finished_with_client_failed_to_send()) &&
         IsSane(stats.num_calls_finished_known_received()) &&
         std::all_of(stats.calls_finished_with_drop().begin(),
                     stats.calls_finished_with_drop().end(),
                     [](const ClientStatsPerToken& drop) {
                       return IsSane(drop.num_calls());
                     });
}

absl::Status NoSuchService(absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("this balancer does not know the service '", name, "'"));
}

}  // namespace

// gRPC calls its reactions, from several threads at once, and needs it until
// OnDone(). A write and the end of the stream take turns: at most one of them
// is under way.
class Balancer::Stream final
    : public grpc::ServerBidiReactor<LoadBalanceRequest, LoadBalanceResponse> {
 public:
  explicit Stream(Balancer& balancer) : balancer_(balancer), tag_(NewTag()) {}

  // Begins, or ends at once.
  void Start() ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    if (balancer_.shutting_down_) {
      End(grpc::Status(grpc::StatusCode::UNAVAILABLE,
                       "the balancer is shutting down"));
    } else {
      StartRead(&request_);
    }
  }

  const Service* service() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    return service_;
  }

  // There is news. What it is, is looked up when it can be sent: of several
  // lists that a slow client has not read, it gets the last.
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    has_news_ = true;
    WriteNext();
  }

  // Ends the call with this status, after the write that is under way. The
  // first one counts.
  void End(grpc::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    if (!end_) end_ = std::move(status);
    WriteNext();
  }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&balancer_.mutex_);
    if (!ok) {
      End(grpc::Status::OK);  // The client needs no more lists.
      return;
    }
    // A report counts even if the stream is ending.
    const grpc::Status status = Take(request_);
    if (!status.ok()) End(status);
    if (!end_) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&balancer_.mutex_);
    writing_ = false;
    if (ok) {
      WriteNext();
    } else {
      End(grpc::Status::CANCELLED);
    }
  }

  void OnCancel() override {
    absl::MutexLock lock(&balancer_.mutex_);
    End(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    {
      absl::MutexLock lock(&balancer_.mutex_);
      if (service_ != nullptr) --service_->reports.clients;
      balancer_.streams_.erase(this);
    }
    delete this;
  }

 private:
  grpc::Status Take(const LoadBalanceRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    if (request.has_initial_request() && service_ == nullptr) {
      return Welcome(request.initial_request().name());
    }
    if (request.has_client_stats() && service_ != nullptr &&
        IsSane(request.client_stats())) {
      Count(request.client_stats());
      return grpc::Status::OK;
    }
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        "one initial request, then reports of calls");
  }

  grpc::Status Welcome(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    const auto found = balancer_.services_.find(name);
    if (found == balancer_.services_.end()) {
      // Without an initial response: after one, gRPC's client comes again at
      // once, over and over, and without one after a second and more.
      return grpc::Status(grpc::StatusCode::NOT_FOUND,
                          std::string(NoSuchService(name).message()));
    }
    service_ = &found->second;
    ++service_->reports.clients;
    Tell();
    return grpc::Status::OK;
  }

  void Count(const ClientStats& stats)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    ClientReports& sums = service_->reports;
    sums.started += stats.num_calls_started();
    sums.finished += stats.num_calls_finished();
    sums.failed_to_send +=
        stats.num_calls_finished_with_client_failed_to_send();
    sums.known_received += stats.num_calls_finished_known_received();
    for (const ClientStatsPerToken& drop : stats.calls_finished_with_drop()) {
      absl::string_view token = drop.load_balance_token();
      if (!absl::ConsumeSuffix(&token, tag_)) continue;
      const auto found = sums.dropped.find(std::string(token));
      if (found != sums.dropped.end()) found->second += drop.num_calls();
    }
  }

  // Starts the next write, or the end, if it is time for one.
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(balancer_.mutex_) {
    if (writing_ || finished_) return;
    if (end_) {
      finished_ = true;
      Finish(*end_);
      return;
    }
    if (!has_news_) return;
    response_.Clear();
    if (!welcomed_) {
      welcomed_ = true;
      const int64_t nanoseconds =
          absl::ToInt64Nanoseconds(balancer_.report_interval_);
      google::protobuf::Duration& interval =
          *response_.mutable_initial_response()
               ->mutable_client_stats_report_interval();
      interval.set_seconds(nanoseconds / 1'000'000'000);
      interval.set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
    } else {
      has_news_ = false;
      if (service_->fall_back) {
        response_.mutable_fallback_response();
      } else {
        absl::StatusOr<ServerList> list = TaggedList(service_->traffic, tag_);
        if (!list.ok()) {  // SetTraffic() would not have let it in.
          End(grpc::Status(grpc::StatusCode::INTERNAL,
                           std::string(list.status().message())));
          return;
        }
        *response_.mutable_server_list() = *std::move(list);
      }
    }
    writing_ = true;
    StartWrite(&response_);
  }

  Balancer& balancer_;
  const std::string tag_;

  // Everything below is guarded by balancer_.mutex_, but for the messages while
  // gRPC reads into one or writes the other.
  LoadBalanceRequest request_;
  LoadBalanceResponse response_;
  Service* service_ = nullptr;  // Null until the initial request.
  bool welcomed_ = false;       // Has been sent the initial response.
  bool has_news_ = false;
  bool writing_ = false;
  std::optional<grpc::Status> end_;  // How to end, once nothing is written.
  bool finished_ = false;
};

Balancer::Balancer(absl::Duration report_interval)
    : report_interval_(std::max(absl::ZeroDuration(), report_interval)) {}

Balancer::~Balancer() = default;

absl::Status Balancer::SetTraffic(absl::string_view service,
                                  std::vector<TrafficShare> traffic) {
  const absl::StatusOr<ServerList> list =
      TaggedList(traffic, std::string(kTagBytes, '#'));
  if (!list.ok()) return list.status();
  absl::MutexLock lock(&mutex_);
  Service& entry = services_[std::string(service)];
  for (const TrafficShare& share : traffic) {
    if (share.address.empty()) {
      entry.reports.dropped.try_emplace(share.token, 0);
    }
  }
  entry.traffic = std::move(traffic);
  entry.fall_back = false;
  TellClients(entry);
  return absl::OkStatus();
}

absl::Status Balancer::Drain(absl::string_view service,
                             absl::string_view address) {
  absl::MutexLock lock(&mutex_);
  const auto found = services_.find(service);
  if (found == services_.end()) return NoSuchService(service);
  bool drained = false;
  for (TrafficShare& share : found->second.traffic) {
    if (share.address != address || address.empty()) continue;
    share.shares = 0;
    drained = true;
  }
  if (!drained) {
    return absl::NotFoundError(
        absl::StrCat("'", service, "' has no server '", address, "'"));
  }
  TellClients(found->second);
  return absl::OkStatus();
}

absl::Status Balancer::FallBack(absl::string_view service) {
  absl::MutexLock lock(&mutex_);
  const auto found = services_.find(service);
  if (found == services_.end()) return NoSuchService(service);
  found->second.fall_back = true;
  TellClients(found->second);
  return absl::OkStatus();
}

absl::StatusOr<ClientReports> Balancer::Reports(
    absl::string_view service) const {
  absl::MutexLock lock(&mutex_);
  const auto found = services_.find(service);
  if (found == services_.end()) return NoSuchService(service);
  return found->second.reports;
}

bool Balancer::WaitForReports(
    absl::string_view service,
    const std::function<bool(const ClientReports&)>& enough,
    absl::Duration timeout) const {
  const auto is_enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = services_.find(service);
    return found != services_.end() && enough(found->second.reports);
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&is_enough), timeout);
}

void Balancer::Shutdown() {
  absl::MutexLock lock(&mutex_);
  shutting_down_ = true;
  for (Stream* stream : streams_) {
    stream->End(grpc::Status(grpc::StatusCode::UNAVAILABLE,
                             "the balancer is shutting down"));
  }
}

void Balancer::TellClients(const Service& service) {
  for (Stream* stream : streams_) {
    if (stream->service() == &service) stream->Tell();
  }
}

grpc::ServerBidiReactor<LoadBalanceRequest, LoadBalanceResponse>*
Balancer::BalanceLoad(grpc::CallbackServerContext* /*context*/) {
  auto* stream = new Stream(*this);  // Deletes itself in OnDone().
  absl::MutexLock lock(&mutex_);
  streams_.insert(stream);
  stream->Start();
  return stream;
}

}  // namespace movies
