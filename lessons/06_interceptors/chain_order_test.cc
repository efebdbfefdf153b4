// Who comes when in a chain of interceptors, and whose chain it is.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "retry_interceptor.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::grpc::experimental::ClientInterceptorFactoryInterface;
using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::InterceptionHookPoints;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;
using ::grpc::experimental::ServerInterceptorFactoryInterface;
using ::grpc::experimental::ServerRpcInfo;
using ::testing::ElementsAre;

using ClientChain =
    std::vector<std::unique_ptr<ClientInterceptorFactoryInterface>>;
using ServerChain =
    std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>>;

constexpr absl::Duration kPatience = absl::Seconds(10);

// Lines, in the order in which they came. Thread-safe.
class Diary {
 public:
  void Add(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }

  std::vector<std::string> lines() {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

  int Count(const std::string& line) {
    absl::MutexLock lock(&mutex_);
    return std::count(lines_.begin(), lines_.end(), line);
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// Writes down what passes: "A metadata out", "A message in", "A status out".
class Writer final : public Interceptor {
 public:
  Writer(std::string name, Diary* diary)
      : name_(std::move(name)), diary_(*diary) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    using Hook = InterceptionHookPoints;
    Note(batch, Hook::PRE_SEND_INITIAL_METADATA, "metadata out");
    Note(batch, Hook::PRE_SEND_MESSAGE, "message out");
    Note(batch, Hook::PRE_SEND_CLOSE, "close out");
    Note(batch, Hook::PRE_SEND_STATUS, "status out");
    Note(batch, Hook::POST_RECV_INITIAL_METADATA, "metadata in");
    if (batch->QueryInterceptionHookPoint(Hook::POST_RECV_MESSAGE) &&
        batch->GetRecvMessage() != nullptr) {
      Note(batch, Hook::POST_RECV_MESSAGE, "message in");
    }
    Note(batch, Hook::POST_RECV_STATUS, "status in");
    Note(batch, Hook::POST_RECV_CLOSE, "close in");
    Note(batch, Hook::PRE_SEND_CANCEL, "cancel");
    if (HasNone(batch)) diary_.Add(name_ + " nothing");
    batch->Proceed();
  }

 private:
  static bool HasNone(InterceptorBatchMethods* batch) {
    for (int hook = 0;
         hook <
         static_cast<int>(InterceptionHookPoints::NUM_INTERCEPTION_HOOKS);
         ++hook) {
      if (batch->QueryInterceptionHookPoint(
              static_cast<InterceptionHookPoints>(hook))) {
        return false;
      }
    }
    return true;
  }

  void Note(InterceptorBatchMethods* batch, InterceptionHookPoints hook,
            const std::string& what) {
    if (batch->QueryInterceptionHookPoint(hook)) {
      diary_.Add(absl::StrCat(name_, " ", what));
    }
  }

  const std::string name_;
  Diary& diary_;
};

class WriterFactory final : public ClientInterceptorFactoryInterface,
                            public ServerInterceptorFactoryInterface {
 public:
  WriterFactory(std::string name, Diary* diary)
      : name_(std::move(name)), diary_(diary) {}
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return new Writer(name_, diary_);
  }
  Interceptor* CreateServerInterceptor(ServerRpcInfo*) override {
    return new Writer(name_, diary_);
  }

 private:
  const std::string name_;
  Diary* const diary_;
};

// A factory that makes no interceptor, as OnlyFor() does for other methods.
class NullFactory final : public ClientInterceptorFactoryInterface {
 public:
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return nullptr;
  }
};

class Service : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID*,
                        v1::Movie*) override {
    diary.Add("handler");
    if (failures-- > 0) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting up");
    }
    return grpc::Status::OK;
  }
  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    for (int i = 0; i < 3; ++i) writer->Write(v1::Movie());
    return grpc::Status::OK;
  }
  grpc::Status RateMovies(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override {
    v1::MovieRating rating;
    while (stream->Read(&rating)) stream->Write(v1::MovieScore());
    return grpc::Status::OK;
  }

  std::atomic<int> failures{0};
  Diary diary;
};

struct Context : grpc::ClientContext {
  Context() { set_deadline(absl::ToChronoTime(absl::Now() + kPatience)); }
};

class ChainOrderTest : public ::testing::Test {
 protected:
  std::unique_ptr<WriterFactory> NewWriter(const std::string& name) {
    return std::make_unique<WriterFactory>(name, &service_.diary);
  }

  // Retries at once what failed with UNAVAILABLE.
  std::unique_ptr<ClientInterceptorFactoryInterface> NewRetry() {
    RetryInterceptorOptions options;
    options.decide =
        [](const FailedAttempt& failed) -> std::optional<absl::Duration> {
      if (failed.code != grpc::StatusCode::UNAVAILABLE) return std::nullopt;
      return absl::ZeroDuration();
    };
    return NewRetryInterceptorFactory(std::move(options));
  }

  // Starts the server with this chain, and a stub on a channel with that one.
  void Start(ClientChain client_chain, ServerChain server_chain) {
    support::TestServerOptions options;
    options.configure = [&server_chain](grpc::ServerBuilder& builder) {
      builder.experimental().SetInterceptorCreators(std::move(server_chain));
    };
    server_ = std::make_unique<support::TestServer>(&service_, options);
    support::LoopbackOptions channel;
    channel.interceptors = std::move(client_chain);
    stub_ = v1::MoviesService::NewStub(server_->NewChannel(std::move(channel)));
  }

  void StartWithClientChain(ClientChain chain) { Start(std::move(chain), {}); }
  void StartWithServerChain(ServerChain chain) { Start({}, std::move(chain)); }

  grpc::Status GetMovie() {
    Context context;
    v1::Movie movie;
    return stub_->GetMovie(&context, v1::MovieID(), &movie);
  }

  // Sends a rating and waits for its score, twice.
  void RateTwice() {
    Context context;
    const auto stream = stub_->RateMovies(&context);
    v1::MovieScore score;
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(stream->Write(v1::MovieRating()));
      EXPECT_TRUE(stream->Read(&score));
    }
    stream->WritesDone();
    EXPECT_FALSE(stream->Read(&score));
    EXPECT_TRUE(stream->Finish().ok());
  }

  // The diary without the batches in which there was nothing to see. The server
  // is gone first, so that nothing more is added.
  std::vector<std::string> Lines() {
    stub_ = nullptr;
    server_ = nullptr;
    std::vector<std::string> lines;
    for (const std::string& line : service_.diary.lines()) {
      if (line.find("nothing") == std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  Service service_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(ChainOrderTest, TheFirstOfAClientIsNearestToTheCaller) {
  ClientChain chain;
  chain.push_back(NewWriter("A"));
  chain.push_back(NewWriter("B"));
  StartWithClientChain(std::move(chain));
  EXPECT_TRUE(GetMovie().ok());
  // A unary call is one batch: each sees all of its request at once, and all of
  // its response.
  EXPECT_THAT(Lines(),
              ElementsAre("A metadata out", "A message out", "A close out",  //
                          "B metadata out", "B message out", "B close out",  //
                          "handler",                                         //
                          "B metadata in", "B message in", "B status in",
                          "A metadata in", "A message in", "A status in"));
}

TEST_F(ChainOrderTest, TheFirstOfAServerIsNearestToTheHandler) {
  ServerChain chain;
  chain.push_back(NewWriter("A"));
  chain.push_back(NewWriter("B"));
  StartWithServerChain(std::move(chain));
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_THAT(Lines(),
              ElementsAre("B metadata in", "B message in",  //
                          "A metadata in", "A message in",  //
                          "handler",                        //
                          "A metadata out", "A message out", "A status out",
                          "B metadata out", "B message out", "B status out",
                          "B close in", "A close in"));
}

TEST_F(ChainOrderTest, EachMessageOfAStreamPassesTheWholeChain) {
  ClientChain chain;
  chain.push_back(NewWriter("A"));
  chain.push_back(NewWriter("B"));
  StartWithClientChain(std::move(chain));
  RateTwice();
  EXPECT_THAT(Lines(), ElementsAre("A metadata out", "B metadata out",  //
                                   "A message out", "B message out",    //
                                   "B metadata in", "B message in",     //
                                   "A metadata in", "A message in",     //
                                   "A message out", "B message out",    //
                                   "B message in", "A message in",      //
                                   "A close out", "B close out",        //
                                   "B status in", "A status in"));
}

TEST_F(ChainOrderTest, EachMessageOfAStreamPassesTheServersWholeChain) {
  ServerChain chain;
  chain.push_back(NewWriter("A"));
  chain.push_back(NewWriter("B"));
  StartWithServerChain(std::move(chain));
  RateTwice();
  EXPECT_THAT(Lines(), ElementsAre("B metadata in", "A metadata in",   //
                                   "B message in", "A message in",     //
                                   "A metadata out", "A message out",  //
                                   "B metadata out", "B message out",  //
                                   "B message in", "A message in",     //
                                   "A message out", "B message out",   //
                                   "A status out", "B status out",     //
                                   "B close in", "A close in"));
}

TEST_F(ChainOrderTest, AServerStreamIsSeenMessageByMessage) {
  ClientChain chain;
  chain.push_back(NewWriter("A"));
  StartWithClientChain(std::move(chain));
  Context context;
  const auto reader = stub_->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  while (reader->Read(&movie)) continue;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(service_.diary.Count("A message out"), 1);
  EXPECT_EQ(service_.diary.Count("A message in"), 3);
}

TEST_F(ChainOrderTest, ABatchMayHaveNothingToSee) {
  ServerChain chain;
  chain.push_back(NewWriter("A"));
  StartWithServerChain(std::move(chain));
  service_.failures = 1;
  EXPECT_FALSE(GetMovie().ok());
  Lines();
  // When the status has been sent, and no message with it, there is nothing to
  // report, and Intercept() is called all the same. It has to proceed.
  EXPECT_GE(service_.diary.Count("A nothing"), 1);
}

TEST_F(ChainOrderTest, ACancellationIsSeenWhereItWasAskedFor) {
  ClientChain client_chain;
  client_chain.push_back(NewWriter("client"));
  ServerChain server_chain;
  server_chain.push_back(NewWriter("server"));
  Start(std::move(client_chain), std::move(server_chain));
  {
    Context context;
    const auto stream = stub_->RateMovies(&context);
    v1::MovieScore score;
    stream->Write(v1::MovieRating());
    EXPECT_TRUE(stream->Read(&score));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  Lines();
  EXPECT_EQ(service_.diary.Count("client cancel"), 1);
  EXPECT_EQ(service_.diary.Count("server cancel"), 0);
  // The server's chain sees that the call is over.
  EXPECT_EQ(service_.diary.Count("server close in"), 1);
}

TEST_F(ChainOrderTest, AMethodThatAServerDoesNotHaveIsCalledUnknown) {
  class NameFactory final : public ServerInterceptorFactoryInterface {
   public:
    explicit NameFactory(Diary* diary) : diary_(*diary) {}
    Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
      diary_.Add(info->method());
      return nullptr;
    }

   private:
    Diary& diary_;
  };
  ServerChain chain;
  chain.push_back(std::make_unique<NameFactory>(&service_.diary));
  StartWithServerChain(std::move(chain));
  grpc::GenericStub stub(server_->NewChannel());
  Context context;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> status;
  stub.UnaryCall(&context, "/movies.v1.MoviesService/DropMovies",
                 grpc::StubOptions(), &request, &response,
                 [&status](grpc::Status result) { status.set_value(result); });
  EXPECT_EQ(status.get_future().get().error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(Lines(), ElementsAre("unknown"));
}

// Keeps a call's first batch, and lets go of it when it is told to.
class Holder final : public Interceptor {
 public:
  struct Held {
    absl::Notification holds;
    InterceptorBatchMethods* batch = nullptr;
  };

  explicit Holder(Held* held) : held_(*held) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (!batch->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      batch->Proceed();
      return;
    }
    held_.batch = batch;
    held_.holds.Notify();
  }

 private:
  Held& held_;
};

class HolderFactory final : public ClientInterceptorFactoryInterface {
 public:
  explicit HolderFactory(Holder::Held* held) : held_(held) {}
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return new Holder(held_);
  }

 private:
  Holder::Held* const held_;
};

TEST_F(ChainOrderTest, ABatchThatDoesNotProceedOutlivesTheDeadline) {
  Holder::Held held;
  ClientChain chain;
  chain.push_back(std::make_unique<HolderFactory>(&held));
  StartWithClientChain(std::move(chain));
  std::future<grpc::Status> call = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + absl::Milliseconds(50)));
    v1::Movie movie;
    return stub_->GetMovie(&context, v1::MovieID(), &movie);
  });
  ASSERT_TRUE(held.holds.WaitForNotificationWithTimeout(kPatience));
  EXPECT_EQ(call.wait_for(std::chrono::milliseconds(300)),
            std::future_status::timeout);
  // Later, and on another thread, it may go on.
  held.batch->Proceed();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(service_.diary.Count("handler"), 0);
}

TEST_F(ChainOrderTest, BeforeARetryOneCallIsSeenAfterItEachAttempt) {
  ClientChain chain;
  chain.push_back(NewWriter("call"));
  chain.push_back(NewRetry());
  chain.push_back(NewWriter("attempt"));
  StartWithClientChain(std::move(chain));
  service_.failures = 2;
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_EQ(service_.diary.Count("call message out"), 1);
  EXPECT_EQ(service_.diary.Count("call status in"), 1);
  EXPECT_EQ(service_.diary.Count("attempt message out"), 3);
  EXPECT_EQ(service_.diary.Count("attempt status in"), 3);
}

TEST_F(ChainOrderTest, AFactoryThatMakesNoneBeforeARetryShiftsItsAttempts) {
  // gRPC 1.51 counts the interceptors that there are, and begins the attempts'
  // chain at the factory of that number. Without the two that make none that is
  // the one after the retry; with them it is two before that, the call's own
  // writer.
  ClientChain chain;
  chain.push_back(std::make_unique<NullFactory>());
  chain.push_back(std::make_unique<NullFactory>());
  chain.push_back(NewWriter("call"));
  chain.push_back(NewRetry());
  StartWithClientChain(std::move(chain));
  service_.failures = 2;
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_EQ(service_.diary.Count("call message out"), 4)
      << "The call, and three attempts that it should not have seen.";
}

TEST_F(ChainOrderTest, AFactoryThatMakesNoneAfterARetryDoesNoHarm) {
  ClientChain chain;
  chain.push_back(NewWriter("call"));
  chain.push_back(NewRetry());
  chain.push_back(std::make_unique<NullFactory>());
  chain.push_back(NewWriter("attempt"));
  StartWithClientChain(std::move(chain));
  service_.failures = 2;
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_EQ(service_.diary.Count("call message out"), 1);
  EXPECT_EQ(service_.diary.Count("attempt message out"), 3);
}

TEST_F(ChainOrderTest, AChannelHasItsOwnChain) {
  ClientChain chain;
  chain.push_back(NewWriter("A"));
  StartWithClientChain(std::move(chain));
  // Another channel to the same server.
  stub_ = v1::MoviesService::NewStub(server_->NewChannel());
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_THAT(Lines(), ElementsAre("handler"));
}

TEST_F(ChainOrderTest, AServerHasItsOwnChain) {
  ServerChain chain;
  chain.push_back(NewWriter("A"));
  StartWithServerChain(std::move(chain));
  // Another server with the same service.
  support::TestServer other(&service_);
  stub_ = v1::MoviesService::NewStub(other.NewChannel());
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_THAT(Lines(), ElementsAre("handler"));
}

TEST_F(ChainOrderTest, TheServersLastChainIsTheOne) {
  support::TestServerOptions options;
  options.configure = [this](grpc::ServerBuilder& builder) {
    for (const char* name : {"A", "B"}) {
      ServerChain chain;
      chain.push_back(NewWriter(name));
      builder.experimental().SetInterceptorCreators(std::move(chain));
    }
  };
  server_ = std::make_unique<support::TestServer>(&service_, options);
  stub_ = v1::MoviesService::NewStub(server_->NewChannel());
  EXPECT_TRUE(GetMovie().ok());
  Lines();
  EXPECT_EQ(service_.diary.Count("A message in"), 0)
      << "The second SetInterceptorCreators() does not add to the first.";
  EXPECT_EQ(service_.diary.Count("B message in"), 1);
}

// There is one factory for all channels of a program, too. Whoever sets it sets
// it for every library in the program, and nobody else can set another.
TEST_F(ChainOrderTest, TheGlobalFactoryComesLastOnEveryChannel) {
  WriterFactory global("global", &service_.diary);
  grpc::experimental::RegisterGlobalClientInterceptorFactory(&global);
  ClientChain chain;
  chain.push_back(NewWriter("A"));
  StartWithClientChain(std::move(chain));
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_THAT(Lines(),
              ElementsAre("A metadata out", "A message out", "A close out",  //
                          "global metadata out", "global message out",
                          "global close out",  //
                          "handler",           //
                          "global metadata in", "global message in",
                          "global status in",  //
                          "A metadata in", "A message in", "A status in"));
  // Only tests can take it back.
  grpc::experimental::TestOnlyResetGlobalClientInterceptorFactory();
}

TEST(GlobalFactoryDeathTest, ASecondOneEndsTheProgram) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  Diary diary;
  WriterFactory first("first", &diary);
  WriterFactory second("second", &diary);
  EXPECT_DEATH(
      {
        grpc::experimental::RegisterGlobalClientInterceptorFactory(&first);
        grpc::experimental::RegisterGlobalClientInterceptorFactory(&second);
      },
      "");
}

}  // namespace
}  // namespace movies
