#include "bearer_interceptor.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "counting_service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A service that remembers which authorizations calls came with.
class ListeningService final : public CatalogueService {
 public:
  using CatalogueService::CatalogueService;

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    Listen(*context);
    return CatalogueService::GetMovie(context, request, response);
  }
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    Listen(*context);
    return CatalogueService::QueryMovie(context, request, writer);
  }
  grpc::Status RateMovies(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MovieScore, v1::MovieRating>* stream)
      override {
    Listen(*context);
    return CatalogueService::RateMovies(context, stream);
  }

  // "none" for a call without, and one entry per header for one with several.
  std::vector<std::string> heard() {
    absl::MutexLock lock(&mutex_);
    return heard_;
  }
  // How many calls came with `x-request-id: 7`.
  int requests_with_id() {
    absl::MutexLock lock(&mutex_);
    return requests_with_id_;
  }

 private:
  void Listen(const grpc::ServerContext& context) {
    const auto& metadata = context.client_metadata();
    absl::MutexLock lock(&mutex_);
    const auto [begin, end] = metadata.equal_range("authorization");
    if (begin == end) heard_.push_back("none");
    for (auto it = begin; it != end; ++it) {
      heard_.push_back(std::string(it->second.data(), it->second.size()));
    }
    const auto id = metadata.find("x-request-id");
    if (id != metadata.end() && id->second == "7") ++requests_with_id_;
  }

  absl::Mutex mutex_;
  std::vector<std::string> heard_ ABSL_GUARDED_BY(mutex_);
  int requests_with_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

using HookPoint = grpc::experimental::InterceptionHookPoints;

// One step of a call that never happens, with one hook point. It notes what the
// interceptor does to it.
class FakeStep final : public grpc::experimental::InterceptorBatchMethods {
 public:
  explicit FakeStep(HookPoint point) : point_(point) {}

  bool QueryInterceptionHookPoint(HookPoint point) override {
    return point == point_;
  }
  void Proceed() override { ++ends; }
  void Hijack() override { ++ends; }
  // gRPC returns null at other steps, and the test program would end.
  std::multimap<std::string, std::string>* GetSendInitialMetadata() override {
    return &metadata;
  }
  grpc::Status* GetRecvStatus() override { return &status_; }

  grpc::ByteBuffer* GetSerializedSendMessage() override { return nullptr; }
  const void* GetSendMessage() override { return nullptr; }
  void ModifySendMessage(const void*) override {}
  bool GetSendMessageStatus() override { return true; }
  grpc::Status GetSendStatus() override { return grpc::Status::OK; }
  void ModifySendStatus(const grpc::Status&) override {}
  std::multimap<std::string, std::string>* GetSendTrailingMetadata() override {
    return nullptr;
  }
  void* GetRecvMessage() override { return nullptr; }
  std::multimap<grpc::string_ref, grpc::string_ref>* GetRecvInitialMetadata()
      override {
    return nullptr;
  }
  std::multimap<grpc::string_ref, grpc::string_ref>* GetRecvTrailingMetadata()
      override {
    return nullptr;
  }
  std::unique_ptr<grpc::ChannelInterface> GetInterceptedChannel() override {
    return nullptr;
  }
  void FailHijackedRecvMessage() override {}
  void FailHijackedSendMessage() override {}

  int ends = 0;
  std::multimap<std::string, std::string> metadata;

 private:
  const HookPoint point_;
  grpc::Status status_;
};

// Passes if gRPC would survive what an interceptor with `get_token` does at
// `point`, the first step that it sees.
void ExpectHarmless(const GetToken& get_token, HookPoint point) {
  FakeStep step(point);
  BearerInterceptor(get_token).Intercept(&step);
  EXPECT_EQ(step.ends, 1)
      << "In one step, Intercept() called Proceed() and Hijack() " << step.ends
      << " times together. Without one of them a call hangs for ever, and "
         "after two gRPC ends the program.";
  if (point != HookPoint::PRE_SEND_INITIAL_METADATA) {
    EXPECT_THAT(step.metadata, IsEmpty())
        << "The interceptor adds metadata in a step that sends none. There "
           "GetSendInitialMetadata() is null. Ask "
           "QueryInterceptionHookPoint() first.";
  }
  for (const auto& [key, value] : step.metadata) {
    EXPECT_EQ(key, absl::AsciiStrToLower(key))
        << "gRPC ends the program if a metadata key has an upper-case letter: "
           "HTTP/2 knows none.";
    for (char c : value) {
      EXPECT_TRUE(absl::ascii_isprint(c))
          << "gRPC ends the program if a metadata value has a line's end or "
             "the "
             "like in it, and prints the value, which is the token.";
    }
  }
}

// Passes if a call that was hijacked for want of a token goes on at each step
// that gRPC then asks about. Else it hangs for ever, whatever its deadline.
void ExpectItGoesOnAfterHijacking() {
  const GetToken bad = [] { return absl::UnavailableError("no token"); };
  BearerInterceptor interceptor(bad);
  FakeStep hijacked(HookPoint::PRE_SEND_INITIAL_METADATA);
  interceptor.Intercept(&hijacked);
  for (HookPoint point :
       {HookPoint::PRE_SEND_MESSAGE, HookPoint::PRE_SEND_CLOSE,
        HookPoint::PRE_RECV_INITIAL_METADATA, HookPoint::PRE_RECV_MESSAGE,
        HookPoint::PRE_RECV_STATUS, HookPoint::POST_RECV_STATUS}) {
    FakeStep step(point);
    interceptor.Intercept(&step);
    EXPECT_EQ(step.ends, 1)
        << "After Hijack(), at a later step of the same call, Intercept() "
           "called Proceed() and Hijack() "
        << step.ends
        << " times together. The step that was hijacked is the only one that "
           "must not Proceed(); every later one must, once, or the call hangs "
           "for ever.";
  }
}

class BearerInterceptorTest : public ::testing::Test {
 protected:
  BearerInterceptorTest()
      : service_(&store_), counter_(&service_), server_(&counter_) {
    support::LoopbackOptions options;
    options.interceptors.push_back(
        std::make_unique<BearerInterceptorFactory>([this] { return Token(); }));
    stub_ = v1::MoviesService::NewStub(server_.NewChannel(std::move(options)));
  }

  // Before a real call: what would end the program must not get that far.
  void SetUp() override {
    const GetToken good = [] { return absl::StatusOr<std::string>("token"); };
    const GetToken bad = [] { return absl::UnavailableError("no token"); };
    ExpectHarmless(good, HookPoint::PRE_SEND_INITIAL_METADATA);
    ExpectHarmless(bad, HookPoint::PRE_SEND_INITIAL_METADATA);
    ExpectHarmless(good, HookPoint::PRE_SEND_MESSAGE);
    ExpectHarmless(good, HookPoint::POST_RECV_STATUS);
    ExpectItGoesOnAfterHijacking();
    if (HasFailure()) FAIL() << "No call is made with this interceptor.";
  }

  // "token 1", "token 2", …, or what LetTokensFailWith() said.
  absl::StatusOr<std::string> Token() {
    absl::MutexLock lock(&mutex_);
    ++asked_;
    if (!failure_.ok()) return failure_;
    return absl::StrCat("token ", asked_);
  }

  void LetTokensFailWith(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    failure_ = status;
  }

  int asked() {
    absl::MutexLock lock(&mutex_);
    return asked_;
  }

  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  }

  grpc::Status GetMovie() {
    grpc::ClientContext context;
    SetDeadline(context);
    context.AddMetadata("x-request-id", "7");
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    return stub_->GetMovie(&context, request, &movie);
  }

 private:
  absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;

 protected:
  MovieStore store_;
  ListeningService service_;
  CountingService counter_;
  support::TestServer server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(BearerInterceptorTest, AUnaryCallBringsTheToken) {
  EXPECT_TRUE(GetMovie().ok());
  EXPECT_THAT(service_.heard(), ElementsAre("Bearer token 1"))
      << "The server looked into the call's metadata for \"authorization\". It "
         "must find the scheme, a space and the token. At "
         "PRE_SEND_INITIAL_METADATA the interceptor can still add to it: see "
         "GetSendInitialMetadata().";
}

TEST_F(BearerInterceptorTest, EachCallBringsTheTokenOfItsTime) {
  for (int i = 0; i < 3; ++i) GetMovie();
  EXPECT_THAT(service_.heard(),
              ElementsAre("Bearer token 1", "Bearer token 2", "Bearer token 3"))
      << "The source gave another token each time, as it does when the old one "
         "expires. Ask it for every call; keeping tokens is its business.";
}

TEST_F(BearerInterceptorTest, OneTokenIsEnoughForACall) {
  GetMovie();
  EXPECT_EQ(asked(), 1)
      << "One call was made, and the source was asked for " << asked()
      << " tokens. gRPC calls Intercept() several times for each call, with "
         "other hook points.";
}

TEST_F(BearerInterceptorTest, TheCallersOwnMetadataStays) {
  GetMovie();
  EXPECT_EQ(service_.requests_with_id(), 1)
      << "The caller added x-request-id: 7 to the call. The metadata is the "
         "caller's; the interceptor adds to it.";
}

TEST_F(BearerInterceptorTest, AServerStreamBringsTheTokenOnce) {
  grpc::ClientContext context;
  SetDeadline(context);
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub_->QueryMovie(&context, v1::MovieQueryParams());
  std::size_t movies = 0;
  v1::Movie movie;
  while (reader->Read(&movie)) ++movies;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(movies, store_.size()) << "Messages were lost on the way.";
  EXPECT_THAT(service_.heard(), ElementsAre("Bearer token 1"));
  EXPECT_EQ(asked(), 1) << "A stream has one metadata, however many messages.";
}

TEST_F(BearerInterceptorTest, ABidirectionalStreamBringsTheTokenOnce) {
  grpc::ClientContext context;
  SetDeadline(context);
  auto stream = stub_->RateMovies(&context);
  int scores = 0;
  for (int i = 0; i < 10; ++i) {
    v1::MovieRating rating;
    rating.set_mid(1);
    rating.set_stars(5);
    v1::MovieScore score;
    if (stream->Write(rating) && stream->Read(&score)) ++scores;
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(scores, 10) << "Ten ratings were written, each has a score.";
  EXPECT_THAT(service_.heard(), ElementsAre("Bearer token 1"));
  EXPECT_EQ(asked(), 1) << "A stream has one metadata, however many messages.";
}

TEST_F(BearerInterceptorTest, WithoutATokenTheCallFailsAndIsNotSent) {
  LetTokensFailWith(absl::PermissionDeniedError("wrong password"));
  const grpc::Status status = GetMovie();
  EXPECT_EQ(counter_.runs(), 0)
      << "There was no token, and the server got the call all the same: a call "
         "that Proceed()s is sent. Hijack() keeps it here.";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
      << "There was no token, so the call must end with NoToken(). A hijacked "
         "call ends with what the interceptor puts into GetRecvStatus() at "
         "PRE_RECV_STATUS; nobody else does. PRE_RECV_STATUS comes in one "
         "batch with PRE_RECV_MESSAGE, so ask by an if of its own. Was "
         "failure_ "
         "set before Hijack()? What came: \""
      << status.error_message() << "\".";
  EXPECT_THAT(status.error_message(), HasSubstr("wrong password"));
}

TEST_F(BearerInterceptorTest, WithoutATokenAServerStreamFails) {
  LetTokensFailWith(absl::UnavailableError("nobody there"));
  grpc::ClientContext context;
  SetDeadline(context);
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub_->QueryMovie(&context, v1::MovieQueryParams());
  int movies = 0;
  v1::Movie movie;
  // Bounded: a hijacked stream does not end by itself.
  while (movies < 100 && reader->Read(&movie)) ++movies;
  EXPECT_EQ(movies, 0)
      << "There was no token, and Read() returned true " << movies
      << " times. If the call was sent: Hijack() keeps it here. If it was "
         "hijacked: the interceptor is the server now, and unless it says at "
         "PRE_RECV_MESSAGE that there is no message, there is one, an empty "
         "one, again and again.";
  if (movies == 100) context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE)
      << "The source said UNAVAILABLE, which may be better next time.";
  EXPECT_EQ(counter_.runs(), 0);
}

TEST_F(BearerInterceptorTest, WithoutATokenABidirectionalStreamFails) {
  LetTokensFailWith(absl::UnavailableError("nobody there"));
  grpc::ClientContext context;
  SetDeadline(context);
  auto stream = stub_->RateMovies(&context);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(5);
  int ratings = 0;
  while (ratings < 100 && stream->Write(rating)) ++ratings;
  EXPECT_EQ(ratings, 0)
      << "There was no token, and Write() returned true " << ratings
      << " times: the application believes that its ratings are on their way. "
         "At PRE_SEND_MESSAGE of a hijacked call the interceptor can fail it.";
  stream->WritesDone();
  v1::MovieScore score;
  EXPECT_FALSE(stream->Read(&score));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(counter_.runs(), 0);
}

TEST_F(BearerInterceptorTest, AfterAFailureTheNextCallHasAnotherChance) {
  LetTokensFailWith(absl::UnavailableError("nobody there"));
  EXPECT_FALSE(GetMovie().ok()) << "There was no token for this call.";
  LetTokensFailWith(absl::OkStatus());
  EXPECT_TRUE(GetMovie().ok())
      << "The source has tokens again. Each call has an interceptor of its "
         "own, so one failure need not outlast its call.";
}

TEST_F(BearerInterceptorTest, ManyCallsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 25; ++j) EXPECT_TRUE(GetMovie().ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> heard = service_.heard();
  EXPECT_THAT(std::set<std::string>(heard.begin(), heard.end()), SizeIs(100))
      << "A hundred calls were made, and the source gave a hundred tokens: "
         "each call brings its own.";
}

TEST_F(BearerInterceptorTest, TheTokenIsNotLogged) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  GetMovie();
  LetTokensFailWith(absl::UnavailableError("nobody there"));
  GetMovie();
  const std::string written = testing::internal::GetCapturedStdout() +
                              testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, Not(HasSubstr("token 1")))
      << "Whoever reads the log can now call as this client.";
}

TEST(NoTokenTest, SaysWhetherAnotherTryMayHelp) {
  EXPECT_EQ(NoToken(absl::UnavailableError("")).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(NoToken(absl::DeadlineExceededError("")).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(NoToken(absl::NotFoundError("")).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace movies
