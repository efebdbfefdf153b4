#include "chain.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "program_support.h"
#include "relay_get_movie.h"
#include "relay_query_movie.h"
#include "stoppable_work.h"

namespace movies {
namespace {

// "1.234s".
std::string ForPeople(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Milliseconds(1)));
}

// "GetMovie(7), 2.8s left, x-request-id: 42".
std::string Arrival(const grpc::ServerContext& context,
                    absl::string_view call) {
  const absl::Time deadline = CallerDeadline(context);
  std::string line = absl::StrCat(
      call, ", ",
      deadline == absl::InfiniteFuture()
          ? "no deadline"
          : absl::StrCat(ForPeople(deadline - absl::Now()), " left"));
  for (const auto& [key, value] : CopyMetadata(context.client_metadata())) {
    if (key == "user-agent") continue;
    // Keys and values come from outside.
    absl::StrAppend(&line, ", ", absl::CHexEscape(key), ": ",
                    absl::CHexEscape(value));
  }
  return line;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

// Works for `duration`, or until the call is cancelled. It waits on the
// handler's thread; the sync API has no event that could end the wait, so
// IsCancelled() is asked every hundredth of a second.
// Slide: work
void Work(const grpc::ServerContext& context, absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end && !context.IsCancelled()) {
    absl::SleepFor(std::min(absl::Milliseconds(10), end - absl::Now()));
  }
}
// End slide: work

// A server on a free port of this machine; `port` is 0 if there is none.
std::unique_ptr<grpc::Server> ServeOnLoopback(grpc::Service& service,
                                              int* port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           port);
  builder.RegisterService(&service);
  return builder.BuildAndStart();
}

std::shared_ptr<grpc::Channel> LoopbackChannel(int port) {
  return DirectChannel(absl::StrCat("127.0.0.1:", port));
}

}  // namespace

RelayService::RelayService(std::string name,
                           std::shared_ptr<grpc::Channel> next,
                           const ChainOptions& options, Narrator narrator)
    : name_(std::move(name)),
      next_(v1::MoviesService::NewStub(std::move(next))),
      options_(options),
      say_(std::move(narrator)) {}

absl::StatusOr<NextCall> RelayService::PlanNextCall(
    const grpc::ServerContext& context) const {
  absl::StatusOr<absl::Time> deadline =
      NextDeadline(CallerDeadline(context), options_.budget, absl::Now());
  if (!deadline.ok()) return deadline.status();
  NextCall call;
  call.deadline = *deadline;
  call.metadata =
      MetadataToForward(context.client_metadata(), options_.allowed);
  return call;
}

grpc::Status RelayService::GetMovie(grpc::ServerContext* context,
                                    const v1::MovieID* request,
                                    v1::Movie* response) {
  const absl::Time begin = absl::Now();
  say_(name_,
       Arrival(*context, absl::StrCat("GetMovie(", request->mid(), ")")));
  context->AddInitialMetadata("x-served-by", name_);
  const absl::StatusOr<NextCall> call = PlanNextCall(*context);
  grpc::Status status =
      call.ok() ? RelayGetMovie(*next_, *context, *call, *request, response)
                : ToGrpcStatus(call.status());
  context->AddTrailingMetadata("x-took", ForPeople(absl::Now() - begin));
  say_(name_, absl::StrCat("GetMovie ends with ", Outcome(status)));
  return status;
}

grpc::Status RelayService::QueryMovie(grpc::ServerContext* context,
                                      const v1::MovieQueryParams* request,
                                      grpc::ServerWriter<v1::Movie>* writer) {
  const absl::Time begin = absl::Now();
  say_(name_, Arrival(*context,
                      absl::StrCat("QueryMovie(\"",
                                   absl::CHexEscape(request->query()), "\")")));
  context->AddInitialMetadata("x-served-by", name_);
  const absl::StatusOr<NextCall> call = PlanNextCall(*context);
  grpc::Status status =
      call.ok() ? RelayQueryMovie(*next_, *context, *call, *request, *writer)
                : ToGrpcStatus(call.status());
  context->AddTrailingMetadata("x-took", ForPeople(absl::Now() - begin));
  say_(name_, absl::StrCat("QueryMovie ends with ", Outcome(status)));
  return status;
}

BackService::BackService(MovieStore* store, const ChainOptions& options,
                         Narrator narrator)
    : CatalogueService(store),
      store_(*store),
      options_(options),
      say_(std::move(narrator)) {}

grpc::Status BackService::GetMovie(grpc::ServerContext* context,
                                   const v1::MovieID* request,
                                   v1::Movie* response) {
  say_("back",
       Arrival(*context, absl::StrCat("GetMovie(", request->mid(), ")")));
  int begun = 0;
  grpc::Status status = RunSteps(*context, options_.steps, [&](int) {
    ++begun;
    Work(*context, options_.step);
    return grpc::Status::OK;
  });
  if (status.ok()) {
    status = CatalogueService::GetMovie(context, request, response);
  }
  say_("back", absl::StrCat("GetMovie ends in step ", begun, " of ",
                            options_.steps, " with ", Outcome(status)));
  return status;
}

grpc::Status BackService::QueryMovie(grpc::ServerContext* context,
                                     const v1::MovieQueryParams* request,
                                     grpc::ServerWriter<v1::Movie>* writer) {
  say_("back",
       Arrival(*context,
               absl::StrCat("QueryMovie(\"", absl::CHexEscape(request->query()),
                            "\")")));
  const std::vector<v1::Movie> movies = store_.Query(request->query());
  const int count = static_cast<int>(movies.size());
  int written = 0;
  grpc::Status status = RunSteps(*context, count, [&](int number) {
    if (!writer->Write(movies[number])) {
      return grpc::Status(grpc::StatusCode::CANCELLED,
                          "nobody reads the stream any more");
    }
    ++written;
    Work(*context, options_.step);
    return grpc::Status::OK;
  });
  say_("back", absl::StrCat("QueryMovie ends after ", written, " of ", count,
                            " movies with ", Outcome(status)));
  return status;
}

absl::StatusOr<std::unique_ptr<Chain>> Chain::Start(const ChainOptions& options,
                                                    const Narrator& narrator) {
  std::unique_ptr<Chain> chain(new Chain());
  int port = 0;
  chain->back_ =
      std::make_unique<BackService>(&chain->store_, options, narrator);
  chain->back_server_ = ServeOnLoopback(*chain->back_, &port);
  if (chain->back_server_ == nullptr) {
    return absl::UnavailableError("no free port for the last service");
  }
  chain->middle_ = std::make_unique<RelayService>(
      "middle", LoopbackChannel(port), options, narrator);
  chain->middle_server_ = ServeOnLoopback(*chain->middle_, &port);
  if (chain->middle_server_ == nullptr) {
    return absl::UnavailableError("no free port for the middle service");
  }
  chain->front_ = std::make_unique<RelayService>("front", LoopbackChannel(port),
                                                 options, narrator);
  return chain;
}

Chain::~Chain() {
  // The callers first: their calls in flight are cancelled, and the last
  // service has nothing left to do.
  if (middle_server_ != nullptr) {
    middle_server_->Shutdown(absl::ToChronoTime(absl::Now()));
  }
  if (back_server_ != nullptr) {
    back_server_->Shutdown(absl::ToChronoTime(absl::Now()));
  }
}

}  // namespace movies
