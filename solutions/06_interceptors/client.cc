// Tells a story: a caller without a token, retries, streams and a limit. Exits
// with 0 if it goes as it should, else says which exercise to look at.

#include <grpc/grpc.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_interceptor.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bearer_interceptor.h"
#include "json_web_token.h"
#include "logging_interceptor.h"
#include "method_filter.h"
#include "movies/v1/movies.grpc.pb.h"
#include "program_key.h"
#include "retry_budget.h"
#include "retry_by_policy.h"
#include "retry_interceptor.h"
#include "retry_policy.h"
#include "support/console_log.h"
#include "token_source.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051",
          "the server; it must be on this machine");
ABSL_FLAG(std::string, key_file, "",
          "file with the key to sign tokens with, the server's; without it a "
          "demo key, not for real use");
ABSL_FLAG(bool, built_in_retry, false,
          "leave retries to gRPC, by a service config, not to an interceptor");
ABSL_FLAG(absl::Duration, initial_backoff, absl::Milliseconds(500),
          "the longest delay before the second attempt");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(10),
          "how long a call may take, all attempts included");

namespace movies {
namespace {

using Chain = std::vector<
    std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>;

constexpr int32_t kMid = 1;
constexpr int kMaxBurst = 50;
constexpr absl::Duration kMaxWait = absl::Seconds(5);

// What the interceptors tell. Thread-safe.
class Journal {
 public:
  explicit Journal(const support::ConsoleLog* log) : log_(*log) {}

  void AddCall(const CallRecord& record) {
    log_.Say(absl::StrCat("    call     ", ToString(record)));
    absl::MutexLock lock(&mutex_);
    calls_.push_back(record);
  }
  void AddAttempt(const CallRecord& record) {
    log_.Say(absl::StrCat("    attempt  ", ToString(record)));
    ++attempts_;
  }
  void AddFailure(const FailedAttempt& failed,
                  std::optional<absl::Duration> delay) {
    log_.Say(absl::Substitute(
        "    attempt $0 failed with code $1; $2", failed.attempt,
        static_cast<int>(failed.code),
        delay.has_value() ? absl::StrCat("the next one in ",
                                         absl::FormatDuration(absl::Trunc(
                                             *delay, absl::Milliseconds(1))))
                          : "no other one"));
    if (failed.code == grpc::StatusCode::RESOURCE_EXHAUSTED) limited_ = true;
    ++failures_;
  }

  // Forgets everything.
  void Clear() {
    absl::MutexLock lock(&mutex_);
    calls_.clear();
    attempts_ = 0;
    failures_ = 0;
    limited_ = false;
  }

  // The records of whole calls, as the caller sees them.
  std::vector<CallRecord> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  // How many attempts the filtered log saw.
  int attempts() const { return attempts_; }
  // After how many attempts the retry interceptor asked what to do.
  int failures() const { return failures_; }
  // Whether one of these was refused for coming too early.
  bool limited() const { return limited_; }

 private:
  const support::ConsoleLog& log_;
  std::atomic<int> attempts_{0};
  std::atomic<int> failures_{0};
  std::atomic<bool> limited_{false};
  mutable absl::Mutex mutex_;
  std::vector<CallRecord> calls_ ABSL_GUARDED_BY(mutex_);
};

// The same rules for gRPC's own retries.
// Slide: service_config
std::string ServiceConfig(absl::Duration initial_backoff) {
  return absl::Substitute(
      R"json({"methodConfig": [{
        "name": [{"service": "movies.v1.MoviesService", "method": "GetMovie"}],
        "retryPolicy": {
          "maxAttempts": 4,
          "initialBackoff": "$0s",
          "maxBackoff": "5s",
          "backoffMultiplier": 2,
          "retryableStatusCodes": ["UNAVAILABLE"]
        }
      }]})json",
      absl::ToDoubleSeconds(initial_backoff));
}
// End slide: service_config

// The chain, from the caller to the network: one record for each call; the
// retries; one record for each attempt of a unary call; the token, which each
// attempt gets anew.
absl::StatusOr<Chain> NewChain(Journal* journal, GetToken get_token) {
  Chain chain;
  chain.push_back(NewClientLoggingFactory(
      [journal](const CallRecord& record) { journal->AddCall(record); }));

  if (!absl::GetFlag(FLAGS_built_in_retry)) {
    RetryOptions rules;
    rules.initial_backoff = absl::GetFlag(FLAGS_initial_backoff);
    RetryInterceptorOptions retry;
    retry.decide = [journal, by_policy = RetryByPolicy(rules)](
                       const FailedAttempt& failed) {
      const std::optional<absl::Duration> delay = by_policy(failed);
      journal->AddFailure(failed, delay);
      return delay;
    };
    retry.budget = std::make_shared<RetryBudget>();
    chain.push_back(NewRetryInterceptorFactory(std::move(retry)));
  }

  // After the retry interceptor: before it, a factory that may make none would
  // lead the attempts into the wrong part of the chain.
  absl::StatusOr<MethodFilter> unary =
      MethodFilter::Create({"/movies.v1.MoviesService/GetMovie",
                            "/movies.v1.MoviesService/RateMovie"});
  if (!unary.ok()) return unary.status();
  chain.push_back(
      OnlyFor(*unary, NewClientLoggingFactory([journal](const CallRecord& r) {
        journal->AddAttempt(r);
      })));

  chain.push_back(
      std::make_unique<BearerInterceptorFactory>(std::move(get_token)));
  return chain;
}

std::unique_ptr<v1::MoviesService::Stub> NewStub(Chain chain) {
  grpc::ChannelArguments arguments;
  // The environment's http_proxy is not meant for a server on this machine.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (absl::GetFlag(FLAGS_built_in_retry)) {
    arguments.SetServiceConfigJSON(
        ServiceConfig(absl::GetFlag(FLAGS_initial_backoff)));
  }
  return v1::MoviesService::NewStub(
      grpc::experimental::CreateCustomChannelWithInterceptors(
          absl::GetFlag(FLAGS_target),
          grpc::experimental::LocalCredentials(LOCAL_TCP), arguments,
          std::move(chain)));
}

struct Context : grpc::ClientContext {
  Context() {
    set_deadline(
        absl::ToChronoTime(absl::Now() + absl::GetFlag(FLAGS_timeout)));
  }
};

// A value of the trailing metadata as a number, if there is one.
std::optional<int> TrailingNumber(const grpc::ClientContext& context,
                                  const std::string& key) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(key);
  int number = 0;
  if (found == metadata.end() ||
      !absl::SimpleAtoi(
          absl::string_view(found->second.data(), found->second.size()),
          &number)) {
    return std::nullopt;
  }
  return number;
}

// How many movies came, and how the call ended.
struct Found {
  int movies = 0;
  grpc::Status status;
};

Found Query(v1::MoviesService::Stub& stub, Context& context) {
  v1::MovieQueryParams request;
  request.set_query("robot");
  const auto reader = stub.QueryMovie(&context, request);
  Found found;
  v1::Movie movie;
  while (reader->Read(&movie)) ++found.movies;
  found.status = reader->Finish();
  return found;
}

std::string ToString(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat("code ", static_cast<int>(status.error_code()), ": ",
                      status.error_message());
}

class Story {
 public:
  // None is owned. `key` signs the tokens of this caller, and `stub` attaches
  // them.
  Story(const support::ConsoleLog* log, Journal* journal, const SigningKey* key,
        v1::MoviesService::Stub* stub)
      : log_(*log), journal_(*journal), key_(*key), stub_(*stub) {}

  // Returns whether all went as it should.
  bool Tell() {
    if (Anonymous() && BadTokens() && GetMovie()) {
      RateMovie();
      Streams();
      Limit();
    }
    return ok_;
  }

  // Prints what is wrong unless `as_expected`, and the exercise, if there is
  // one. Returns `as_expected`.
  bool Expect(bool as_expected, absl::string_view wrong,
              absl::string_view exercise = "") {
    if (as_expected) return true;
    ok_ = false;
    log_.Say(absl::StrCat("NOT AS EXPECTED: ", wrong));
    if (!exercise.empty()) {
      log_.Say(absl::StrCat("  Is 06_interceptors.", exercise, " solved?"));
    }
    return false;
  }

 private:
  // Each of these tells a part, and returns whether there is any use in the
  // next.
  bool Anonymous() {
    log_.Say("1. QueryMovie without a token");
    Context context;
    refusal_ = Query(*plain_stub_, context).status;
    log_.Say(absl::StrCat("  ", ToString(refusal_)));
    if (refusal_.error_code() == grpc::StatusCode::UNAVAILABLE) {
      return Expect(
          false,
          absl::StrCat("is a server running on ", absl::GetFlag(FLAGS_target),
                       "? bazel run //lessons/06_interceptors:server"));
    }
    checks_tokens_ = !refusal_.ok();
    Expect(checks_tokens_,
           "the server lets everybody in: was it started with "
           "--check_tokens=false?");
    if (!checks_tokens_) return true;
    if (Expect(refusal_.error_code() == grpc::StatusCode::UNAUTHENTICATED,
               "a caller without a token gets UNAUTHENTICATED, code 16",
               "token_processor")) {
      return true;
    }
    log_.Say("  A server with --check_tokens=false goes on without it.");
    return false;
  }

  bool BadTokens() {
    log_.Say("2. QueryMovie with a token that is not valid");
    const absl::Time now = absl::Now();
    absl::StatusOr<SigningKey> other_key =
        SigningKey::Create("a key that the server has never heard of");
    if (!other_key.ok()) return Expect(false, other_key.status().message());
    Refused("forged", {"alice", now, now + absl::Minutes(10)}, *other_key);
    Refused("expired", {"alice", now - absl::Hours(2), now - absl::Hours(1)},
            key_);

    Chain chain;
    chain.push_back(std::make_unique<BearerInterceptorFactory>([] {
      return absl::UnauthenticatedError("the login service knows no mallory");
    }));
    Context context;
    const Found found = Query(*NewStub(std::move(chain)), context);
    log_.Say(absl::StrCat("  none to be had: ", ToString(found.status)));
    if (Expect(absl::StartsWith(found.status.error_message(), "no token"),
               "without a token to send, the call ends here, unsent",
               "bearer_interceptor") ||
        !checks_tokens_) {
      return true;
    }
    log_.Say("  A server with --check_tokens=false goes on without it.");
    return false;
  }

  // Expects that such a token is refused in the words of no token at all.
  void Refused(absl::string_view what, const TokenClaims& claims,
               const SigningKey& key) {
    if (!checks_tokens_) return;
    const absl::StatusOr<std::string> token = SignToken(claims, key);
    if (!Expect(token.ok(), token.status().message())) return;
    Context context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", *token));
    const grpc::Status status = Query(*plain_stub_, context).status;
    log_.Say(absl::StrCat("  ", what, ": ", ToString(status)));
    Expect(status.error_code() == refusal_.error_code() &&
               status.error_message() == refusal_.error_message(),
           "whatever is wrong with a token, the caller is told the same",
           "token_processor");
  }

  bool GetMovie() {
    const bool built_in = absl::GetFlag(FLAGS_built_in_retry);
    log_.Say(absl::StrCat(
        "3. GetMovie with a token, from a flaky server; ",
        built_in ? "gRPC retries by itself" : "an interceptor retries"));
    grpc::Status status;
    int failed = 0;
    // The server may have been left between two failures. Then the first call
    // comes through, and the second one meets them all.
    for (int call = 0; call < 2 && failed == 0 && status.ok(); ++call) {
      journal_.Clear();
      Context context;
      v1::MovieID request;
      request.set_mid(kMid);
      v1::Movie movie;
      status = stub_.GetMovie(&context, request, &movie);
      failed = built_in
                   ? TrailingNumber(context, "previous-attempts").value_or(0)
                   : journal_.failures();
      log_.Say(absl::Substitute(
          "  $0, after $1 failed attempts",
          status.ok() ? movie.movie_name() : ToString(status), failed));
    }
    if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
      return Expect(false,
                    "the server takes no token of ours: did both programs get "
                    "the same --key_file?");
    }
    if (!status.ok() &&
        (journal_.limited() ||
         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED)) {
      return Expect(false,
                    "the limit was in the way: try again in some seconds, or "
                    "start the server with a larger --burst");
    }
    if (!status.ok() && failed <= 1 && !built_in) {
      Expect(false, "the first failure reached the caller", "retry_policy");
    } else if (!status.ok()) {
      Expect(false,
             "four attempts were not enough: was the server started with a "
             "larger --flaky than 3?");
    } else {
      Expect(failed > 0,
             "nothing failed: was the server started with --flaky=0?");
    }
    const bool logged = journal_.calls().size() == 1;
    Expect(logged, "the caller's log has one record for the call",
           "logging_interceptor");
    // By gRPC's own retries, interceptors see one call.
    const int attempts = built_in ? 1 : failed + (status.ok() ? 1 : 0);
    Expect(!logged || journal_.attempts() == attempts,
           absl::StrCat("the log behind the filter has ", attempts,
                        " records, not ", journal_.attempts()),
           "method_filter");
    return true;
  }

  void RateMovie() {
    log_.Say("4. RateMovie, whose answer gets lost: not repeated");
    grpc::Status status;
    for (int call = 0; call < 2 && status.ok(); ++call) {
      journal_.Clear();
      Context context;
      v1::MovieRating request;
      request.set_mid(kMid);
      request.set_stars(5);
      v1::MovieScore score;
      status = stub_.RateMovie(&context, request, &score);
      log_.Say(absl::StrCat("  ", ToString(status)));
    }
    rating_lost_ = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    Expect(rating_lost_,
           "no answer got lost: was the server started with "
           "--flaky=0?");
    Expect(journal_.failures() == 0 && journal_.attempts() <= 1,
           "RateMovie was made again");
  }

  void Streams() {
    log_.Say("5. Streams through the same chain");
    journal_.Clear();
    const Found found = PatientQuery();
    log_.Say(absl::Substitute("  QueryMovie: $0 movies, $1", found.movies,
                              ToString(found.status)));
    if (Expect(found.status.ok(), "QueryMovie is OK")) {
      ExpectCounted(1, found.movies);
    }
    journal_.Clear();
    Context context;
    const auto stream = stub_.RateMovies(&context);
    int answers = 0;
    int ratings_before = 0;
    for (int stars : {3, 4, 5}) {
      v1::MovieRating rating;
      rating.set_mid(kMid);
      rating.set_stars(stars);
      v1::MovieScore score;
      if (!stream->Write(rating) || !stream->Read(&score)) break;
      if (++answers == 1) ratings_before = score.ratings() - 1;
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    log_.Say(absl::Substitute("  RateMovies: 3 ratings, $0 scores, $1", answers,
                              ToString(status)));
    if (!Expect(status.ok() && answers == 3,
                "RateMovies answers each rating")) {
      return;
    }
    ExpectCounted(3, answers);
    if (!rating_lost_) return;
    log_.Say(absl::StrCat("  Ratings before these: ", ratings_before,
                          ". The one whose answer got lost is among them."));
    Expect(ratings_before > 0, "the rating whose answer got lost was counted");
  }

  // Queries, and if the calls of an earlier story still count, waits and
  // queries again.
  Found PatientQuery() {
    Context context;
    Found found = Query(stub_, context);
    const std::optional<int> pushback =
        TrailingNumber(context, "grpc-retry-pushback-ms");
    if (found.status.ok() || !pushback.has_value() || *pushback < 0 ||
        absl::Milliseconds(*pushback) > kMaxWait) {
      return found;
    }
    log_.Say(absl::Substitute(
        "  Calls of an earlier story still count: waiting $0 ms", *pushback));
    absl::SleepFor(absl::Milliseconds(*pushback));
    journal_.Clear();
    Context next;
    return Query(stub_, next);
  }

  // Expects that the log has one call, with so many messages each way.
  void ExpectCounted(int sent, int received) {
    const std::vector<CallRecord> calls = journal_.calls();
    Expect(calls.size() == 1 && calls[0].sent == sent &&
               calls[0].received == received,
           absl::Substitute("the log has one record: $0 sent, $1 received",
                            sent, received),
           "logging_interceptor");
  }

  void Limit() {
    log_.Say("6. QueryMovie until the limit");
    std::optional<int> pushback;
    grpc::Status status;
    for (int call = 0; call < kMaxBurst && status.ok(); ++call) {
      Context context;
      status = Query(stub_, context).status;
      pushback = TrailingNumber(context, "grpc-retry-pushback-ms");
    }
    log_.Say(absl::StrCat("  ", ToString(status)));
    if (!Expect(!status.ok(),
                absl::StrCat(
                    kMaxBurst,
                    " calls at once, and none was refused (if the server was "
                    "started with a larger --burst, it is right)"),
                "rate_limiter") ||
        !Expect(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
                    pushback.has_value() && *pushback >= 0,
                "too many calls are RESOURCE_EXHAUSTED, code 8, with a "
                "push-back")) {
      return;
    }
    const absl::Duration wait = absl::Milliseconds(*pushback);
    if (!Expect(wait <= kMaxWait,
                absl::StrCat("the push-back is ", absl::FormatDuration(wait),
                             ", too long to wait for; was the server started "
                             "with a long --interval?"))) {
      return;
    }
    log_.Say(absl::Substitute("  Pushed back by $0 ms, so waiting for that",
                              *pushback));
    absl::SleepFor(wait);
    Context context;
    status = Query(stub_, context).status;
    log_.Say(absl::StrCat("  ", ToString(status)));
    Expect(status.ok(), "who waits as long as told is let in", "rate_limiter");
  }

  const support::ConsoleLog& log_;
  Journal& journal_;
  const SigningKey& key_;
  v1::MoviesService::Stub& stub_;
  const std::unique_ptr<v1::MoviesService::Stub> plain_stub_ = NewStub({});
  bool ok_ = true;
  grpc::Status refusal_;
  bool checks_tokens_ = true;
  bool rating_lost_ = false;
};

int Main() {
  if (absl::GetFlag(FLAGS_timeout) <= absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_initial_backoff) <= absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_initial_backoff) > absl::Seconds(5)) {
    std::fprintf(stderr,
                 "--timeout is more than 0, --initial_backoff more than 0 and "
                 "no more than 5s.\n");
    return 2;
  }
  support::ConsoleLog log;
  const absl::StatusOr<SigningKey> key =
      ProgramKey(absl::GetFlag(FLAGS_key_file), log);
  if (!key.ok()) {
    std::fprintf(stderr, "No key to sign tokens with: %s\n",
                 key.status().ToString().c_str());
    return 1;
  }

  // Stands for a login service.
  std::atomic<int> fetched{0};
  TokenSource source([&]() -> absl::StatusOr<AccessToken> {
    ++fetched;
    log.Say("    fetching a token for alice, for 10 minutes");
    const absl::Time now = absl::Now();
    absl::StatusOr<std::string> token =
        SignToken({"alice", now, now + absl::Minutes(10)}, *key);
    if (!token.ok()) return token.status();
    return AccessToken{*std::move(token), now + absl::Minutes(10)};
  });
  Journal journal(&log);
  absl::StatusOr<Chain> chain =
      NewChain(&journal, [&source] { return source.Token(); });
  if (!chain.ok()) {
    std::fprintf(stderr, "%s\n", chain.status().ToString().c_str());
    return 1;
  }
  const auto stub = NewStub(*std::move(chain));

  Story story(&log, &journal, &*key, stub.get());
  if (!story.Tell()) {
    log.Say(
        "The story went another way. The solution's is "
        "//solutions/06_interceptors:client, with its server.");
    return 1;
  }
  if (!story.Expect(fetched == 1, "one token does for all calls",
                    "bearer_interceptor")) {
    return 1;
  }
  log.Say("The story went as it should.");
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Calls the movie service without a token, with bad ones and a good one, "
      "and too often.\n\n  client [--target=127.0.0.1:50051] [--key_file=FILE] "
      "[--built_in_retry]\n         [--initial_backoff=500ms] [--timeout=10s]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
