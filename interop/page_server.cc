// The gateway and its page in front of a movie service that does what it is
// told on standard input, for browser_test: a JSON object a line.
//
//   {"movie": {…}}            the search that is under way finds a movie
//   {"end": {"code": 14, …}}  and ends with a status
//
// It tells on standard output what happens, in the same way: {"port": 8080}
// once,
// {"query": "city"} for each search, {"cancelled": true} when its client is
// gone. Ends with its input.

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "gateway.h"
#include "movies/v1/movies.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "page.h"
#include "support/http_server.h"

namespace {

using nlohmann::json;

void Tell(const json& event) {
  std::printf("%s\n", event.dump().c_str());
  std::fflush(stdout);
}

// A search, shared by gRPC, until it is done with it, and by whoever gives
// orders.
class Search : public grpc::ServerWriteReactor<movies::v1::Movie> {
 public:
  static std::shared_ptr<Search> Start() {
    std::shared_ptr<Search> search(new Search);
    search->grpcs_own_ = search;
    return search;
  }

  // Sends a movie when those before it were taken. None after the end.
  void Find(movies::v1::Movie movie) {
    absl::MutexLock lock(&mutex_);
    if (end_ != nullptr) return;
    found_.push_back(std::move(movie));
    if (found_.size() == 1) StartWrite(&found_.front());
  }

  // Ends the search once all movies are sent; only the first call counts.
  void End(grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    if (end_ != nullptr) return;
    end_ = std::make_unique<grpc::Status>(std::move(status));
    if (found_.empty()) Finish(*end_);
  }

  void OnWriteDone(bool /*ok*/) override {
    absl::MutexLock lock(&mutex_);
    found_.pop_front();
    if (!found_.empty()) {
      StartWrite(&found_.front());
    } else if (end_ != nullptr) {
      Finish(*end_);
    }
  }

  void OnCancel() override {
    Tell({{"cancelled", true}});
    End(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    // Perhaps the last one: the search goes after this.
    const std::shared_ptr<Search> own = std::move(grpcs_own_);
  }

 private:
  Search() = default;

  std::shared_ptr<Search> grpcs_own_;
  absl::Mutex mutex_;
  // The first one is being sent.
  std::deque<movies::v1::Movie> found_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

class ObedientService : public movies::v1::MoviesService::CallbackService {
 public:
  grpc::ServerWriteReactor<movies::v1::Movie>* QueryMovie(
      grpc::CallbackServerContext* /*context*/,
      const movies::v1::MovieQueryParams* request) override {
    const std::shared_ptr<Search> search = Search::Start();
    {
      absl::MutexLock lock(&mutex_);
      search_ = search;
    }
    Tell({{"query", request->query()}});
    return search.get();
  }

  // Obeys an order to the newest search.
  void Obey(const json& order) {
    std::shared_ptr<Search> search;
    {
      absl::MutexLock lock(&mutex_);
      search = search_;
    }
    if (search == nullptr) return;
    if (order.contains("movie")) {
      movies::v1::Movie movie;
      if (google::protobuf::util::JsonStringToMessage(order["movie"].dump(),
                                                      &movie)
              .ok()) {
        search->Find(std::move(movie));
      }
    } else if (order.contains("end")) {
      search->End({static_cast<grpc::StatusCode>(order["end"].value("code", 0)),
                   order["end"].value("message", "")});
    }
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<Search> search_ ABSL_GUARDED_BY(mutex_);
};

int Serve() {
  ObedientService service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  movies::Gateway::Options options;
  options.resources = movies::PageResources();
  absl::StatusOr<std::unique_ptr<movies::Gateway>> gateway =
      movies::Gateway::Make(
          {movies::v1::Movie::descriptor()->file()->service(0)},
          server->InProcessChannel({}), std::move(options));
  if (!gateway.ok()) {
    std::cerr << gateway.status() << "\n";
    return 1;
  }
  support::HttpServer::Options http_options;
  http_options.error = movies::Gateway::Error;
  absl::StatusOr<std::unique_ptr<support::HttpServer>> http_server =
      support::HttpServer::Start(
          http_options,
          [&gateway](std::shared_ptr<support::HttpExchange> exchange) {
            (*gateway)->Handle(std::move(exchange));
          });
  if (!http_server.ok()) {
    std::cerr << http_server.status() << "\n";
    return 1;
  }
  Tell({{"port", (*http_server)->port()}});
  std::string line;
  while (std::getline(std::cin, line)) {
    const json order = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (order.is_object()) service.Obey(order);
  }
  http_server->reset();
  server->Shutdown();
  return 0;
}

}  // namespace

int main() { return Serve(); }
