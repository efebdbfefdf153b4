#include "logging_interceptor.h"

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
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
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"

namespace movies {

void PrintTo(const CallRecord& record, std::ostream* os) {
  *os << ToString(record);
}

namespace {

using ::grpc::experimental::ClientInterceptorFactoryInterface;
using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::InterceptionHookPoints;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;
using ::grpc::experimental::ServerInterceptorFactoryInterface;
using ::support::Patience;

constexpr char kGetMovie[] = "/movies.v1.MoviesService/GetMovie";
constexpr char kQueryMovie[] = "/movies.v1.MoviesService/QueryMovie";
constexpr char kAddMovies[] = "/movies.v1.MoviesService/AddMovies";
constexpr char kRateMovies[] = "/movies.v1.MoviesService/RateMovies";

// Stands still unless it is told to move.
class FakeClock {
 public:
  absl::Time Now() {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::UnixEpoch();
};

// Every call takes 30 ms on the clock. GetMovie knows movie 1, QueryMovie
// streams three movies or, asked for "endless", as many as are read.
class ScriptedService : public v1::MoviesService::Service {
 public:
  explicit ScriptedService(FakeClock* clock) : clock_(*clock) {}

  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID* request,
                        v1::Movie* response) override {
    clock_.Advance(absl::Milliseconds(30));
    if (request->mid() != 1) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such movie");
    }
    response->set_mid(1);
    return grpc::Status::OK;
  }

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    clock_.Advance(absl::Milliseconds(30));
    if (request->query() == "endless") {
      while (!context->IsCancelled()) writer->Write(v1::Movie());
      return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
    }
    for (int i = 0; i < 3; ++i) writer->Write(v1::Movie());
    return grpc::Status::OK;
  }

  grpc::Status AddMovies(grpc::ServerContext*,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary*) override {
    clock_.Advance(absl::Milliseconds(30));
    v1::Movie movie;
    while (reader->Read(&movie)) continue;
    return grpc::Status::OK;
  }

  grpc::Status RateMovies(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override {
    clock_.Advance(absl::Milliseconds(30));
    v1::MovieRating rating;
    while (stream->Read(&rating)) stream->Write(v1::MovieScore());
    return grpc::Status::OK;
  }

 private:
  FakeClock& clock_;
};

// Looks at the bytes that a client sends, as an interceptor may that counts or
// signs them. From then on the message is there as bytes only.
class Serializer final : public Interceptor {
 public:
  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      batch->GetSerializedSendMessage();
    }
    batch->Proceed();
  }
};

// Answers every unary call by itself, as a cache may: the interceptors after it
// and the server never see the call.
class Hijacker final : public Interceptor {
 public:
  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      batch->Hijack();
      return;
    }
    if (batch->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_RECV_STATUS)) {
      *batch->GetRecvStatus() = grpc::Status::OK;
    }
    batch->Proceed();
  }
};

template <typename T>
class FactoryOf final : public ClientInterceptorFactoryInterface {
 public:
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return new T();
  }
};

// A client and a server that log to the same place by the same clock.
class World {
 public:
  World() {
    support::TestServerOptions options;
    options.configure = [this](grpc::ServerBuilder& builder) {
      std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>> chain;
      chain.push_back(NewServerLoggingFactory(sink(), time()));
      builder.experimental().SetInterceptorCreators(std::move(chain));
    };
    server_ = std::make_unique<support::TestServer>(&service_, options);
    ConnectTo(server_->address());
  }

  // From now on `stub` is on a channel to `address` with these interceptors
  // around its logging one.
  void ConnectTo(
      const std::string& address,
      std::unique_ptr<ClientInterceptorFactoryInterface> before = nullptr,
      std::unique_ptr<ClientInterceptorFactoryInterface> after = nullptr) {
    support::LoopbackOptions options;
    if (before != nullptr) options.interceptors.push_back(std::move(before));
    options.interceptors.push_back(NewClientLoggingFactory(sink(), time()));
    if (after != nullptr) options.interceptors.push_back(std::move(after));
    stub = v1::MoviesService::NewStub(
        support::LoopbackChannel(address, std::move(options)));
  }

  const std::string& address() { return server_->address(); }

  // What one side has reported so far.
  std::vector<CallRecord> Records(CallSide side) {
    absl::MutexLock lock(&mutex_);
    std::vector<CallRecord> records;
    for (const CallRecord& record : records_) {
      if (record.side == side) records.push_back(record);
    }
    return records;
  }

  // Lets go of the channel and waits until the server has, too.
  void ShutDown() {
    stub = nullptr;
    server_ = nullptr;
  }

  FakeClock clock;
  std::unique_ptr<v1::MoviesService::Stub> stub;

 private:
  CallSink sink() {
    return [this](const CallRecord& record) {
      absl::MutexLock lock(&mutex_);
      records_.push_back(record);
    };
  }

  Clock time() {
    return [this] { return clock.Now(); };
  }

  absl::Mutex mutex_;
  std::vector<CallRecord> records_ ABSL_GUARDED_BY(mutex_);
  ScriptedService service_{&clock};
  std::unique_ptr<support::TestServer> server_;
};

// A context whose call ends before this test loses its patience.
struct Context : grpc::ClientContext {
  Context() {
    set_deadline(absl::ToChronoTime(absl::Now() + Patience() * 3 / 4));
  }
};

MATCHER_P4(IsRecord, method, code, sent, received,
           absl::StrCat("is of ", method, " with code ", static_cast<int>(code),
                        ", ", sent, " sent, ", received, " received")) {
  return arg.method == method && arg.code == code && arg.sent == sent &&
         arg.received == received;
}

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr char kOneRecord[] =
    "One call was made, and one record of it was expected from this side: its "
    "full method, its status, and the messages that this side sent and "
    "received. ";

class LoggingInterceptorTest : public ::testing::Test {
 protected:
  // Runs `calls` and lets go of everything. A batch on which nobody calls
  // Proceed() never ends, whatever its deadline, so the calls have a thread of
  // their own, and stay behind with it if they do not end.
  void Run(std::function<void(World&)> calls) {
    auto world = std::make_shared<World>();
    auto done = std::make_shared<absl::Notification>();
    std::thread thread([world, done, calls = std::move(calls)] {
      calls(*world);
      world->ShutDown();
      done->Notify();
    });
    const bool ended = done->WaitForNotificationWithTimeout(Patience());
    if (ended) {
      thread.join();
    } else {
      thread.detach();
      ADD_FAILURE()
          << "The test's calls did not end. A batch waits until each "
             "interceptor has called Proceed() on it: on every path through "
             "Intercept(), for every hook, also for those that this "
             "interceptor does not care for.";
    }
    client_ = world->Records(CallSide::kClient);
    server_ = world->Records(CallSide::kServer);
  }

  std::vector<CallRecord> client_;
  std::vector<CallRecord> server_;
};

TEST_F(LoggingInterceptorTest, AUnaryCallIsOneRecordOnEachSide) {
  Run([](World& world) {
    Context context;
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    EXPECT_TRUE(world.stub->GetMovie(&context, request, &movie).ok());
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kGetMovie, grpc::OK, 1, 1)))
      << kOneRecord
      << "If there is none: which hook tells a client the status? If a number "
         "is off: one batch of a unary call has several hooks, and each is to "
         "be asked for.";
  EXPECT_THAT(server_, ElementsAre(IsRecord(kGetMovie, grpc::OK, 1, 1)))
      << kOneRecord
      << "A server learns its status when it is about to be sent, and a unary "
         "call's answer is in the same batch: count before you report.";
}

TEST_F(LoggingInterceptorTest, TheLatencyIsOfTheWholeCall) {
  Run([](World& world) {
    Context context;
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    world.stub->GetMovie(&context, request, &movie);
  });
  ASSERT_EQ(client_.size(), 1u) << kOneRecord;
  ASSERT_EQ(server_.size(), 1u) << kOneRecord;
  EXPECT_EQ(client_[0].latency, absl::Milliseconds(30))
      << "The handler took 30 ms on the injected clock. A record that is made "
         "before the status is known comes too early.";
  EXPECT_EQ(server_[0].latency, absl::Milliseconds(30))
      << "The handler took 30 ms on the injected clock.";
}

TEST_F(LoggingInterceptorTest, TheRecordIsThereWhenTheCallReturns) {
  Run([](World& world) {
    Context context;
    v1::Movie movie;
    world.stub->GetMovie(&context, v1::MovieID(), &movie);
    EXPECT_EQ(world.Records(CallSide::kClient).size(), 1u)
        << "The call has returned and its ClientContext still exists. A record "
           "that waits for the destructor comes whenever the program happens "
           "to let go of the context: report when the status is known.";
  });
}

TEST_F(LoggingInterceptorTest, AFailureHasItsCodeAndNoMessage) {
  Run([](World& world) {
    Context context;
    v1::Movie movie;
    world.stub->GetMovie(&context, v1::MovieID(), &movie);
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kGetMovie, grpc::NOT_FOUND, 1, 0)))
      << kOneRecord
      << "The server answered NOT_FOUND and no message. The hook that says "
         "that a message was received comes all the same: see what "
         "GetRecvMessage() returns.";
  EXPECT_THAT(server_, ElementsAre(IsRecord(kGetMovie, grpc::NOT_FOUND, 0, 1)))
      << kOneRecord << "A handler that fails sends a status and no message.";
}

TEST_F(LoggingInterceptorTest, ACallThatReachesNoServerIsReported) {
  Run([](World& world) {
    support::UnservedPort port;
    world.ConnectTo(port.address());
    Context context;
    v1::Movie movie;
    world.stub->GetMovie(&context, v1::MovieID(), &movie);
  });
  EXPECT_THAT(client_,
              ElementsAre(IsRecord(kGetMovie, grpc::UNAVAILABLE, 1, 0)))
      << kOneRecord << "Nobody listens at the address, so gRPC itself made the "
      << "status. It comes by the same hook as a server's.";
  EXPECT_THAT(server_, IsEmpty()) << "No call reached the server.";
}

TEST_F(LoggingInterceptorTest, TheEndOfAServerStreamIsNoMessage) {
  Run([](World& world) {
    Context context;
    const auto reader =
        world.stub->QueryMovie(&context, v1::MovieQueryParams());
    v1::Movie movie;
    while (reader->Read(&movie)) continue;
    EXPECT_TRUE(reader->Finish().ok());
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kQueryMovie, grpc::OK, 1, 3)))
      << kOneRecord
      << "Three movies were streamed. The fourth Read() was false, and its "
         "batch has the hook of a received message too, with a null message.";
  EXPECT_THAT(server_, ElementsAre(IsRecord(kQueryMovie, grpc::OK, 3, 1)))
      << kOneRecord;
}

TEST_F(LoggingInterceptorTest, TheEndOfAClientStreamIsNoMessage) {
  Run([](World& world) {
    Context context;
    v1::AddMoviesSummary summary;
    const auto writer = world.stub->AddMovies(&context, &summary);
    for (int i = 0; i < 3; ++i) writer->Write(v1::Movie());
    writer->WritesDone();
    EXPECT_TRUE(writer->Finish().ok());
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kAddMovies, grpc::OK, 3, 1)))
      << kOneRecord;
  EXPECT_THAT(server_, ElementsAre(IsRecord(kAddMovies, grpc::OK, 1, 3)))
      << kOneRecord
      << "Three movies were sent, then the client half-closed. The server's "
         "Read() that noticed has the hook of a received message, with a null "
         "message.";
}

TEST_F(LoggingInterceptorTest, BothDirectionsOfAStreamAreCounted) {
  Run([](World& world) {
    Context context;
    const auto stream = world.stub->RateMovies(&context);
    v1::MovieScore score;
    for (int i = 0; i < 2; ++i) {
      stream->Write(v1::MovieRating());
      EXPECT_TRUE(stream->Read(&score));
    }
    stream->Write(v1::MovieRating());
    stream->WritesDone();
    while (stream->Read(&score)) continue;
    EXPECT_TRUE(stream->Finish().ok());
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kRateMovies, grpc::OK, 3, 3)))
      << kOneRecord;
  EXPECT_THAT(server_, ElementsAre(IsRecord(kRateMovies, grpc::OK, 3, 3)))
      << kOneRecord;
}

TEST_F(LoggingInterceptorTest, ACancelledCallIsReported) {
  Run([](World& world) {
    Context context;
    v1::MovieQueryParams params;
    params.set_query("endless");
    const auto reader = world.stub->QueryMovie(&context, params);
    v1::Movie movie;
    EXPECT_TRUE(reader->Read(&movie));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  });
  EXPECT_THAT(client_,
              ElementsAre(IsRecord(kQueryMovie, grpc::CANCELLED, 1, 1)))
      << kOneRecord;
  EXPECT_THAT(server_, ElementsAre(Field("code", &CallRecord::code,
                                         Optional(grpc::CANCELLED))))
      << "The client cancelled. The handler returned CANCELLED, which nobody "
         "gets, and that is how the call ended on the server: once. That the "
         "client is gone the server learns before, by POST_RECV_CLOSE.";
}

TEST_F(LoggingInterceptorTest, ACallThatIsLetGoIsReportedWithoutACode) {
  Run([](World& world) {
    Context context;
    v1::MovieQueryParams params;
    params.set_query("endless");
    const auto reader = world.stub->QueryMovie(&context, params);
    v1::Movie movie;
    EXPECT_TRUE(reader->Read(&movie));
  });
  ASSERT_EQ(client_.size(), 1u)
      << "The program read one movie and let go of the stream and its context "
         "without Finish(). No status ever comes, and such calls are the ones "
         "to look for in a log: the destructor is the last chance to report, "
         "for a call that started and was not reported.";
  EXPECT_EQ(client_[0].code, std::nullopt)
      << "Nobody waited for the status, so there is none to report.";
  EXPECT_EQ(client_[0].received, 1);
}

TEST_F(LoggingInterceptorTest, AMessageThatOthersSerializedCounts) {
  Run([](World& world) {
    world.ConnectTo(world.address(), nullptr,
                    std::make_unique<FactoryOf<Serializer>>());
    Context context;
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    EXPECT_TRUE(world.stub->GetMovie(&context, request, &movie).ok());
  });
  EXPECT_THAT(client_, ElementsAre(IsRecord(kGetMovie, grpc::OK, 1, 1)))
      << kOneRecord
      << "Another interceptor looked at the message's bytes. After that gRPC "
         "1.51 gives no POST_SEND_MESSAGE for it. Count when the message is "
         "handed over.";
}

TEST_F(LoggingInterceptorTest, ACallThatOthersAnsweredIsNotReported) {
  Run([](World& world) {
    world.ConnectTo(world.address(), std::make_unique<FactoryOf<Hijacker>>(),
                    nullptr);
    Context context;
    v1::Movie movie;
    EXPECT_TRUE(world.stub->GetMovie(&context, v1::MovieID(), &movie).ok());
    context.TryCancel();
  });
  EXPECT_THAT(client_, IsEmpty())
      << "An interceptor before this one answered the call. gRPC had made this "
         "one already, and deletes it: for all it knows, no call ever started, "
         "and a cancellation is not a start.";
}

TEST(CallRecordTest, ALineSaysItAll) {
  CallRecord record;
  record.side = CallSide::kServer;
  record.method = kGetMovie;
  record.sent = 1;
  record.received = 2;
  record.code = grpc::StatusCode::NOT_FOUND;
  record.latency = absl::Microseconds(1500);
  EXPECT_EQ(ToString(record),
            "server /movies.v1.MoviesService/GetMovie: code 5, 1 sent, 2 "
            "received, 1.5ms");
  record.code = std::nullopt;
  EXPECT_EQ(ToString(record),
            "server /movies.v1.MoviesService/GetMovie: no status, 1 sent, 2 "
            "received, 1.5ms");
}

}  // namespace
}  // namespace movies
