// A steady load of calls, and what became of each of them.
//
//   LoadGenerator load(channel, LoadOptions());
//   ...                                       // Let a backend die.
//   for (const CallRecord& call : load.Stop()) ...

#ifndef LOAD_GENERATOR_H_
#define LOAD_GENERATOR_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// What became of one call.
struct CallRecord {
  // When it was made, by support::SteadyNow().
  absl::Time start;
  // How long its caller waited.
  absl::Duration duration;
  // ClientContext::peer() after the call: the server that answered,
  // "ipv4:127.0.0.1:50051"; if no server was reached, the channel's target.
  std::string peer;
  grpc::StatusCode code = grpc::StatusCode::OK;
};

struct LoadOptions {
  // How many calls may be under way at a time; 1 or more.
  int threads = 4;

  // From the start of one call to that of the next one, over all threads. While
  // all threads are busy no call starts, and those left out are not made later.
  absl::Duration interval = absl::Milliseconds(2);

  // How long a call may take.
  absl::Duration timeout = absl::Seconds(5);

  // Whether calls wait until there is a server, rather than to fail at once.
  bool wait_for_ready = false;

  // The movie to ask for.
  int32_t mid = 1;

  // How long Stop() lets calls under way go on before it cancels them.
  absl::Duration grace = absl::Milliseconds(500);
};

// Calls GetMovie over and over, from when it is made until it is stopped.
//
// All member functions may be called from any thread, but none while another
// thread destroys the object.
class LoadGenerator {
 public:
  LoadGenerator(std::shared_ptr<grpc::Channel> channel, LoadOptions options);

  // As Stop().
  ~LoadGenerator();

  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Starts no more calls, waits for those under way, and returns Log(). Those
  // that take longer than `grace` are cancelled and come with CANCELLED. May be
  // called more than once.
  std::vector<CallRecord> Stop();

  // Returns the calls that have ended so far, in the order in which they ended.
  std::vector<CallRecord> Log() const;

  // Waits for a call that ends after this function was called and for which
  // `wanted` is true, and returns it; nothing, if none has come after `timeout`
  // or the load was stopped. `wanted` is asked once for each call, in order; it
  // must not call the generator.
  std::optional<CallRecord> AwaitCall(
      const std::function<bool(const CallRecord&)>& wanted,
      absl::Duration timeout) const;

 private:
  // Makes calls until the load is stopped.
  void Run();

  // Waits until it is time for the next call. Returns whether to make it.
  bool AwaitTurn();

  // Makes one call and logs it.
  void Call();

  const LoadOptions options_;
  const std::unique_ptr<v1::MoviesService::Stub> stub_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time next_start_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::set<grpc::ClientContext*> under_way_ ABSL_GUARDED_BY(mutex_);
  std::vector<CallRecord> log_ ABSL_GUARDED_BY(mutex_);
  // Joined under a lock of their own, so that Stop() may be called twice.
  absl::Mutex threads_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(threads_mutex_);
};

}  // namespace movies

#endif  // LOAD_GENERATOR_H_
