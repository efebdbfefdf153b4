// The ways to refuse a call on the server, and what each of them is worth.
// README.md has a row for each test here, or names it below the table.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/support/server_interceptor.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "counting_service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

using HookPoint = grpc::experimental::InterceptionHookPoints;
using Metadata = std::map<std::string, std::string>;

// How every way here refuses, if it may choose.
grpc::Status NotToday() {
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "not today",
                      "details");
}

Metadata ToMap(const std::multimap<grpc::string_ref, grpc::string_ref>& from) {
  Metadata metadata;
  for (const auto& [key, value] : from) {
    metadata.emplace(std::string(key.data(), key.size()),
                     std::string(value.data(), value.size()));
  }
  return metadata;
}

// What a client got of a call.
struct Outcome {
  grpc::Status status;
  // Messages that arrived, the response of a unary call among them.
  int messages = 0;
};

// A server with a handler that is counted, behind one way to refuse calls.
class WaysToRefuseTest : public ::testing::Test {
 protected:
  WaysToRefuseTest() : catalogue_(&store_), counter_(&catalogue_) {}

  // Serves `service`, with these credentials and interceptors.
  void Serve(grpc::Service* service,
             std::shared_ptr<grpc::ServerCredentials> server_credentials,
             std::shared_ptr<grpc::ChannelCredentials> credentials,
             std::vector<std::unique_ptr<
                 grpc::experimental::ServerInterceptorFactoryInterface>>
                 interceptors = {}) {
    support::TestServerOptions options;
    options.credentials = std::move(server_credentials);
    options.configure = [&](grpc::ServerBuilder& builder) {
      if (interceptors.empty()) return;
      builder.experimental().SetInterceptorCreators(std::move(interceptors));
    };
    server_ = std::make_unique<support::TestServer>(service, options);
    support::LoopbackOptions loopback;
    loopback.credentials = std::move(credentials);
    channel_ = server_->NewChannel(std::move(loopback));
    stub_ = v1::MoviesService::NewStub(channel_);
  }

  static void Prepare(grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    context.AddMetadata("authorization", "Bearer x");
  }

  Outcome Unary() {
    grpc::ClientContext context;
    Prepare(context);
    v1::MovieID request;
    request.set_mid(7);
    v1::Movie movie;
    Outcome outcome;
    outcome.status = stub_->GetMovie(&context, request, &movie);
    outcome.messages = movie.movie_name().empty() ? 0 : 1;
    return outcome;
  }

  Outcome ServerStream() {
    grpc::ClientContext context;
    Prepare(context);
    std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
        stub_->QueryMovie(&context, v1::MovieQueryParams());
    Outcome outcome;
    v1::Movie movie;
    while (reader->Read(&movie)) ++outcome.messages;
    outcome.status = reader->Finish();
    return outcome;
  }

  Outcome Bidirectional() {
    grpc::ClientContext context;
    Prepare(context);
    auto stream = stub_->RateMovies(&context);
    Outcome outcome;
    v1::MovieRating rating;
    rating.set_mid(1);
    rating.set_stars(5);
    v1::MovieScore score;
    for (int i = 0; i < 3; ++i) {
      if (stream->Write(rating) && stream->Read(&score)) ++outcome.messages;
    }
    stream->WritesDone();
    outcome.status = stream->Finish();
    return outcome;
  }

  MovieStore store_;
  CatalogueService catalogue_;
  CountingService counter_;
  std::unique_ptr<support::TestServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

// Refuses every call, and remembers what it could see of the last one.
class RefusingProcessor final : public grpc::AuthMetadataProcessor {
 public:
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& auth_metadata, grpc::AuthContext*,
                       OutputMetadata*, OutputMetadata*) override {
    absl::MutexLock lock(&mutex_);
    seen_ = ToMap(auth_metadata);
    return NotToday();
  }

  Metadata seen() {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  absl::Mutex mutex_;
  Metadata seen_ ABSL_GUARDED_BY(mutex_);
};

// Sees the metadata, with the method in it, and neither message nor peer. The
// client gets a code and a message.
TEST_F(WaysToRefuseTest, AnAuthMetadataProcessor) {
  auto processor = std::make_shared<RefusingProcessor>();
  auto credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  credentials->SetAuthMetadataProcessor(processor);
  Serve(&counter_, credentials,
        grpc::experimental::LocalCredentials(LOCAL_TCP));

  for (const Outcome& outcome : {ServerStream(), Bidirectional(), Unary()}) {
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(outcome.status.error_message(), "not today");
    EXPECT_EQ(outcome.status.error_details(), "") << "They get lost.";
    EXPECT_EQ(outcome.messages, 0);
  }
  EXPECT_EQ(counter_.runs(), 0);
  const Metadata seen = processor->seen();
  EXPECT_THAT(seen, Contains(Pair("authorization", "Bearer x")));
  EXPECT_THAT(seen,
              Contains(Pair(":path", "/movies.v1.MoviesService/GetMovie")));
  EXPECT_THAT(seen, Not(Contains(Pair(testing::_, HasSubstr("ipv4:")))));
}

// gRPC ends the program rather than serve without the check that was asked for.
TEST(WaysToRefuseDeathTest, AnAuthMetadataProcessorNeedsSecureCredentials) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(grpc::InsecureServerCredentials()->SetAuthMetadataProcessor(
                   std::make_shared<RefusingProcessor>()),
               "assertion failed");
}

// Refuses every call in the place of the handlers.
class RefusingService final : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request, v1::Movie*) override {
    absl::MutexLock lock(&mutex_);
    seen_ = ToMap(context->client_metadata());
    seen_["the request's mid"] = absl::StrCat(request->mid());
    seen_["the peer"] = context->peer();
    return NotToday();
  }
  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>*) override {
    return NotToday();
  }
  grpc::Status RateMovies(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>*) override {
    return NotToday();
  }

  Metadata seen() {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  absl::Mutex mutex_;
  Metadata seen_ ABSL_GUARDED_BY(mutex_);
};

// Sees all that a handler sees, and works with any credentials.
// RateLimitedService is one that asks first whether to refuse.
TEST_F(WaysToRefuseTest, ADecoratingService) {
  RefusingService refusing;
  Serve(&refusing, grpc::InsecureServerCredentials(),
        grpc::InsecureChannelCredentials());
  for (const Outcome& outcome : {ServerStream(), Bidirectional(), Unary()}) {
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(outcome.status.error_message(), "not today");
    EXPECT_EQ(outcome.status.error_details(), "details");
    EXPECT_EQ(outcome.messages, 0);
  }
  const Metadata seen = refusing.seen();
  EXPECT_THAT(seen, Contains(Pair("authorization", "Bearer x")));
  EXPECT_THAT(seen, Contains(Pair("the request's mid", "7")));
  EXPECT_THAT(seen, Contains(Pair("the peer", HasSubstr("ipv4:127.0.0.1:"))));
  server_.reset();  // Before the service.
}

using Step = grpc::experimental::InterceptorBatchMethods;
using Call = grpc::experimental::ServerRpcInfo;

// A server interceptor that is one function.
class FunctionInterceptor final : public grpc::experimental::Interceptor {
 public:
  using Function = std::function<void(Call& call, Step& step)>;

  FunctionInterceptor(Call& call, const Function& function)
      : call_(call), function_(function) {}

  void Intercept(Step* step) override { function_(call_, *step); }

 private:
  Call& call_;
  const Function& function_;
};

class FunctionFactory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit FunctionFactory(FunctionInterceptor::Function function)
      : function_(std::move(function)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      Call* call) override {
    return new FunctionInterceptor(*call, function_);
  }

 private:
  const FunctionInterceptor::Function function_;
};

std::vector<
    std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
Interceptor(FunctionInterceptor::Function function) {
  std::vector<
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      factories;
  factories.push_back(std::make_unique<FunctionFactory>(std::move(function)));
  return factories;
}

// The client gets the status, and before it whatever the handler sent: the one
// response of a unary call, and all movies of a stream. And the handler has
// done what it does: here, counted the ratings.
TEST_F(WaysToRefuseTest, AnInterceptorThatRewritesTheStatus) {
  Serve(&counter_, grpc::InsecureServerCredentials(),
        grpc::InsecureChannelCredentials(), Interceptor([](Call&, Step& step) {
          if (step.QueryInterceptionHookPoint(HookPoint::PRE_SEND_STATUS)) {
            step.ModifySendStatus(NotToday());
          }
          step.Proceed();
        }));
  const Outcome unary = Unary();
  EXPECT_EQ(unary.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(unary.status.error_details(), "details");
  EXPECT_EQ(unary.messages, 1);
  EXPECT_EQ(counter_.runs(), 1);

  const Outcome server_stream = ServerStream();
  EXPECT_EQ(server_stream.status.error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(server_stream.messages, static_cast<int>(store_.size()));
  EXPECT_EQ(counter_.runs(), 2);

  const Outcome bidirectional = Bidirectional();
  EXPECT_EQ(bidirectional.status.error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(bidirectional.messages, 3);
  EXPECT_EQ(counter_.runs(), 3);
}

// The client learns CANCELLED, as if the server were going away, and no reason.
// The handler runs all the same, for a caller that is gone.
TEST_F(WaysToRefuseTest, AnInterceptorThatCancels) {
  absl::Mutex mutex;
  Metadata seen;
  Serve(&counter_, grpc::InsecureServerCredentials(),
        grpc::InsecureChannelCredentials(),
        Interceptor([&](Call& call, Step& step) {
          if (step.QueryInterceptionHookPoint(
                  HookPoint::POST_RECV_INITIAL_METADATA)) {
            absl::MutexLock lock(&mutex);
            seen = ToMap(*step.GetRecvInitialMetadata());
            seen["the method"] = call.method();
            seen["the peer"] = call.server_context()->peer();
            call.server_context()->TryCancel();
          }
          step.Proceed();
        }));
  for (const Outcome& outcome : {ServerStream(), Bidirectional(), Unary()}) {
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_EQ(outcome.messages, 0);
  }
  server_.reset();  // Waits for the handlers.
  EXPECT_EQ(counter_.runs(), 3);
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(seen, Contains(Pair("authorization", "Bearer x")));
  EXPECT_THAT(
      seen, Contains(Pair("the method", "/movies.v1.MoviesService/GetMovie")));
  EXPECT_THAT(seen, Contains(Pair("the peer", HasSubstr("ipv4:127.0.0.1:"))));
}

// An interceptor may hold a call, and proceed later. One that never does keeps
// the handler from running: but the call stays, with its memory, and the server
// cannot shut down before it goes on; and then the handler does run.
TEST_F(WaysToRefuseTest, AnInterceptorThatNeverProceeds) {
  Step* held = nullptr;
  absl::Notification is_held;
  Serve(&counter_, grpc::InsecureServerCredentials(),
        grpc::InsecureChannelCredentials(),
        Interceptor([&](Call& call, Step& step) {
          if (!step.QueryInterceptionHookPoint(
                  HookPoint::POST_RECV_INITIAL_METADATA)) {
            step.Proceed();
            return;
          }
          held = &step;
          call.server_context()->TryCancel();
          is_held.Notify();
        }));
  EXPECT_EQ(Unary().status.error_code(), grpc::StatusCode::CANCELLED);
  is_held.WaitForNotification();
  EXPECT_EQ(counter_.runs(), 0);

  std::atomic<bool> going_on{false};
  bool stopped_before = false;
  std::thread stopping([&] {
    server_.reset();
    stopped_before = !going_on;
  });
  // The server has told its clients that it is shutting down.
  EXPECT_TRUE(channel_->WaitForStateChange(
      GRPC_CHANNEL_READY, absl::ToChronoTime(absl::Now() + absl::Seconds(20))));
  going_on = true;
  held->Proceed();
  stopping.join();
  EXPECT_FALSE(stopped_before);
  EXPECT_EQ(counter_.runs(), 1);
}

// Refuses every call that gets to it.
class RefusingGenericService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext*) override {
    class Reactor final : public grpc::ServerGenericBidiReactor {
     public:
      Reactor() { Finish(NotToday()); }
      void OnDone() override { delete this; }
    };
    return new Reactor;
  }
};

// A generic service looks like a doorkeeper for all methods. It is one for
// those that no service has; it does not stand in front of the others.
TEST_F(WaysToRefuseTest, AGenericServiceGetsWhatNobodyElseHas) {
  RefusingGenericService generic;
  support::TestServerOptions options;
  options.configure = [&](grpc::ServerBuilder& builder) {
    builder.RegisterCallbackGenericService(&generic);
  };
  server_ = std::make_unique<support::TestServer>(&counter_, options);
  channel_ = server_->NewChannel();
  stub_ = v1::MoviesService::NewStub(channel_);
  EXPECT_TRUE(Unary().status.ok());
  EXPECT_EQ(counter_.runs(), 1);

  grpc::TemplatedGenericStub<v1::MovieID, v1::Movie> generic_stub(channel_);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  v1::MovieID request;
  v1::Movie response;
  grpc::Status status;
  absl::Notification done;
  generic_stub.UnaryCall(&context, "/movies.v1.MoviesService/BurnMovie",
                         grpc::StubOptions(), &request, &response,
                         [&](grpc::Status s) {
                           status = std::move(s);
                           done.Notify();
                         });
  done.WaitForNotification();
  EXPECT_EQ(status.error_message(), "not today");
  server_.reset();  // Before the service.
}

// A sync server that may have no more threads answers by itself. It sees
// nothing of the call, and refuses whoever comes when there is none to spare:
// with one thread, which waits for calls, that is everybody.
TEST_F(WaysToRefuseTest, AResourceQuotaForThreads) {
  support::TestServerOptions options;
  options.configure = [](grpc::ServerBuilder& builder) {
    grpc::ResourceQuota quota;
    quota.SetMaxThreads(1);
    builder.SetResourceQuota(quota);
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  };
  server_ = std::make_unique<support::TestServer>(&counter_, options);
  channel_ = server_->NewChannel();
  stub_ = v1::MoviesService::NewStub(channel_);
  for (const Outcome& outcome : {ServerStream(), Bidirectional(), Unary()}) {
    EXPECT_EQ(outcome.status.error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(outcome.messages, 0);
  }
  EXPECT_EQ(counter_.runs(), 0);
}

// gRPC's limit for a call's metadata, 8 kB unless GRPC_ARG_MAX_METADATA_SIZE
// says otherwise, refuses more than that call: the server closes the
// connection.
TEST_F(WaysToRefuseTest, TheLimitForMetadata) {
  Serve(&counter_, grpc::InsecureServerCredentials(),
        grpc::InsecureChannelCredentials());
  grpc::ClientContext bystander_context;
  Prepare(bystander_context);
  auto bystander = stub_->RateMovies(&bystander_context);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(5);
  v1::MovieScore score;
  ASSERT_TRUE(bystander->Write(rating) && bystander->Read(&score));
  EXPECT_EQ(counter_.runs(), 1);

  grpc::ClientContext context;
  Prepare(context);
  context.AddMetadata("x-long", std::string(8 << 10, 'x'));
  v1::Movie movie;
  EXPECT_THAT(stub_->GetMovie(&context, v1::MovieID(), &movie).error_code(),
              AnyOf(grpc::StatusCode::RESOURCE_EXHAUSTED,
                    grpc::StatusCode::UNAVAILABLE));
  EXPECT_EQ(counter_.runs(), 1);

  // Another call of the same client, which did nothing wrong.
  EXPECT_FALSE(bystander->Read(&score));
  EXPECT_THAT(bystander->Finish().error_code(),
              AnyOf(grpc::StatusCode::RESOURCE_EXHAUSTED,
                    grpc::StatusCode::UNAVAILABLE));
}

}  // namespace
}  // namespace movies
