// The client's end of a server stream by the callback API, pulled: the consumer
// sets the pace, and a slow one slows the server down.
//
//   MovieFeed feed(*stub, "robot", absl::Now() + absl::Seconds(30));
//   while (std::optional<v1::Movie> movie = feed.Next()) Show(*movie);
//   grpc::Status status = feed.Finish();

#ifndef MOVIE_FEED_H_
#define MOVIE_FEED_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// One call to QueryMovie. While the consumer works on a movie the next one is
// already being fetched, and never more than that one: what is not asked for
// stays in the HTTP/2 window, and with no room left there the server's writes
// wait.
//
// Next() and Finish() are for one thread, the consumer's.
class MovieFeed final : private grpc::ClientReadReactor<v1::Movie> {
 public:
  // Starts the call. `stub` must outlive the feed.
  MovieFeed(v1::MoviesService::StubInterface& stub, const std::string& query,
            absl::Time deadline);

  // Finish(), if that was not called.
  ~MovieFeed() override;

  MovieFeed(const MovieFeed&) = delete;
  MovieFeed& operator=(const MovieFeed&) = delete;

  // Waits for the next movie. Nothing at the end of the stream, whether good or
  // bad, and once the deadline has passed.
  std::optional<v1::Movie> Next();

  // Returns the call's status, and cancels the call first if the stream has not
  // ended. After this, Next() must not be called.
  grpc::Status Finish();

 private:
  // gRPC has filled incoming_ with a message, or there are no more.
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // Hands a movie to the consumer.
  void Deliver(v1::Movie movie);
  // Tells the consumer that the stream has ended.
  void End();
  // Waits for a delivered movie and takes it. Nothing as of Next().
  std::optional<v1::Movie> Take();

  const absl::Time deadline_;
  grpc::ClientContext context_;
  v1::MovieQueryParams params_;
  // Belongs to gRPC from StartRead() until OnReadDone().
  v1::Movie incoming_;
  // The consumer's alone.
  bool finished_ = false;

  absl::Mutex mutex_;
  // Delivered and not yet taken.
  std::deque<v1::Movie> delivered_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace movies

#endif  // MOVIE_FEED_H_
