// Asks etcd for more time for leases, over one bidirectional stream.
//
//   KeepAliveStream stream(*leases);
//   absl::StatusOr<absl::Duration> left =
//       stream.KeepAlive(lease.id, absl::Now() + absl::Seconds(1));

#ifndef KEEP_ALIVE_STREAM_H_
#define KEEP_ALIVE_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "support/etcd/rpc.grpc.pb.h"

namespace movies {

// One call to LeaseKeepAlive, by the callback API: the sync API's Read() has no
// deadline, and an etcd that hangs would hang its client too.
//
// KeepAlive() is for one thread at a time. Cancel() may be called from any
// thread, but not while another one destroys the object.
class KeepAliveStream final
    : private grpc::ClientBidiReactor<etcdserverpb::LeaseKeepAliveRequest,
                                      etcdserverpb::LeaseKeepAliveResponse> {
 public:
  // Starts the call. `leases` must outlive it.
  explicit KeepAliveStream(etcdserverpb::Lease::StubInterface& leases);

  // Cancels the call and waits until gRPC is done with it, which takes no
  // network.
  ~KeepAliveStream() override;

  KeepAliveStream(const KeepAliveStream&) = delete;
  KeepAliveStream& operator=(const KeepAliveStream&) = delete;

  // Asks for the full time again, and waits for the answer. Returns how long
  // the lease lives from now on; zero if there is no such lease any more.
  //
  // DEADLINE_EXCEEDED if there was no answer by then, CANCELLED after Cancel(),
  // or else why the stream broke; UNAVAILABLE if etcd is gone. After any of
  // these the stream is of no more use.
  absl::StatusOr<absl::Duration> KeepAlive(int64_t lease, absl::Time deadline);

  // Ends the call, and a KeepAlive() that waits.
  void Cancel() { context_.TryCancel(); }

 private:
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  grpc::ClientContext context_;
  // The one belongs to gRPC until OnWriteDone(), the other until OnReadDone().
  etcdserverpb::LeaseKeepAliveRequest request_;
  etcdserverpb::LeaseKeepAliveResponse response_;

  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  // The answer to the last request, once it is there.
  std::optional<absl::Duration> answer_ ABSL_GUARDED_BY(mutex_);
  // No more answers will come, or they would be too late.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // How the call ended, once gRPC is done with it.
  std::optional<grpc::Status> status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // KEEP_ALIVE_STREAM_H_
