// Three services in a row, in one process: front calls middle calls back. All
// speak movies.v1.MoviesService, and each says, line by line, what it sees of a
// call: how much time is left, which metadata came, and how it ended.

#ifndef CHAIN_H_
#define CHAIN_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deadline_budget.h"
#include "movies/v1/movies.grpc.pb.h"
#include "next_call.h"
#include "propagate_metadata.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"

namespace movies {

// Takes a line about a call, and the name of the service that says it: "front",
// "middle" or "back". Called by any number of threads at once.
using Narrator =
    std::function<void(absl::string_view service, absl::string_view line)>;

struct ChainOptions {
  // How front and middle divide their caller's time.
  HopBudget budget;
  // What they pass on.
  AllowList allowed;
  // How much work the last service has: GetMovie takes so many steps, and
  // QueryMovie one for each movie.
  int steps = 5;
  absl::Duration step = absl::Milliseconds(200);
};

// The service in front, or in the middle: answers from the next one, and sends
// along in its own metadata who it is and how long it took. Its methods may be
// called at once, by any number of threads.
class RelayService final : public v1::MoviesService::Service {
 public:
  // `next` is where the next service listens.
  RelayService(std::string name, std::shared_ptr<grpc::Channel> next,
               const ChainOptions& options, Narrator narrator);

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;

 private:
  // What to do with the call to the next service, or why it is not made.
  absl::StatusOr<NextCall> PlanNextCall(
      const grpc::ServerContext& context) const;

  const std::string name_;
  const std::unique_ptr<v1::MoviesService::Stub> next_;
  const ChainOptions options_;
  const Narrator say_;
};

// The service at the end: the catalogue, and much work for each answer.
class BackService final : public CatalogueService {
 public:
  // `store` is not owned.
  BackService(MovieStore* store, const ChainOptions& options,
              Narrator narrator);

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override;
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override;

 private:
  const MovieStore& store_;
  const ChainOptions options_;
  const Narrator say_;
};

// The middle and the last service, serving on free ports of this machine, and
// the front one, to be served by the owner.
class Chain {
 public:
  // UNAVAILABLE if the machine has no free port. What `narrator` refers to must
  // outlive the chain.
  static absl::StatusOr<std::unique_ptr<Chain>> Start(
      const ChainOptions& options, const Narrator& narrator);

  // Cancels calls that are still in flight, and waits until their handlers have
  // returned. Nothing may serve front() any more.
  ~Chain();

  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  grpc::Service& front() { return *front_; }

 private:
  Chain() = default;

  MovieStore store_;
  std::unique_ptr<BackService> back_;
  std::unique_ptr<grpc::Server> back_server_;
  std::unique_ptr<RelayService> middle_;
  std::unique_ptr<grpc::Server> middle_server_;
  std::unique_ptr<RelayService> front_;
};

}  // namespace movies

#endif  // CHAIN_H_
