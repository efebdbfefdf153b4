// The server's end of a server stream by the callback API: the same stream as
// ServeQueryMovie's, without a thread that waits.
//
//   class Movies : public v1::MoviesService::WithCallbackMethod_QueryMovie<
//                      v1::MoviesService::Service> {
//     grpc::ServerWriteReactor<v1::Movie>* QueryMovie(
//         grpc::CallbackServerContext*,
//         const v1::MovieQueryParams* request) override {
//       return new QueryMovieReactor(store_.Query(request->query()));
//     }
//   };

#ifndef QUERY_MOVIE_REACTOR_H_
#define QUERY_MOVIE_REACTOR_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// What became of a stream.
struct StreamReport {
  // Writes that were started.
  std::size_t started = 0;
  // Whether gRPC called OnCancel.
  bool cancelled = false;
};

// Writes movies to one call, one at a time, and ends the call: OK after the
// last, CANCELLED after a write that failed.
//
// Make it with `new` in the handler and return it: gRPC calls it back as things
// happen, from threads of its own, and holds on to it until OnDone(). Nobody
// else owns it, so in OnDone() it deletes itself. Between two reactions it is
// only memory: a client that reads slowly costs no thread.
class QueryMovieReactor final : public grpc::ServerWriteReactor<v1::Movie> {
 public:
  // `on_gone`, if there is one, is called as the last thing in the destructor.
  explicit QueryMovieReactor(
      std::vector<v1::Movie> movies,
      std::function<void(const StreamReport&)> on_gone = nullptr);

  QueryMovieReactor(const QueryMovieReactor&) = delete;
  QueryMovieReactor& operator=(const QueryMovieReactor&) = delete;

  // The write has left for the client, or failed: then the call is over.
  void OnWriteDone(bool ok) override;

  // The client has cancelled, is gone, or its deadline has passed. For
  // information: a write in flight comes back, to OnWriteDone(false), which
  // ends the call. Do not Finish() here: that may have been done already or be
  // under way in OnWriteDone(), and a second Finish() ends the program. It is a
  // race, which the test does not show.
  void OnCancel() override;

  // After every other reaction: gRPC needs the reactor no more.
  void OnDone() override;

 private:
  // Only OnDone() deletes.
  ~QueryMovieReactor() override;

  // Starts the next write, or ends the call if there is none.
  void WriteNext();

  const std::vector<v1::Movie> movies_;
  // One write is in flight at a time, so its reactions come one by one.
  std::size_t next_ = 0;
  // OnCancel() may run beside OnWriteDone().
  std::atomic<bool> cancelled_{false};
  const std::function<void(const StreamReport&)> on_gone_;
};

}  // namespace movies

#endif  // QUERY_MOVIE_REACTOR_H_
