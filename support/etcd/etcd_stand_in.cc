#include "support/etcd/etcd_stand_in.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <stdint.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "support/etcd/kv.pb.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/test_server.h"

namespace support {
namespace {

using ::mvccpb::Event;
using ::mvccpb::KeyValue;

// The shortest lease in seconds; an asked-for longer one than the longest is
// refused. Both as etcd has them.
constexpr int64_t kMinTtl = 1;
constexpr int64_t kMaxTtl = 9'000'000'000;

grpc::Status NoKey() {
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                      "etcdserver: key is not provided");
}

grpc::Status NoLease() {
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      "etcdserver: requested lease not found");
}

// etcd's ways to name keys: one, all from one up to another, or with "\0" all
// from one on.
class KeyRange {
 public:
  KeyRange(std::string key, std::string end)
      : key_(std::move(key)), end_(std::move(end)) {}

  bool Contains(const std::string& key) const {
    if (end_.empty()) return key == key_;
    return key >= key_ && (end_ == std::string(1, '\0') || key < end_);
  }

 private:
  std::string key_;
  std::string end_;
};

}  // namespace

// The data, and all that happens to them. Thread-safe.
class EtcdStandIn::Store {
 public:
  // One stream of watches.
  class Watcher {
   public:
    // Must not wait, nor call the store, which calls it under its lock so that
    // responses keep their order.
    virtual void Send(etcdserverpb::WatchResponse response) = 0;

   protected:
    ~Watcher() = default;
  };

  grpc::Status Range(const etcdserverpb::RangeRequest& request,
                     etcdserverpb::RangeResponse* response) {
    if (request.key().empty()) return NoKey();
    const KeyRange range(request.key(), request.range_end());
    std::function<void()> after;
    {
      absl::MutexLock lock(&mutex_);
      for (const auto& [key, kv] : keys_) {
        if (range.Contains(key)) *response->add_kvs() = kv;
      }
      response->mutable_header()->set_revision(revision_);
      std::swap(after, after_next_range_);
    }
    if (after) after();
    return grpc::Status::OK;
  }

  grpc::Status Put(const etcdserverpb::PutRequest& request,
                   etcdserverpb::PutResponse* response) {
    if (request.key().empty()) return NoKey();
    absl::MutexLock lock(&mutex_);
    if (request.lease() != 0 && leases_.count(request.lease()) == 0) {
      return NoLease();
    }
    ++revision_;
    KeyValue& kv = keys_[request.key()];
    Detach(kv);
    if (kv.version() == 0) {
      kv.set_key(request.key());
      kv.set_create_revision(revision_);
    }
    kv.set_mod_revision(revision_);
    kv.set_version(kv.version() + 1);
    kv.set_value(request.value());
    kv.set_lease(request.lease());
    if (request.lease() != 0) {
      leases_[request.lease()].keys.insert(request.key());
    }
    Event event;
    event.set_type(Event::PUT);
    *event.mutable_kv() = kv;
    Tell({std::move(event)});
    response->mutable_header()->set_revision(revision_);
    return grpc::Status::OK;
  }

  grpc::Status DeleteRange(const etcdserverpb::DeleteRangeRequest& request,
                           etcdserverpb::DeleteRangeResponse* response) {
    if (request.key().empty()) return NoKey();
    const KeyRange range(request.key(), request.range_end());
    absl::MutexLock lock(&mutex_);
    std::set<std::string> found;
    for (const auto& [key, kv] : keys_) {
      if (range.Contains(key)) found.insert(key);
    }
    Delete(found);
    response->set_deleted(static_cast<int64_t>(found.size()));
    response->mutable_header()->set_revision(revision_);
    return grpc::Status::OK;
  }

  grpc::Status Compact(const etcdserverpb::CompactionRequest& request,
                       etcdserverpb::CompactionResponse* response) {
    absl::MutexLock lock(&mutex_);
    if (request.revision() <= compacted_) {
      return grpc::Status(
          grpc::StatusCode::OUT_OF_RANGE,
          "etcdserver: mvcc: required revision has been compacted");
    }
    if (request.revision() > revision_) {
      return grpc::Status(
          grpc::StatusCode::OUT_OF_RANGE,
          "etcdserver: mvcc: required revision is a future revision");
    }
    compacted_ = request.revision();
    while (!history_.empty() &&
           history_.front().kv().mod_revision() < compacted_) {
      history_.pop_front();
    }
    response->mutable_header()->set_revision(revision_);
    return grpc::Status::OK;
  }

  grpc::Status Grant(const etcdserverpb::LeaseGrantRequest& request,
                     etcdserverpb::LeaseGrantResponse* response) {
    if (request.ttl() > kMaxTtl) {
      return grpc::Status(grpc::StatusCode::OUT_OF_RANGE,
                          "etcdserver: too large lease TTL");
    }
    absl::MutexLock lock(&mutex_);
    ++grants_;
    int64_t id = request.id();
    if (id == 0) {
      do {
        id = ++last_lease_;
      } while (leases_.count(id) > 0);
    }
    if (leases_.count(id) > 0) {
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                          "etcdserver: lease already exists");
    }
    Lease& lease = leases_[id];
    lease.ttl = std::max(request.ttl(), kMinTtl);
    response->set_id(id);
    response->set_ttl(lease.ttl);
    response->mutable_header()->set_revision(revision_);
    return grpc::Status::OK;
  }

  grpc::Status Revoke(const etcdserverpb::LeaseRevokeRequest& request,
                      etcdserverpb::LeaseRevokeResponse* response) {
    absl::MutexLock lock(&mutex_);
    if (!End(request.id())) return NoLease();
    response->mutable_header()->set_revision(revision_);
    return grpc::Status::OK;
  }

  etcdserverpb::LeaseKeepAliveResponse KeepAlive(
      const etcdserverpb::LeaseKeepAliveRequest& request) {
    absl::MutexLock lock(&mutex_);
    ++keep_alives_;
    etcdserverpb::LeaseKeepAliveResponse response;
    response.set_id(request.id());
    response.mutable_header()->set_revision(revision_);
    auto lease = leases_.find(request.id());
    if (lease != leases_.end()) {
      response.set_ttl(lease->second.ttl);
    }
    return response;
  }

  // Opens a watch of that number. The watcher must be forgotten before it is
  // destroyed.
  void Watch(Watcher* watcher, int64_t id,
             const etcdserverpb::WatchCreateRequest& request) {
    absl::MutexLock lock(&mutex_);
    etcdserverpb::WatchResponse created = NewResponse(id);
    created.set_created(true);
    watcher->Send(std::move(created));

    const int64_t start = request.start_revision();
    if (start != 0 && start < compacted_) {
      etcdserverpb::WatchResponse too_late = NewResponse(id);
      too_late.set_canceled(true);
      too_late.set_compact_revision(compacted_);
      watcher->Send(std::move(too_late));
      return;
    }
    OpenWatch& watch =
        watches_
            .emplace(
                std::pair(watcher, id),
                OpenWatch{// As there, for a key of no letters.
                          KeyRange(request.key().empty() ? std::string(1, '\0')
                                                         : request.key(),
                                   request.range_end()),
                          start == 0 ? revision_ + 1 : start})
            .first->second;
    SendEvents(watcher, id, watch, history_);
  }

  // Does nothing if it is not open.
  void CancelWatch(Watcher* watcher, int64_t id) {
    absl::MutexLock lock(&mutex_);
    if (watches_.erase({watcher, id}) == 0) return;
    etcdserverpb::WatchResponse canceled = NewResponse(id);
    canceled.set_canceled(true);
    watcher->Send(std::move(canceled));
  }

  void CancelWatches() {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, watch] : watches_) {
      etcdserverpb::WatchResponse canceled = NewResponse(key.second);
      canceled.set_canceled(true);
      canceled.set_cancel_reason("etcdserver: cancelled by the test");
      key.first->Send(std::move(canceled));
    }
    watches_.clear();
  }

  void Forget(Watcher* watcher) {
    absl::MutexLock lock(&mutex_);
    for (auto watch = watches_.begin(); watch != watches_.end();) {
      watch = watch->first.first == watcher ? watches_.erase(watch)
                                            : std::next(watch);
    }
  }

  bool ExpireLease(int64_t id) {
    absl::MutexLock lock(&mutex_);
    return End(id);
  }

  std::vector<int64_t> Leases() const {
    absl::MutexLock lock(&mutex_);
    std::vector<int64_t> ids;
    for (const auto& [id, lease] : leases_) ids.push_back(id);
    return ids;
  }

  void AfterNextRange(std::function<void()> callback) {
    absl::MutexLock lock(&mutex_);
    after_next_range_ = std::move(callback);
  }

  bool WaitForWatches(int count, absl::Duration timeout) const {
    absl::MutexLock lock(&mutex_);
    auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int>(watches_.size()) == count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout);
  }

  bool WaitForKeepAlives(int count, absl::Duration timeout) const {
    absl::MutexLock lock(&mutex_);
    auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return keep_alives_ >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout);
  }

  int keep_alives() const {
    absl::MutexLock lock(&mutex_);
    return keep_alives_;
  }

  int grants() const {
    absl::MutexLock lock(&mutex_);
    return grants_;
  }

 private:
  struct Lease {
    int64_t ttl = 0;  // Seconds.
    std::set<std::string> keys;
  };

  struct OpenWatch {
    KeyRange range;
    int64_t next_revision;
  };

  // Ends a lease and its keys with it. Returns whether there was one.
  bool End(int64_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto lease = leases_.find(id);
    if (lease == leases_.end()) return false;
    Delete(std::set<std::string>(lease->second.keys));
    leases_.erase(lease);
    return true;
  }

  // Takes a key from its lease, if it has one.
  void Detach(const KeyValue& kv) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto lease = leases_.find(kv.lease());
    if (lease != leases_.end()) lease->second.keys.erase(kv.key());
  }

  // Deletes keys that are there, as one change.
  void Delete(const std::set<std::string>& keys)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (keys.empty()) return;
    ++revision_;
    std::vector<Event> events;
    for (const std::string& key : keys) {
      auto found = keys_.find(key);
      Detach(found->second);
      keys_.erase(found);
      Event& event = events.emplace_back();
      event.set_type(Event::DELETE);
      event.mutable_kv()->set_key(key);
      event.mutable_kv()->set_mod_revision(revision_);
    }
    Tell(std::move(events));
  }

  // Records the events of one revision and sends them to whom they concern.
  void Tell(std::vector<Event> events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (auto& [key, watch] : watches_) {
      SendEvents(key.first, key.second, watch, events);
    }
    history_.insert(history_.end(), std::make_move_iterator(events.begin()),
                    std::make_move_iterator(events.end()));
  }

  template <typename Events>
  void SendEvents(Watcher* watcher, int64_t id, OpenWatch& watch,
                  const Events& events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    etcdserverpb::WatchResponse response = NewResponse(id);
    for (const Event& event : events) {
      if (event.kv().mod_revision() >= watch.next_revision &&
          watch.range.Contains(event.kv().key())) {
        *response.add_events() = event;
      }
    }
    watch.next_revision = std::max(watch.next_revision, revision_ + 1);
    if (response.events_size() > 0) watcher->Send(std::move(response));
  }

  etcdserverpb::WatchResponse NewResponse(int64_t id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    etcdserverpb::WatchResponse response;
    response.set_watch_id(id);
    response.mutable_header()->set_revision(revision_);
    return response;
  }

  mutable absl::Mutex mutex_;
  int64_t revision_ ABSL_GUARDED_BY(mutex_) = 1;   // As there, when empty.
  int64_t compacted_ ABSL_GUARDED_BY(mutex_) = 0;  // Or nothing yet.
  std::map<std::string, KeyValue> keys_ ABSL_GUARDED_BY(mutex_);
  // What is not compacted, in the order of the revisions.
  std::deque<Event> history_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, Lease> leases_ ABSL_GUARDED_BY(mutex_);
  int64_t last_lease_ ABSL_GUARDED_BY(mutex_) = 1'000;
  std::map<std::pair<Watcher*, int64_t>, OpenWatch> watches_
      ABSL_GUARDED_BY(mutex_);
  std::function<void()> after_next_range_ ABSL_GUARDED_BY(mutex_);
  int keep_alives_ ABSL_GUARDED_BY(mutex_) = 0;
  int grants_ ABSL_GUARDED_BY(mutex_) = 0;
};

// With the sync API: what AfterNextRange() was given may take its time.
class EtcdStandIn::KvService : public etcdserverpb::KV::Service {
 public:
  explicit KvService(Store* store) : store_(store) {}

  grpc::Status Range(grpc::ServerContext* /*context*/,
                     const etcdserverpb::RangeRequest* request,
                     etcdserverpb::RangeResponse* response) override {
    return store_->Range(*request, response);
  }

  grpc::Status Put(grpc::ServerContext* /*context*/,
                   const etcdserverpb::PutRequest* request,
                   etcdserverpb::PutResponse* response) override {
    return store_->Put(*request, response);
  }

  grpc::Status DeleteRange(
      grpc::ServerContext* /*context*/,
      const etcdserverpb::DeleteRangeRequest* request,
      etcdserverpb::DeleteRangeResponse* response) override {
    return store_->DeleteRange(*request, response);
  }

  grpc::Status Compact(grpc::ServerContext* /*context*/,
                       const etcdserverpb::CompactionRequest* request,
                       etcdserverpb::CompactionResponse* response) override {
    return store_->Compact(*request, response);
  }

 private:
  Store* const store_;
};

class EtcdStandIn::LeaseService : public etcdserverpb::Lease::Service {
 public:
  explicit LeaseService(Store* store) : store_(store) {}

  grpc::Status LeaseGrant(grpc::ServerContext* /*context*/,
                          const etcdserverpb::LeaseGrantRequest* request,
                          etcdserverpb::LeaseGrantResponse* response) override {
    return store_->Grant(*request, response);
  }

  grpc::Status LeaseRevoke(
      grpc::ServerContext* /*context*/,
      const etcdserverpb::LeaseRevokeRequest* request,
      etcdserverpb::LeaseRevokeResponse* response) override {
    return store_->Revoke(*request, response);
  }

  grpc::Status LeaseKeepAlive(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<etcdserverpb::LeaseKeepAliveResponse,
                               etcdserverpb::LeaseKeepAliveRequest>* stream)
      override {
    etcdserverpb::LeaseKeepAliveRequest request;
    while (stream->Read(&request)) {
      if (!stream->Write(store_->KeepAlive(request))) break;
    }
    return grpc::Status::OK;
  }

 private:
  Store* const store_;
};

// One call to Watch. Destroys itself when the call is done.
class EtcdStandIn::WatchStream final
    : public grpc::ServerBidiReactor<etcdserverpb::WatchRequest,
                                     etcdserverpb::WatchResponse>,
      private Store::Watcher {
 public:
  explicit WatchStream(Store* store) : store_(store) { StartRead(&request_); }

  // After the client's last request its watches go on, as in etcd: the call
  // ends when it is cancelled, be it by the client or as the server stops.
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (request_.has_create_request()) {
      store_->Watch(this, next_id_++, request_.create_request());
    } else if (request_.has_cancel_request()) {
      store_->CancelWatch(this, request_.cancel_request().watch_id());
    }
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    responses_.pop_front();
    if (ok && !finished_ && !responses_.empty()) {
      StartWrite(&responses_.front());
    }
  }

  void OnCancel() override {
    store_->Forget(this);
    {
      absl::MutexLock lock(&mutex_);
      finished_ = true;
    }
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    // Again, for a watch opened while the call was cancelled.
    store_->Forget(this);
    delete this;
  }

 private:
  void Send(etcdserverpb::WatchResponse response) override {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    responses_.push_back(std::move(response));
    if (responses_.size() == 1) StartWrite(&responses_.front());
  }

  Store* const store_;
  etcdserverpb::WatchRequest request_;
  int64_t next_id_ = 0;
  absl::Mutex mutex_;  // Taken under the store's, never the other way round.
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // What is being written, and what is to be written after it.
  std::deque<etcdserverpb::WatchResponse> responses_ ABSL_GUARDED_BY(mutex_);
};

class EtcdStandIn::WatchService : public etcdserverpb::Watch::CallbackService {
 public:
  explicit WatchService(Store* store) : store_(store) {}

  grpc::ServerBidiReactor<etcdserverpb::WatchRequest,
                          etcdserverpb::WatchResponse>*
  Watch(grpc::CallbackServerContext* /*context*/) override {
    return new WatchStream(store_);
  }

 private:
  Store* const store_;
};

std::unique_ptr<EtcdStandIn> EtcdStandIn::Start() {
  return std::unique_ptr<EtcdStandIn>(new EtcdStandIn());
}

EtcdStandIn::EtcdStandIn()
    : store_(std::make_unique<Store>()),
      kv_(std::make_unique<KvService>(store_.get())),
      lease_(std::make_unique<LeaseService>(store_.get())),
      watch_(std::make_unique<WatchService>(store_.get())) {
  TestServerOptions options;
  options.grace = absl::ZeroDuration();
  server_ = std::make_unique<TestServer>(
      std::vector<grpc::Service*>{kv_.get(), lease_.get(), watch_.get()},
      options);
  address_ = server_->address();
}

EtcdStandIn::~EtcdStandIn() = default;

absl::Status EtcdStandIn::Stop() {
  server_.reset();
  return absl::OkStatus();
}

absl::Status EtcdStandIn::Restart() {
  server_.reset();
  TestServerOptions options;
  options.grace = absl::ZeroDuration();
  options.port = std::stoi(address_.substr(address_.rfind(':') + 1));
  absl::StatusOr<std::unique_ptr<TestServer>> server =
      TestServer::Start({kv_.get(), lease_.get(), watch_.get()}, options);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

bool EtcdStandIn::ExpireLease(int64_t id) { return store_->ExpireLease(id); }

std::vector<int64_t> EtcdStandIn::Leases() const { return store_->Leases(); }

void EtcdStandIn::CancelWatches() { store_->CancelWatches(); }

void EtcdStandIn::AfterNextRange(std::function<void()> callback) {
  store_->AfterNextRange(std::move(callback));
}

bool EtcdStandIn::WaitForWatches(int count, absl::Duration timeout) const {
  return store_->WaitForWatches(count, timeout);
}

bool EtcdStandIn::WaitForKeepAlives(int count, absl::Duration timeout) const {
  return store_->WaitForKeepAlives(count, timeout);
}

int EtcdStandIn::keep_alives() const { return store_->keep_alives(); }

int EtcdStandIn::grants() const { return store_->grants(); }

}  // namespace support
