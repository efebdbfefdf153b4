// Limits how often each caller may call each method. A call beyond the limit is
// answered at once, and its handler never runs.
//
//   RateLimiter limiter({/*burst=*/10, /*interval=*/absl::Milliseconds(200)});
//   CatalogueService catalogue(&store);
//   RateLimitedService service(&catalogue, [&](absl::string_view key) {
//     return limiter.TryTake(key);
//   });
//   builder.RegisterService(&service);

#ifndef RATE_LIMITED_SERVICE_H_
#define RATE_LIMITED_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// The host in what ServerContext::peer() returns, that is, without the port,
// which is another one for each connection: "ipv4:10.0.0.7" for
// "ipv4:10.0.0.7:50123". A peer without a port is returned as it is.
std::string PeerHost(absl::string_view peer);

// The status of a call that came too early: RESOURCE_EXHAUSTED, with a
// google.rpc.RetryInfo among its details that says how long to wait.
grpc::Status TooManyCalls(absl::Duration wait);

// Decorates a service. Unlike an interceptor it can answer a call itself, has
// the request and the peer, and works with any credentials; in return it has to
// name every method. Thread-safe.
//
// A refused call gets TooManyCalls(), and in the trailing metadata the same
// time as `grpc-retry-pushback-ms`, which gRPC's own retries obey (gRFC A6).
// For a stream it is the opening that counts, not its messages.
//
// Callers are told apart by their host. Behind a proxy all of them have the
// proxy's: tell them apart by who they are instead.
class RateLimitedService final : public v1::MoviesService::Service {
 public:
  // Returns zero if a call may go on, else how long its caller should wait. The
  // key stands for a method and a host. Called from many threads at once.
  using TryTake = std::function<absl::Duration(absl::string_view key)>;

  // `inner` is not owned and must outlive this.
  RateLimitedService(v1::MoviesService::Service* inner, TryTake try_take);

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;
  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override;
  grpc::Status RateMovie(grpc::ServerContext* context,
                         const v1::MovieRating* request,
                         v1::MovieScore* response) override;
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override;

 private:
  // OK if this call may go on, else its status; the trailing metadata is set.
  grpc::Status Admit(grpc::ServerContext* context, absl::string_view method);

  v1::MoviesService::Service& inner_;
  const TryTake try_take_;
};

}  // namespace movies

#endif  // RATE_LIMITED_SERVICE_H_
