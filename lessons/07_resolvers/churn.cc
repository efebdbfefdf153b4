#include "churn.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <random>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "backend.h"

namespace movies {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

class Churn {
 public:
  Churn(EtcdKeys& keys, grpc::Service* service, const ChurnOptions& options)
      : keys_(keys),
        service_(service),
        options_(options),
        random_(options.seed) {}

  // Fills the stage.
  absl::Status Start() {
    for (int i = 0; i < options_.backends / 2; ++i) {
      absl::Status status = Come();
      if (!status.ok()) return status;
    }
    result_.came = 0;
    return absl::OkStatus();
  }

  // Makes one change.
  absl::Status Change(const LoadGenerator& load) {
    const int up = static_cast<int>(up_.size());
    // The more are up, the sooner one goes.
    const bool goes = up > options_.at_least && Draw(options_.backends) < up;
    if (!goes) return Come();
    const auto leaver = std::next(up_.begin(), Draw(up));
    const std::unique_ptr<Backend> backend = std::move(*leaver);
    up_.erase(leaver);
    const std::string key = absl::StrCat(options_.prefix, backend->address());
    if (Draw(2) == 0) {
      ++result_.left;
      absl::Status status = keys_.Delete(key);
      if (!status.ok()) return status;
      backend->Leave(options_.drain);
      return absl::OkStatus();
    }
    backend->Die();
    ++result_.died;
    absl::Status status = AwaitCalls(load);
    if (!status.ok()) return status;
    return keys_.Delete(key);
  }

  // Waits until some more calls have ended.
  absl::Status AwaitCalls(const LoadGenerator& load) const {
    int ended = 0;
    const auto enough = [&](const CallRecord&) {
      return ++ended >= options_.calls_between;
    };
    if (load.AwaitCall(enough, kPatience).has_value()) return absl::OkStatus();
    return absl::DeadlineExceededError("no call ends any more");
  }

  ChurnResult& result() { return result_; }

 private:
  absl::Status Come() {
    absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Start(service_);
    if (!backend.ok()) return backend.status();
    const std::string address = (*backend)->address();
    up_.push_back(*std::move(backend));
    ++result_.came;
    return keys_.Put(absl::StrCat(options_.prefix, address), address);
  }

  // A number from 0 to `end`, which is not drawn.
  int Draw(int end) {
    return std::uniform_int_distribution<int>(0, end - 1)(random_);
  }

  EtcdKeys& keys_;
  grpc::Service* const service_;
  const ChurnOptions options_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<Backend>> up_;
  ChurnResult result_;
};

}  // namespace

absl::StatusOr<ChurnResult> RunChurn(
    const std::shared_ptr<grpc::Channel>& channel, EtcdKeys& keys,
    grpc::Service* service, const ChurnOptions& options) {
  Churn churn(keys, service, options);
  absl::Status status = churn.Start();
  if (status.ok()) {
    LoadGenerator load(channel, options.load);
    for (int i = 0; i < options.changes && status.ok(); ++i) {
      status = churn.AwaitCalls(load);
      if (status.ok()) status = churn.Change(load);
    }
    // Before the servers go.
    churn.result().calls = load.Stop();
  }
  const absl::Status cleaned = keys.DeletePrefix(options.prefix);
  if (!status.ok()) return status;
  if (!cleaned.ok()) return cleaned;
  return std::move(churn.result());
}

std::vector<CallRecord> LostCalls(const std::vector<CallRecord>& calls) {
  std::vector<CallRecord> lost;
  std::copy_if(
      calls.begin(), calls.end(), std::back_inserter(lost),
      [](const CallRecord& call) { return call.code != grpc::StatusCode::OK; });
  return lost;
}

std::set<std::string> Answered(const std::vector<CallRecord>& calls) {
  std::set<std::string> peers;
  for (const CallRecord& call : calls) {
    if (call.code == grpc::StatusCode::OK) peers.insert(call.peer);
  }
  return peers;
}

}  // namespace movies
