#include "token_processor.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <jwt.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "counting_service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "json_web_token.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kKey[] = "a key of the tests, with 32 bytes";

SigningKey TestKey() { return *SigningKey::Create(kKey); }

std::string TokenFor(const std::string& subject, absl::Time expiry,
                     absl::Time not_before = absl::InfinitePast()) {
  return *SignToken({subject, not_before, expiry}, TestKey());
}

// A token that libjwt makes as it is told, with claims that would be fine.
std::string ForgeToken(jwt_alg_t algorithm, const std::string& key,
                       absl::Time expiry) {
  jwt_t* token = nullptr;
  jwt_new(&token);
  jwt_add_grant(token, "sub", "mallory");
  jwt_add_grant_int(token, "exp", absl::ToUnixSeconds(expiry));
  const bool none = algorithm == JWT_ALG_NONE;
  jwt_set_alg(
      token, algorithm,
      none ? nullptr : reinterpret_cast<const unsigned char*>(key.data()),
      none ? 0 : static_cast<int>(key.size()));
  char* text = jwt_encode_str(token);
  const std::string result = text;
  std::free(text);
  jwt_free(token);
  return result;
}

// Answers GetMovie with who calls, and with how many properties the
// connection's AuthContext has.
class WhoCallsService final : public CatalogueService {
 public:
  WhoCallsService(MovieStore* store, const TokenProcessor* processor)
      : CatalogueService(store), processor_(*processor) {}

  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie* response) override {
    const absl::StatusOr<TokenClaims> caller =
        processor_.Authenticate(context->client_metadata());
    response->set_movie_name(caller.ok() ? caller->subject : "nobody");
    std::shared_ptr<const grpc::AuthContext> auth = context->auth_context();
    int properties = 0;
    for (auto it = auth->begin(); it != auth->end(); ++it) ++properties;
    response->set_mid(properties);
    return grpc::Status::OK;
  }

 private:
  const TokenProcessor& processor_;
};

// What came of a call.
struct Answer {
  grpc::Status status;
  v1::Movie movie;
};

class TokenProcessorTest : public ::testing::Test {
 protected:
  // Starts the server, whose limit for the metadata of a call is
  // `max_metadata` bytes; 0 means gRPC's own.
  void SetUp() override { StartServer(/*max_metadata=*/0); }

  void StartServer(int max_metadata) {
    TokenVerifier::Options verifier_options;
    verifier_options.leeway = absl::Seconds(30);
    verifier_options.clock = [this] { return now_; };
    TokenProcessor::Options options;
    options.open_methods = {"/movies.v1.MoviesService/RateMovie"};
    options.on_refused = [this](const absl::Status& reason) {
      absl::MutexLock lock(&mutex_);
      reasons_.push_back(reason.ToString());
    };
    server_.reset();
    processor_ = std::make_shared<TokenProcessor>(
        TokenVerifier(TestKey(), verifier_options), options);
    service_ = std::make_unique<WhoCallsService>(&store_, processor_.get());
    counter_ = std::make_unique<CountingService>(service_.get());
    support::TestServerOptions server_options;
    server_options.credentials =
        grpc::experimental::LocalServerCredentials(LOCAL_TCP);
    server_options.credentials->SetAuthMetadataProcessor(processor_);
    server_options.configure = [&](grpc::ServerBuilder& builder) {
      if (max_metadata == 0) return;
      builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, max_metadata);
    };
    server_ =
        std::make_unique<support::TestServer>(counter_.get(), server_options);
    support::LoopbackOptions loopback;
    loopback.credentials = grpc::experimental::LocalCredentials(LOCAL_TCP);
    stub_ =
        v1::MoviesService::NewStub(server_->NewChannel(std::move(loopback)));
  }

  // Makes `context` ready for a call with these values of `authorization`.
  static void Prepare(const std::vector<std::string>& authorization,
                      grpc::ClientContext& context) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
    for (const std::string& value : authorization) {
      context.AddMetadata("authorization", value);
    }
  }

  Answer GetMovie(const std::vector<std::string>& authorization) {
    grpc::ClientContext context;
    Prepare(authorization, context);
    v1::MovieID request;
    request.set_mid(1);
    Answer answer;
    answer.status = stub_->GetMovie(&context, request, &answer.movie);
    return answer;
  }

  // Calls GetMovie and expects to be refused as everybody is.
  void ExpectRefused(const std::string& what,
                     const std::vector<std::string>& authorization) {
    const int runs = counter_->runs();
    const grpc::Status status = GetMovie(authorization).status;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
        << "The call came with " << what
        << ". Whoever does not prove who they are is UNAUTHENTICATED; "
           "PERMISSION_DENIED is for those who are known and may not. What "
           "came back: \""
        << status.error_message() << "\".";
    // One failure is enough of a call that was not refused as it should.
    if (status.error_code() != grpc::StatusCode::UNAUTHENTICATED) return;
    EXPECT_EQ(status.error_message(), TokenProcessor::kRefusal)
        << "The call came with " << what
        << ". Every refusal must sound the same: a message that tells an "
           "expired token from a forged one tells an attacker how close it "
           "came. The reason belongs in the server's log, by on_refused.";
    EXPECT_EQ(counter_->runs(), runs)
        << "The call came with " << what << ", and the handler ran.";
  }

  std::string ReasonsSoFar() {
    absl::MutexLock lock(&mutex_);
    return absl::StrJoin(reasons_, "\n");
  }

  // What the server takes for the time. Set it before calls, not during.
  absl::Time now_ = absl::FromUnixSeconds(1700000000);
  MovieStore store_;
  absl::Mutex mutex_;
  std::vector<std::string> reasons_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<TokenProcessor> processor_;
  std::unique_ptr<WhoCallsService> service_;
  std::unique_ptr<CountingService> counter_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(TokenProcessorTest, AValidTokenReachesTheHandler) {
  const Answer answer =
      GetMovie({"Bearer " + TokenFor("alice", now_ + absl::Minutes(5))});
  EXPECT_TRUE(answer.status.ok())
      << "The token was signed with the server's key and is valid for five "
         "minutes more. Process() returned: "
      << answer.status.error_message();
  EXPECT_EQ(counter_->runs(), 1) << "The handler runs once.";
  EXPECT_EQ(answer.movie.movie_name(), "alice")
      << "The handler asked Authenticate() who calls; the token says alice. "
         "What Process() consumes, a handler does not see.";
}

TEST_F(TokenProcessorTest, TheSchemesLetterCaseDoesNotMatter) {
  for (const char* scheme : {"bearer ", "BEARER "}) {
    const Answer answer =
        GetMovie({scheme + TokenFor("alice", now_ + absl::Minutes(5))});
    EXPECT_TRUE(answer.status.ok())
        << "The value began with \"" << scheme
        << "\". HTTP compares the names of schemes without regard to letter "
           "case, and so do other people's clients.";
  }
}

TEST_F(TokenProcessorTest, NoTokenIsRefused) {
  ExpectRefused("no authorization at all", {});
  ExpectRefused("an empty authorization", {""});
  ExpectRefused("a scheme without a token", {"Bearer"});
  ExpectRefused("a scheme, a space and no token", {"Bearer "});
}

TEST_F(TokenProcessorTest, AnotherSchemeIsRefused) {
  const std::string good = TokenFor("alice", now_ + absl::Minutes(5));
  ExpectRefused("a good token without a scheme", {good});
  ExpectRefused("a good token with the scheme Basic", {"Basic " + good});
  ExpectRefused("a good token with the scheme Digest", {"Digest " + good});
  ExpectRefused("a good token with the scheme Bearers", {"Bearers " + good});
  ExpectRefused("a good token right after the scheme", {"Bearer" + good});
  ExpectRefused("two spaces after the scheme", {"Bearer  " + good});
}

TEST_F(TokenProcessorTest, TwoAuthorizationsAreRefused) {
  const std::string good =
      "Bearer " + TokenFor("alice", now_ + absl::Minutes(5));
  const std::string bad = "Bearer " + TokenFor("mallory", now_);
  // Metadata is a multimap: a key may come twice. find() gives one of them.
  ExpectRefused("two authorizations, a good one first", {good, bad});
  ExpectRefused("two authorizations, a good one last", {bad, good});
  ExpectRefused("the same good authorization twice", {good, good});
}

TEST_F(TokenProcessorTest, AnExpiredTokenIsRefused) {
  ExpectRefused("a token that has expired",
                {"Bearer " + TokenFor("alice", now_ - absl::Seconds(30))});
  ExpectRefused("a token that expired long ago",
                {"Bearer " + TokenFor("alice", now_ - absl::Hours(24))});
}

TEST_F(TokenProcessorTest, ATokenThatIsNotValidYetIsRefused) {
  ExpectRefused("a token for tomorrow",
                {"Bearer " + TokenFor("alice", now_ + absl::Hours(48),
                                      now_ + absl::Hours(24))});
}

TEST_F(TokenProcessorTest, AWrongSignatureIsRefused) {
  ExpectRefused("a token that another key signed",
                {"Bearer " + ForgeToken(JWT_ALG_HS256,
                                        "another key, as long as the other",
                                        now_ + absl::Minutes(5))});
  std::string cut = TokenFor("alice", now_ + absl::Minutes(5));
  cut.pop_back();
  ExpectRefused("a token whose signature is cut", {"Bearer " + cut});
}

TEST_F(TokenProcessorTest, AWrongAlgorithmIsRefused) {
  ExpectRefused(
      "a token signed with the right key by HS512",
      {"Bearer " + ForgeToken(JWT_ALG_HS512, kKey, now_ + absl::Minutes(5))});
  // {"alg":"RS256"}: what would be a public key is taken for a secret one.
  const std::string hs256 =
      ForgeToken(JWT_ALG_HS256, kKey, now_ + absl::Minutes(5));
  ExpectRefused("a token that says RS256", {"Bearer eyJhbGciOiJSUzI1NiJ9" +
                                            hs256.substr(hs256.find('.'))});
}

TEST_F(TokenProcessorTest, NoneIsRefusedInEverySpelling) {
  const std::string none =
      ForgeToken(JWT_ALG_NONE, "", now_ + absl::Minutes(5));
  ExpectRefused("the algorithm \"none\"", {"Bearer " + none});
  const std::string rest = none.substr(none.find('.'));
  ExpectRefused("the algorithm \"None\"",
                {"Bearer eyJhbGciOiJOb25lIn0" + rest});
  ExpectRefused("the algorithm \"nOnE\"",
                {"Bearer eyJhbGciOiJuT25FIn0" + rest});
}

TEST_F(TokenProcessorTest, GarbageIsRefused) {
  for (const char* garbage :
       {"Bearer x", "Bearer ..", "Bearer a.b.c", "Bearer e30.e30.e30"}) {
    ExpectRefused(absl::StrCat("\"", garbage, "\""), {garbage});
  }
}

TEST_F(TokenProcessorTest, AMegabyteOfGarbageIsRefused) {
  const std::string garbage = "Bearer " + std::string(1 << 20, 'A');
  // gRPC has a limit of its own for a call's metadata, 8 kB: such a call does
  // not get as far as Process(). The connection is closed with it, so the
  // client may learn of that first.
  for (const std::string& too_long : {std::string(8 << 10, 'A'), garbage}) {
    const grpc::Status status = GetMovie({too_long}).status;
    EXPECT_THAT(status.error_code(), AnyOf(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                           grpc::StatusCode::UNAVAILABLE))
        << status.error_message();
  }
  EXPECT_EQ(counter_->runs(), 0);
  // A server that allows as much must refuse it itself.
  StartServer(/*max_metadata=*/4 << 20);
  ExpectRefused("a megabyte of garbage", {garbage});
}

TEST_F(TokenProcessorTest, AStreamIsRefusedBeforeItBegins) {
  const std::string bad = "Bearer " + TokenFor("alice", now_ - absl::Hours(1));
  {
    grpc::ClientContext context;
    Prepare({bad}, context);
    std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
        stub_->QueryMovie(&context, v1::MovieQueryParams());
    v1::Movie movie;
    EXPECT_FALSE(reader->Read(&movie)) << "QueryMovie gave away a movie.";
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  {
    grpc::ClientContext context;
    Prepare({bad}, context);
    auto stream = stub_->RateMovies(&context);
    v1::MovieScore score;
    EXPECT_FALSE(stream->Read(&score));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  EXPECT_EQ(counter_->runs(), 0) << "A refused stream's handler ran.";
}

TEST_F(TokenProcessorTest, EveryMessageOfAnAdmittedStreamArrives) {
  const std::string good =
      "Bearer " + TokenFor("alice", now_ + absl::Minutes(5));
  {
    grpc::ClientContext context;
    Prepare({good}, context);
    std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
        stub_->QueryMovie(&context, v1::MovieQueryParams());
    std::size_t movies = 0;
    v1::Movie movie;
    while (reader->Read(&movie)) ++movies;
    EXPECT_EQ(movies, store_.size());
    EXPECT_TRUE(reader->Finish().ok());
  }
  {
    grpc::ClientContext context;
    Prepare({good}, context);
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
    EXPECT_EQ(scores, 10);
    EXPECT_TRUE(stream->Finish().ok());
  }
  EXPECT_EQ(counter_->runs(), 2);
}

TEST_F(TokenProcessorTest, AnOpenMethodNeedsNoToken) {
  grpc::ClientContext context;
  Prepare({}, context);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(5);
  v1::MovieScore score;
  const grpc::Status status = stub_->RateMovie(&context, rating, &score);
  EXPECT_TRUE(status.ok())
      << "RateMovie is in open_methods, as a health check would be: it needs "
         "no token. IsOpen() knows. What came back: "
      << status.error_message();
  EXPECT_EQ(ReasonsSoFar(), "")
      << "on_refused was called, and RateMovie was not refused: it is open.";
  ExpectRefused("no token, and GetMovie is not open", {});
  EXPECT_NE(ReasonsSoFar(), "") << "GetMovie was refused, and on_refused was "
                                   "not told why. A call without "
                                   "any authorization has a reason, too.";
}

TEST_F(TokenProcessorTest, TheServersLogLearnsWhy) {
  ExpectRefused("a token that has expired",
                {"Bearer " + TokenFor("alice", now_ - absl::Hours(1))});
  EXPECT_THAT(ReasonsSoFar(), HasSubstr("expired"))
      << "Whoever runs the server has to know why calls are refused: "
         "on_refused is told what the verifier said.";
  GetMovie({"Bearer " + TokenFor("alice", now_ + absl::Minutes(5))});
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(reasons_, SizeIs(1)) << "on_refused is for refused calls alone.";
}

TEST_F(TokenProcessorTest, NobodyNeedsToListen) {
  TokenProcessor processor{TokenVerifier(TestKey())};
  grpc::Status status;
  try {
    status = processor.Process({}, nullptr, nullptr, nullptr);
  } catch (const std::bad_function_call&) {
    FAIL() << "on_refused is not set here, and was called.";
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
      << "This processor has no on_refused.";
}

TEST_F(TokenProcessorTest, NoSecretIsLogged) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const std::string good = TokenFor("alice", now_ + absl::Minutes(5));
  const std::string expired = TokenFor("alice", now_ - absl::Hours(1));
  GetMovie({"Bearer " + good});
  GetMovie({"Bearer " + expired});
  GetMovie({"Bearer " + good + "x"});
  GetMovie({"Basic " + good});
  GetMovie({});
  const std::string written = testing::internal::GetCapturedStdout() +
                              testing::internal::GetCapturedStderr() +
                              ReasonsSoFar();
  for (const std::string& secret : {good, expired, std::string(kKey)}) {
    EXPECT_THAT(written, Not(HasSubstr(secret)))
        << "Whoever can read the log could be alice. A log is read by many, "
           "and kept.";
  }
}

TEST_F(TokenProcessorTest, TwoCallersShareAConnection) {
  int properties = 0;
  for (int i = 0; i < 3; ++i) {
    for (const std::string name : {"alice", "bob"}) {
      const Answer answer =
          GetMovie({"Bearer " + TokenFor(name, now_ + absl::Minutes(5))});
      ASSERT_EQ(answer.movie.movie_name(), name);
      if (properties == 0) properties = answer.movie.mid();
      EXPECT_EQ(answer.movie.mid(), properties)
          << "The AuthContext has " << answer.movie.mid()
          << " properties now, and had " << properties
          << " when the first call came. It belongs to the connection, and "
             "what is added to it stays: Bob's calls come with Alice's name, "
             "the memory grows with every call, and calls at the same time "
             "write to it without a lock. Leave it alone.";
    }
  }
}

TEST_F(TokenProcessorTest, ManyCallersAtOnce) {
  // Counted, so that two hundred calls make one failure at most.
  std::atomic<int> as_they_should{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &as_they_should] {
      const std::string name = absl::StrCat("caller ", i);
      for (int j = 0; j < 25; ++j) {
        const Answer answer =
            GetMovie({"Bearer " + TokenFor(name, now_ + absl::Minutes(5))});
        if (answer.movie.movie_name() == name) ++as_they_should;
        if (!GetMovie({"Bearer " + name}).status.ok()) ++as_they_should;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(as_they_should, 200)
      << "Four callers made a hundred calls with tokens of their own, which "
         "the "
         "handler answers with the caller's name, and a hundred with that name "
         "for a token, which fail. Process() runs on several threads at once.";
}

}  // namespace
}  // namespace movies
