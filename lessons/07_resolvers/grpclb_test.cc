// The balancer and gRPC's own client together, with a real DNS server between
// them: the client asks it for _grpclb._tcp.movies.test, finds the balancer,
// and follows its lists. What happens when somebody dies is what gRPC 1.51
// does.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "balancer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "server_list.h"
#include "support/dns_server.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// For what takes a reconnection or a report, on a busy machine.
constexpr absl::Duration kPatience = absl::Seconds(20);

// A server of movies, which counts its calls and notes the tokens they bring.
class Backend : public CatalogueService {
 public:
  explicit Backend(MovieStore* store) : CatalogueService(store) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    {
      absl::MutexLock lock(&mutex_);
      ++calls_;
      const auto& metadata = context->client_metadata();
      const auto [begin, end] = metadata.equal_range("lb-token");
      for (auto token = begin; token != end; ++token) {
        tokens_.insert(std::string(token->second.data(), token->second.size()));
      }
    }
    return CatalogueService::GetMovie(context, request, response);
  }

  int calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  std::set<std::string> tokens() const {
    absl::MutexLock lock(&mutex_);
    return tokens_;
  }

 private:
  mutable absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<std::string> tokens_ ABSL_GUARDED_BY(mutex_);
};

// One call: who answered it, or nobody, and how it ended.
struct Answer {
  std::string from;  // "127.0.0.1:PORT"
  grpc::Status status;
};

class GrpclbTest : public testing::Test {
 protected:
  // The DNS server knows the balancer, and that the movies are on 127.0.0.1.
  // The port is the target's: there the fallback listens.
  void StartDns(const std::string& balancer_address) {
    absl::StatusOr<std::unique_ptr<support::DnsServer>> dns =
        support::DnsServer::Start(
            {"host-record=lb.movies.test,127.0.0.1",
             "host-record=movies.test,127.0.0.1",
             absl::StrCat("srv-host=_grpclb._tcp.movies.test,lb.movies.test,",
                          Port(balancer_address))});
    ASSERT_TRUE(dns.ok()) << dns.status();
    dns_ = *std::move(dns);
  }

  // Starts the balancer's server: anew, or where it was.
  void StartBalancer() {
    support::TestServerOptions options;
    if (!balancer_address_.empty()) options = At(balancer_address_);
    // gRPC's client takes less than a second for a second.
    balancer_ = std::make_unique<Balancer>(absl::Milliseconds(10));
    absl::StatusOr<std::unique_ptr<support::TestServer>> server =
        support::TestServer::Start({balancer_.get()}, options);
    ASSERT_TRUE(server.ok()) << server.status();
    balancer_server_ = *std::move(server);
    balancer_address_ = balancer_server_->address();
  }

  void StopBalancer() {
    balancer_->Shutdown();
    balancer_server_.reset();
    balancer_.reset();
  }

  // The balancer with these parts, the DNS server and a channel.
  void Start(std::vector<TrafficShare> traffic) {
    ASSERT_NO_FATAL_FAILURE(StartBalancer());
    SetTraffic(std::move(traffic));
    ASSERT_NO_FATAL_FAILURE(StartDns(balancer_address_));
    Connect();
  }

  void SetTraffic(std::vector<TrafficShare> traffic) {
    const absl::Status status = balancer_->SetTraffic(service_name_, traffic);
    ASSERT_TRUE(status.ok()) << status;
  }

  // A new channel. `service_config` besides the policy: ", \"x\": ..." or
  // nothing. With this timeout no fallback comes of waiting.
  void Connect(const std::string& service_config = "",
               absl::Duration fallback_timeout = absl::Hours(1)) {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_DNS_ENABLE_SRV_QUERIES, 1);
    args.SetServiceConfigJSON(absl::StrCat(
        R"({"loadBalancingConfig": [{"grpclb": {}}])", service_config, "}"));
    args.SetInt(GRPC_ARG_GRPCLB_FALLBACK_TIMEOUT_MS,
                static_cast<int>(absl::ToInt64Milliseconds(fallback_timeout)));
    // Of the channel to the balancer as well. The MIN of this family is no
    // pause: it is how long one attempt to connect may take.
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    stub_ = v1::MoviesService::NewStub(support::LoopbackChannel(
        absl::StrCat("dns://", dns_->address(), "/", service_name_), args));
  }

  Answer Call(bool wait_for_ready = false) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    context.set_wait_for_ready(wait_for_ready);
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    Answer answer;
    answer.status = stub_->GetMovie(&context, request, &movie);
    if (answer.status.ok()) answer.from = Address(context.peer());
    return answer;
  }

  // Calls until one is answered by `address`. Returns whether one was.
  bool CallUntil(const std::string& address) {
    const absl::Time give_up = absl::Now() + kPatience;
    while (absl::Now() < give_up) {
      if (Call(/*wait_for_ready=*/true).from == address) return true;
    }
    return false;
  }

  // Calls until `address` has answered so often in a row that nobody else gets
  // calls. Returns whether it has.
  bool CallUntilOnly(const std::string& address) {
    int in_a_row = 0;
    const absl::Time give_up = absl::Now() + kPatience;
    while (in_a_row < 20 && absl::Now() < give_up) {
      in_a_row = Call().from == address ? in_a_row + 1 : 0;
    }
    return in_a_row == 20;
  }

  // Makes `calls` calls, and counts who answered; "" are those that failed.
  std::map<std::string, int> Count(int calls) {
    std::map<std::string, int> count;
    for (int i = 0; i < calls; ++i) ++count[Call().from];
    return count;
  }

  // Calls until everybody has answered as often as he should, in three rounds:
  // connections come up one by one, and until the last is there the shares are
  // not the list's, though one round may look so. Then makes ten times a round
  // of calls, and returns who answered those.
  std::map<std::string, int> CountWhenSettled(
      const std::map<std::string, int>& expected) {
    int round = 0;
    std::map<std::string, int> three_rounds;
    for (const auto& [address, calls] : expected) {
      round += calls;
      three_rounds[address] = 3 * calls;
    }
    const absl::Time give_up = absl::Now() + kPatience;
    while (Count(3 * round) != three_rounds && absl::Now() < give_up) {
    }
    return Count(10 * round);
  }

  static std::string Port(const std::string& address) {
    return address.substr(address.rfind(':') + 1);
  }

  // For a server that is to be where one was.
  static support::TestServerOptions At(const std::string& address) {
    support::TestServerOptions options;
    EXPECT_TRUE(absl::SimpleAtoi(Port(address), &options.port));
    return options;
  }

  static std::string Address(absl::string_view peer) {
    return std::string(absl::StripPrefix(peer, "ipv4:"));
  }

  MovieStore store_;
  Backend backend_a_{&store_};
  Backend backend_b_{&store_};
  Backend backend_fallback_{&store_};
  std::unique_ptr<support::TestServer> a_ =
      std::make_unique<support::TestServer>(&backend_a_);
  std::unique_ptr<support::TestServer> b_ =
      std::make_unique<support::TestServer>(&backend_b_);
  support::TestServer fallback_{&backend_fallback_};
  const std::string a_address_ = a_->address();
  const std::string b_address_ = b_->address();
  // What the client asks the balancer for.
  const std::string service_name_ =
      absl::StrCat("movies.test:", Port(fallback_.address()));

  std::string balancer_address_;
  std::unique_ptr<Balancer> balancer_;
  std::unique_ptr<support::TestServer> balancer_server_;
  std::unique_ptr<support::DnsServer> dns_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(GrpclbTest, TheClientFindsTheBalancerAndCallsItsServers) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));

  EXPECT_THAT(Count(10), ElementsAre(Pair(a_address_, 10)));
}

TEST_F(GrpclbTest, SharesAreExact) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 3, "a"}, {b_address_, 1, "b"}}));

  EXPECT_THAT(CountWhenSettled({{a_address_, 3}, {b_address_, 1}}),
              UnorderedElementsAre(Pair(a_address_, 30), Pair(b_address_, 10)));
}

TEST_F(GrpclbTest, ANewListIsFollowed) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  ASSERT_TRUE(CallUntil(a_address_));

  SetTraffic({{b_address_, 1, "b"}});

  EXPECT_TRUE(CallUntil(b_address_));
  EXPECT_THAT(Count(10), ElementsAre(Pair(b_address_, 10)));
}

TEST_F(GrpclbTest, ServersSeeTheTokenThatSentTheCall) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "left"}}));

  ASSERT_TRUE(Call().status.ok());

  EXPECT_THAT(backend_a_.tokens(), ElementsAre(StartsWith("left#")));
}

TEST_F(GrpclbTest, DropsAreExactAndSaySo) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 3, "a"}, {"", 2, "overload"}}));

  EXPECT_THAT(CountWhenSettled({{a_address_, 3}, {"", 2}}),
              UnorderedElementsAre(Pair(a_address_, 30), Pair("", 20)));
  // Of five calls in a row two are dropped.
  Answer answer = Call();
  for (int i = 0; i < 4 && answer.status.ok(); ++i) answer = Call();
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(answer.status.error_message(), "drop directed by grpclb balancer");
}

TEST_F(GrpclbTest, ADropIsNeitherRetriedNorWaitedFor) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}, {"", 1, "overload"}}));
  Connect(R"(, "methodConfig": [{"name": [{}], "retryPolicy": {
                "maxAttempts": 5, "initialBackoff": "0.01s",
                "maxBackoff": "0.01s", "backoffMultiplier": 1,
                "retryableStatusCodes": ["UNAVAILABLE"]}}])");
  ASSERT_TRUE(CallUntil(a_address_));

  std::map<bool, int> ok;
  for (int i = 0; i < 20; ++i) {
    ++ok[Call(/*wait_for_ready=*/true).status.ok()];
  }

  EXPECT_THAT(ok, UnorderedElementsAre(Pair(true, 10), Pair(false, 10)));
}

TEST_F(GrpclbTest, TheClientReportsWhatItDid) {
  const absl::Time start = absl::Now();
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 3, "a"}, {"", 2, "overload"}}));
  std::map<std::string, int> count = Count(50);
  ASSERT_EQ(count[a_address_] + count[""], 50);

  EXPECT_TRUE(balancer_->WaitForReports(
      service_name_,
      [](const ClientReports& reports) { return reports.finished >= 50; },
      kPatience));

  // It was asked for a report every 10 ms, and does so every second.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(950));
  const absl::StatusOr<ClientReports> reports =
      balancer_->Reports(service_name_);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->clients, 1);
  EXPECT_EQ(reports->started, 50);
  EXPECT_EQ(reports->finished, 50);
  EXPECT_EQ(reports->known_received, count[a_address_]);
  EXPECT_EQ(reports->failed_to_send, 0);
  EXPECT_THAT(reports->dropped, ElementsAre(Pair("overload", count[""])));
}

TEST_F(GrpclbTest, DrainingAServerLosesNoCall) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}, {b_address_, 1, "b"}}));
  ASSERT_TRUE(CallUntil(a_address_));
  ASSERT_TRUE(CallUntil(b_address_));
  std::atomic<bool> stop{false};
  std::atomic<int> calls{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        ++calls;
        if (!Call().status.ok()) ++failed;
      }
    });
  }

  const absl::Status status = balancer_->Drain(service_name_, a_address_);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(CallUntilOnly(b_address_));
  stop = true;
  for (std::thread& caller : callers) caller.join();

  EXPECT_EQ(failed, 0) << "of " << calls;
}

TEST_F(GrpclbTest, ACallOnADrainedServerGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  auto stream = stub_->RateMovies(&context);
  v1::MovieRating rating;
  rating.set_mid(1);
  rating.set_stars(5);
  v1::MovieScore score;
  ASSERT_TRUE(stream->Write(rating));
  ASSERT_TRUE(stream->Read(&score));

  SetTraffic({{a_address_, 0, "a"}, {b_address_, 1, "b"}});
  ASSERT_TRUE(CallUntil(b_address_));

  // Each call has its server, not each message.
  EXPECT_TRUE(stream->Write(rating));
  EXPECT_TRUE(stream->Read(&score));
  EXPECT_EQ(score.ratings(), 2);
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Address(context.peer()), a_address_);
}

TEST_F(GrpclbTest, AnEmptyListLeavesNobodyToCall) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  ASSERT_TRUE(CallUntil(a_address_));

  SetTraffic({});

  const absl::Time give_up = absl::Now() + kPatience;
  Answer answer = Call();
  while (answer.status.ok() && absl::Now() < give_up) answer = Call();
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("empty address list"));
}

TEST_F(GrpclbTest, TheBalancerCanTellClientsToFallBack) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  ASSERT_TRUE(CallUntil(a_address_));

  ASSERT_TRUE(balancer_->FallBack(service_name_).ok());
  EXPECT_TRUE(CallUntil(fallback_.address()));
  EXPECT_THAT(Count(10), ElementsAre(Pair(fallback_.address(), 10)));

  SetTraffic({{a_address_, 1, "a"}});
  EXPECT_TRUE(CallUntil(a_address_));
}

TEST_F(GrpclbTest, AServiceThatTheBalancerDoesNotKnowFallsBack) {
  ASSERT_NO_FATAL_FAILURE(StartBalancer());
  ASSERT_NO_FATAL_FAILURE(StartDns(balancer_address_));
  Connect();

  // At once, and not after the fallback timeout.
  EXPECT_EQ(Call().from, fallback_.address());

  // The client asks again, after a second.
  SetTraffic({{a_address_, 1, "a"}});
  EXPECT_TRUE(CallUntil(a_address_));
}

TEST_F(GrpclbTest, WithoutABalancerTheClientFallsBackAtOnce) {
  support::UnservedPort nobody;
  ASSERT_NO_FATAL_FAILURE(StartDns(nobody.address()));
  Connect();

  EXPECT_EQ(Call().from, fallback_.address());
}

// Takes every question and answers none.
class SilentBalancer : public grpc::lb::v1::LoadBalancer::Service {
 public:
  grpc::Status BalanceLoad(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<grpc::lb::v1::LoadBalanceResponse,
                               grpc::lb::v1::LoadBalanceRequest>* stream)
      override {
    grpc::lb::v1::LoadBalanceRequest request;
    while (stream->Read(&request)) {
    }
    return grpc::Status::OK;
  }
};

TEST_F(GrpclbTest, ABalancerThatSaysNothingIsWaitedForUntilTheTimeout) {
  SilentBalancer silent;
  support::TestServer balancer_server(&silent);
  ASSERT_NO_FATAL_FAILURE(StartDns(balancer_server.address()));
  const absl::Duration timeout = absl::Milliseconds(300);
  Connect("", timeout);

  const absl::Time start = absl::Now();
  EXPECT_EQ(Call().from, fallback_.address());
  // The clock of gRPC's timers and this one differ a little.
  EXPECT_GE(absl::Now() - start, timeout - absl::Milliseconds(20));
}

TEST_F(GrpclbTest, WhenTheBalancerDiesItsLastListStays) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}, {b_address_, 1, "b"}}));
  ASSERT_TRUE(CallUntil(a_address_));
  ASSERT_TRUE(CallUntil(b_address_));

  StopBalancer();

  EXPECT_THAT(Count(100),
              UnorderedElementsAre(Pair(a_address_, 50), Pair(b_address_, 50)));
}

TEST_F(GrpclbTest, WhenTheServersOfTheListDieTooTheClientFallsBack) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}, {b_address_, 1, "b"}}));
  ASSERT_TRUE(CallUntil(a_address_));
  ASSERT_TRUE(CallUntil(b_address_));
  StopBalancer();

  a_.reset();
  // One server of the list is enough to stay with it.
  ASSERT_TRUE(CallUntilOnly(b_address_));
  b_.reset();

  EXPECT_TRUE(CallUntil(fallback_.address()));
}

TEST_F(GrpclbTest, WhileTheBalancerLivesDeadServersAreNoReasonToFallBack) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  ASSERT_TRUE(CallUntil(a_address_));

  a_.reset();

  const absl::Time give_up = absl::Now() + kPatience;
  Answer answer = Call();
  while (answer.status.ok() && absl::Now() < give_up) answer = Call();
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(Count(20), ElementsAre(Pair("", 20)));
  SetTraffic({{b_address_, 1, "b"}});
  EXPECT_TRUE(CallUntil(b_address_));
  EXPECT_EQ(backend_fallback_.calls(), 0);
}

TEST_F(GrpclbTest, ABalancerThatComesBackIsFollowedAgain) {
  const std::vector<TrafficShare> traffic = {{a_address_, 1, "a"}};
  ASSERT_NO_FATAL_FAILURE(Start(traffic));
  ASSERT_TRUE(CallUntil(a_address_));
  StopBalancer();
  a_.reset();
  ASSERT_TRUE(CallUntil(fallback_.address()));

  a_ = std::make_unique<support::TestServer>(&backend_a_, At(a_address_));
  ASSERT_NO_FATAL_FAILURE(StartBalancer());
  // The same as before.
  SetTraffic(traffic);

  EXPECT_TRUE(CallUntil(a_address_));
}

TEST_F(GrpclbTest, ReportsGoOnAfterTheBalancerWasAway) {
  const std::vector<TrafficShare> traffic = {{a_address_, 1, "a"}};
  ASSERT_NO_FATAL_FAILURE(Start(traffic));
  ASSERT_TRUE(CallUntil(a_address_));
  StopBalancer();

  ASSERT_NO_FATAL_FAILURE(StartBalancer());
  SetTraffic(traffic);
  ASSERT_TRUE(balancer_->WaitForReports(
      service_name_,
      [](const ClientReports& reports) { return reports.clients == 1; },
      kPatience));
  // Some of these calls are made before the client has the new list.
  const absl::Time give_up = absl::Now() + kPatience;
  bool reported = false;
  while (!reported && absl::Now() < give_up) {
    ASSERT_TRUE(Call().status.ok());
    reported = balancer_->WaitForReports(
        service_name_,
        [](const ClientReports& reports) { return reports.started > 0; },
        absl::Milliseconds(50));
  }

  EXPECT_TRUE(reported);
}

TEST_F(GrpclbTest, WithoutSrvQueriesThereIsNoBalancer) {
  ASSERT_NO_FATAL_FAILURE(Start({{a_address_, 1, "a"}}));
  grpc::ChannelArguments args;
  args.SetServiceConfigJSON(R"({"loadBalancingConfig": [{"grpclb": {}}]})");
  stub_ = v1::MoviesService::NewStub(support::LoopbackChannel(
      absl::StrCat("dns://", dns_->address(), "/", service_name_), args));

  // gRPC does not look for balancers unless told so, and grpclb without one
  // falls back.
  EXPECT_EQ(Call(/*wait_for_ready=*/true).from, fallback_.address());
}

// A balancer that does the least: the same list for everybody, and no tags.
class PlainBalancer : public grpc::lb::v1::LoadBalancer::Service {
 public:
  explicit PlainBalancer(const std::vector<TrafficShare>& traffic)
      : PlainBalancer(*MakeServerList(traffic)) {}
  explicit PlainBalancer(grpc::lb::v1::ServerList list)
      : list_(std::move(list)) {}

  grpc::Status BalanceLoad(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<grpc::lb::v1::LoadBalanceResponse,
                               grpc::lb::v1::LoadBalanceRequest>* stream)
      override {
    grpc::lb::v1::LoadBalanceRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    grpc::lb::v1::LoadBalanceResponse response;
    response.mutable_initial_response()
        ->mutable_client_stats_report_interval()
        ->set_seconds(1);
    stream->Write(response);
    *response.mutable_server_list() = list_;
    stream->Write(response);
    while (stream->Read(&request)) {
      absl::MutexLock lock(&mutex_);
      ++reports_;
      started_ += request.client_stats().num_calls_started();
    }
    return grpc::Status::OK;
  }

  // Waits for the first report: then the client has its list.
  bool WaitForReport(absl::Duration patience = kPatience) const {
    const auto came = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return reports_ > 0;
    };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&came), patience);
  }

  int64_t started() const {
    absl::MutexLock lock(&mutex_);
    return started_;
  }

 private:
  const grpc::lb::v1::ServerList list_;
  mutable absl::Mutex mutex_;
  int reports_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t started_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Why MakeServerList() refuses what is no address, or no token.
TEST_F(GrpclbTest, TheClientLeavesOutWhatItDoesNotUnderstand) {
  grpc::lb::v1::ServerList list = *MakeServerList({{a_address_, 2, "a"}});
  // An IP as text, which is neither 4 nor 16 bytes; and a long token.
  list.mutable_servers(0)->set_ip_address("127.0.0.1");
  list.mutable_servers(1)->set_load_balance_token(std::string(51, 'x'));
  *list.add_servers() = MakeServerList({{b_address_, 1, "b"}})->servers(0);
  PlainBalancer balancer(list);
  support::TestServer balancer_server(&balancer);
  ASSERT_NO_FATAL_FAILURE(StartDns(balancer_server.address()));
  Connect();

  EXPECT_THAT(CountWhenSettled({{a_address_, 1}, {b_address_, 1}}),
              UnorderedElementsAre(Pair(a_address_, 10), Pair(b_address_, 10)));
  EXPECT_TRUE(backend_a_.tokens().empty());
  EXPECT_THAT(backend_b_.tokens(), ElementsAre("b"));
}

// Greets everybody and hangs up.
class HastyBalancer : public grpc::lb::v1::LoadBalancer::Service {
 public:
  grpc::Status BalanceLoad(
      grpc::ServerContext* /*context*/,
      grpc::ServerReaderWriter<grpc::lb::v1::LoadBalanceResponse,
                               grpc::lb::v1::LoadBalanceRequest>* stream)
      override {
    grpc::lb::v1::LoadBalanceRequest request;
    stream->Read(&request);
    grpc::lb::v1::LoadBalanceResponse response;
    response.mutable_initial_response();
    stream->Write(response);
    absl::MutexLock lock(&mutex_);
    ++streams_;
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service");
  }

  bool WaitForStreams(int streams) const {
    const auto came = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return streams_ >= streams;
    };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&came), kPatience);
  }

 private:
  mutable absl::Mutex mutex_;
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Why Balancer refuses a name before the initial response.
TEST_F(GrpclbTest, ABalancerThatGreetsAndHangsUpIsAskedOverAndOver) {
  HastyBalancer balancer;
  support::TestServer balancer_server(&balancer);
  ASSERT_NO_FATAL_FAILURE(StartDns(balancer_server.address()));
  Connect();
  EXPECT_EQ(Call().from, fallback_.address());

  // With a second between them it would take more than a minute.
  EXPECT_TRUE(balancer.WaitForStreams(100));
}

class SameListTest : public GrpclbTest {
 protected:
  // Connects by a balancer that tells of `traffic`, to be followed to A, and is
  // gone then. Returns where it was.
  support::TestServerOptions ConnectThenLose(
      const std::vector<TrafficShare>& traffic) {
    PlainBalancer balancer(traffic);
    support::TestServer balancer_server(&balancer);
    StartDns(balancer_server.address());
    Connect();
    EXPECT_TRUE(CallUntil(a_address_));
    return At(balancer_server.address());
  }
};

// Why Balancer tags its tokens: to the client a list that is the same as its
// last one is no news. First, it goes on counting for the stream that is over.
TEST_F(SameListTest, TheSameListAgainGetsNoReports) {
  const std::vector<TrafficShare> traffic = {{a_address_, 1, "a"}};
  const support::TestServerOptions where_it_was = ConnectThenLose(traffic);

  PlainBalancer after(traffic);
  support::TestServer balancer_server(&after, where_it_was);
  // If the list were news, the calls between it and the report would be in it.
  const absl::Time give_up = absl::Now() + kPatience;
  bool reported = false;
  while (!reported && absl::Now() < give_up) {
    ASSERT_TRUE(Call().status.ok());
    reported = after.WaitForReport(absl::Milliseconds(50));
  }

  EXPECT_TRUE(reported);
  EXPECT_EQ(after.started(), 0);
}

// Second, it stays with the resolver's addresses.
TEST_F(SameListTest, TheSameListAgainDoesNotEndTheFallback) {
  const std::vector<TrafficShare> traffic = {{a_address_, 1, "a"}};
  const support::TestServerOptions where_it_was = ConnectThenLose(traffic);
  a_.reset();
  ASSERT_TRUE(CallUntil(fallback_.address()));

  a_ = std::make_unique<support::TestServer>(&backend_a_, At(a_address_));
  PlainBalancer after(traffic);
  support::TestServer balancer_server(&after, where_it_was);
  // Now the client has the list.
  ASSERT_TRUE(after.WaitForReport());

  EXPECT_THAT(Count(20), ElementsAre(Pair(fallback_.address(), 20)));
}

}  // namespace
}  // namespace movies
