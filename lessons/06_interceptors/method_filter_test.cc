#include "method_filter.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::grpc::experimental::ClientInterceptorFactoryInterface;
using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;
using ::grpc::experimental::ServerInterceptorFactoryInterface;
using ::grpc::experimental::ServerRpcInfo;
using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

MethodFilter Filter(std::vector<std::string> patterns) {
  absl::StatusOr<MethodFilter> filter =
      MethodFilter::Create(std::move(patterns));
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() ? *filter : *MethodFilter::Create({});
}

TEST(MethodFilterTest, AMethodIsChosenByItsFullName) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/GetMovie"});
  EXPECT_TRUE(filter.Matches("/movies.v1.MoviesService/GetMovie"))
      << "The pattern is the method's full name, letter by letter, with the "
         "slash in front, as gRPC gives it.";
  EXPECT_FALSE(filter.Matches("/movies.v1.MoviesService/RateMovie"))
      << "No pattern names RateMovie.";
}

TEST(MethodFilterTest, ANameThatGoesOnIsAnotherMethod) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/RateMovie"});
  EXPECT_FALSE(filter.Matches("/movies.v1.MoviesService/RateMovies"))
      << "RateMovie was chosen; RateMovies is another method that happens to "
         "begin in the same way.";
  EXPECT_FALSE(filter.Matches("/movies.v1.MoviesService/Rate"));
}

TEST(MethodFilterTest, TheSameMethodOfAnotherServiceIsAnotherMethod) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/GetMovie"});
  EXPECT_FALSE(filter.Matches("/movies.v2.MoviesService/GetMovie"))
      << "Another package, so another method. A method is its full name.";
}

TEST(MethodFilterTest, LetterCaseMatters) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/GetMovie"});
  EXPECT_FALSE(filter.Matches("/movies.v1.MoviesService/getMovie"))
      << "HTTP/2 paths, and so gRPC's methods, differ by letter case.";
}

TEST(MethodFilterTest, AStarChoosesAllOfAService) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/*"});
  EXPECT_TRUE(filter.Matches("/movies.v1.MoviesService/GetMovie"))
      << "'/movies.v1.MoviesService/*' chooses every method of the service.";
  EXPECT_TRUE(filter.Matches("/movies.v1.MoviesService/RateMovies"));
  EXPECT_FALSE(filter.Matches("/grpc.health.v1.Health/Check"))
      << "Another service's method.";
}

TEST(MethodFilterTest, AServiceWhoseNameGoesOnIsAnotherService) {
  const MethodFilter filter = Filter({"/movies.v1.MoviesService/*"});
  EXPECT_FALSE(filter.Matches("/movies.v1.MoviesServiceAdmin/DropAll"))
      << "MoviesService was chosen. MoviesServiceAdmin is another service that "
         "happens to begin in the same way; where does the name end?";
}

TEST(MethodFilterTest, AnyOfThePatternsWillDo) {
  const MethodFilter filter =
      Filter({"/movies.v1.MoviesService/GetMovie", "/grpc.health.v1.Health/*"});
  EXPECT_TRUE(filter.Matches("/movies.v1.MoviesService/GetMovie"))
      << "The first pattern names it.";
  EXPECT_TRUE(filter.Matches("/grpc.health.v1.Health/Check"))
      << "The second pattern names it.";
}

TEST(MethodFilterTest, NoPatternsChooseNothing) {
  EXPECT_FALSE(Filter({}).Matches("/movies.v1.MoviesService/GetMovie"));
}

TEST(MethodFilterTest, APatternThatCanMatchNothingIsRefused) {
  for (const char* pattern :
       {"", "*", "/*", "GetMovie", "movies.v1.MoviesService/GetMovie",
        "/movies.v1.MoviesService", "/movies.v1.MoviesService/",
        "/movies.v1.*/GetMovie", "/movies.v1.MoviesService/Get*",
        "//GetMovie"}) {
    EXPECT_EQ(MethodFilter::Create({pattern}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << pattern;
  }
}

// What happened to the interceptors of one chain.
class Tally {
 public:
  void Made(const std::string& method) {
    absl::MutexLock lock(&mutex_);
    made_.push_back(method);
  }
  void Ran(const std::string& method) {
    absl::MutexLock lock(&mutex_);
    if (std::find(ran_.begin(), ran_.end(), method) == ran_.end()) {
      ran_.push_back(method);
    }
  }

  // The methods, without their service, of the interceptors that were made.
  std::vector<std::string> made() {
    absl::MutexLock lock(&mutex_);
    return made_;
  }
  // The methods of those that were given something to intercept.
  std::vector<std::string> ran() {
    absl::MutexLock lock(&mutex_);
    return ran_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> made_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> ran_ ABSL_GUARDED_BY(mutex_);
};

class Watcher final : public Interceptor {
 public:
  Watcher(std::string method, Tally* tally)
      : method_(method.substr(method.rfind('/') + 1)), tally_(*tally) {
    tally_.Made(method_);
  }
  void Intercept(InterceptorBatchMethods* batch) override {
    tally_.Ran(method_);
    batch->Proceed();
  }

 private:
  const std::string method_;
  Tally& tally_;
};

class WatcherFactory final : public ClientInterceptorFactoryInterface,
                             public ServerInterceptorFactoryInterface {
 public:
  explicit WatcherFactory(Tally* tally) : tally_(tally) {}
  Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    return new Watcher(info->method(), tally_);
  }
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Watcher(info->method(), tally_);
  }

 private:
  Tally* const tally_;
};

class ScriptedService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    return grpc::Status::OK;
  }
  grpc::Status RateMovie(grpc::ServerContext*, const v1::MovieRating*,
                         v1::MovieScore*) override {
    return grpc::Status::OK;
  }
  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>*) override {
    return grpc::Status::OK;
  }
  grpc::Status RateMovies(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>*) override {
    return grpc::Status::OK;
  }
};

// A client and a server, each with watchers for chosen methods.
struct World {
  World(const std::vector<std::string>& on_client,
        const std::vector<std::string>& on_server) {
    support::TestServerOptions server_options;
    server_options.configure = [&](grpc::ServerBuilder& builder) {
      std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>> chain;
      chain.push_back(
          OnlyFor(Filter(on_server),
                  std::unique_ptr<ServerInterceptorFactoryInterface>(
                      std::make_unique<WatcherFactory>(&server_tally))));
      builder.experimental().SetInterceptorCreators(std::move(chain));
    };
    server = std::make_unique<support::TestServer>(&service, server_options);
    support::LoopbackOptions options;
    options.interceptors.push_back(OnlyFor(
        Filter(on_client), std::unique_ptr<ClientInterceptorFactoryInterface>(
                               std::make_unique<WatcherFactory>(&tally))));
    stub = v1::MoviesService::NewStub(server->NewChannel(std::move(options)));
  }

  // Makes one call of each kind.
  void CallAll() {
    {
      grpc::ClientContext context;
      SetDeadline(context);
      v1::Movie movie;
      const grpc::Status status =
          stub->GetMovie(&context, v1::MovieID(), &movie);
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    {
      grpc::ClientContext context;
      SetDeadline(context);
      v1::MovieScore score;
      const grpc::Status status =
          stub->RateMovie(&context, v1::MovieRating(), &score);
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    {
      grpc::ClientContext context;
      SetDeadline(context);
      const auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
      v1::Movie movie;
      while (reader->Read(&movie)) continue;
      const grpc::Status status = reader->Finish();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
    {
      grpc::ClientContext context;
      SetDeadline(context);
      const auto stream = stub->RateMovies(&context);
      stream->WritesDone();
      v1::MovieScore score;
      while (stream->Read(&score)) continue;
      const grpc::Status status = stream->Finish();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }

  void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + Patience() * 3 / 4));
  }

  Tally tally;
  Tally server_tally;
  ScriptedService service;
  std::unique_ptr<support::TestServer> server;
  std::unique_ptr<v1::MoviesService::Stub> stub;
};

class FilteredFactoryTest : public ::testing::Test {
 protected:
  // Makes one call of each kind through filters with these patterns. A call
  // whose interceptor never proceeds never ends, so the calls have a thread of
  // their own, and stay behind with it if they do not end.
  void Run(const std::vector<std::string>& on_client,
           const std::vector<std::string>& on_server) {
    auto world = std::make_shared<World>(on_client, on_server);
    auto done = std::make_shared<absl::Notification>();
    std::thread thread([world, done] {
      world->CallAll();
      world->stub = nullptr;
      world->server = nullptr;
      done->Notify();
    });
    if (done->WaitForNotificationWithTimeout(Patience())) {
      thread.join();
    } else {
      thread.detach();
      ADD_FAILURE() << "A call did not end. For a method that is not chosen "
                       "there is to be no interceptor at all: one that exists "
                       "has to call Proceed(). See what a factory may return, "
                       "in grpcpp/support/client_interceptor.h.";
    }
    made_ = world->tally.made();
    ran_ = world->tally.ran();
    server_made_ = world->server_tally.made();
    server_ran_ = world->server_tally.ran();
  }

  std::vector<std::string> made_;
  std::vector<std::string> ran_;
  std::vector<std::string> server_made_;
  std::vector<std::string> server_ran_;
};

TEST_F(FilteredFactoryTest, AClientsInterceptorRunsForTheChosenMethods) {
  Run({"/movies.v1.MoviesService/GetMovie",
       "/movies.v1.MoviesService/RateMovies"},
      {});
  EXPECT_THAT(ran_, ElementsAre("GetMovie", "RateMovies"))
      << "The client called GetMovie, RateMovie, QueryMovie and RateMovies, "
         "and its interceptor was chosen for the first and the last.";
  EXPECT_THAT(server_ran_, IsEmpty()) << "On the server no method was chosen.";
}

TEST_F(FilteredFactoryTest, AServersInterceptorRunsForTheChosenMethods) {
  Run({}, {"/movies.v1.MoviesService/RateMovie",
           "/movies.v1.MoviesService/QueryMovie"});
  EXPECT_THAT(server_ran_, ElementsAre("RateMovie", "QueryMovie"))
      << "The server was called for GetMovie, RateMovie, QueryMovie and "
         "RateMovies, and its interceptor was chosen for the two in the "
         "middle.";
  EXPECT_THAT(ran_, IsEmpty()) << "On the client no method was chosen.";
}

TEST_F(FilteredFactoryTest, NoInterceptorIsMadeForOtherMethods) {
  Run({"/movies.v1.MoviesService/GetMovie"},
      {"/movies.v1.MoviesService/GetMovie"});
  EXPECT_THAT(made_, ElementsAre("GetMovie"))
      << "The wrapped factory was asked for interceptors of these methods, and "
         "only GetMovie was chosen. It may count what it makes, or refuse: "
         "decide before you ask it.";
  EXPECT_THAT(server_made_, ElementsAre("GetMovie"))
      << "On the server likewise.";
}

TEST_F(FilteredFactoryTest, AServiceIsAllItsMethods) {
  Run({"/movies.v1.MoviesService/*"}, {"/movies.v1.MoviesService/*"});
  EXPECT_THAT(ran_,
              ElementsAre("GetMovie", "RateMovie", "QueryMovie", "RateMovies"));
  EXPECT_THAT(server_ran_,
              ElementsAre("GetMovie", "RateMovie", "QueryMovie", "RateMovies"));
}

}  // namespace
}  // namespace movies
