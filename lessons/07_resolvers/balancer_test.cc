// The balancer alone, asked by a client that speaks its protocol by hand.
// grpclb_test.cc asks it by gRPC's own.

#include "balancer.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/grpclb/load_balancer.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::grpc::lb::v1::LoadBalancer;
using ::grpc::lb::v1::LoadBalanceRequest;
using ::grpc::lb::v1::LoadBalanceResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kMovies[] = "movies.test:50051";
constexpr absl::Duration kPatience = absl::Seconds(20);

// A client's stream to the balancer. One thread at a time may use it.
class Client {
 public:
  explicit Client(const support::TestServer& server)
      : stub_(LoadBalancer::NewStub(server.NewChannel())) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    stream_ = stub_->BalanceLoad(&context_);
  }

  // A client that is here, that is, has been sent the initial response.
  Client(const support::TestServer& server, const std::string& service)
      : Client(server) {
    Ask(service);
    EXPECT_TRUE(Read().has_initial_response());
  }

  ~Client() {
    context_.TryCancel();
    if (!finished_) stream_->Finish();
  }

  bool Ask(const std::string& service) {
    LoadBalanceRequest request;
    request.mutable_initial_request()->set_name(service);
    return stream_->Write(request);
  }

  bool Report(const grpc::lb::v1::ClientStats& stats) {
    LoadBalanceRequest request;
    *request.mutable_client_stats() = stats;
    return stream_->Write(request);
  }

  // The next response; an empty one if there is none.
  LoadBalanceResponse Read() {
    LoadBalanceResponse response;
    stream_->Read(&response);
    return response;
  }

  // The tokens of the next response, without their tags.
  std::vector<std::string> ReadTokens() {
    std::vector<std::string> tokens;
    const LoadBalanceResponse response = Read();
    for (const auto& server : response.server_list().servers()) {
      const std::string& token = server.load_balance_token();
      tokens.push_back(token.substr(0, token.find('#')));
    }
    return tokens;
  }

  // Says that it needs no more, and reads what is on its way: a status comes
  // after the last message.
  grpc::Status Finish() {
    stream_->WritesDone();
    LoadBalanceResponse response;
    while (stream_->Read(&response)) {
    }
    return WaitForEnd();
  }

  // The call's end, which the balancer decides on.
  grpc::Status WaitForEnd() {
    finished_ = true;
    return stream_->Finish();
  }

  void Cancel() { context_.TryCancel(); }

 private:
  const std::unique_ptr<LoadBalancer::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientReaderWriter<LoadBalanceRequest, LoadBalanceResponse>>
      stream_;
  bool finished_ = false;
};

TrafficShare Server(const std::string& token, int shares = 1) {
  return {"127.0.0.1:50061", shares, token};
}

class BalancerTest : public testing::Test {
 protected:
  void SetTraffic(const std::vector<TrafficShare>& traffic) {
    const absl::Status status = balancer_.SetTraffic(kMovies, traffic);
    ASSERT_TRUE(status.ok()) << status;
  }

  bool WaitForClients(int clients) {
    return balancer_.WaitForReports(
        kMovies,
        [&](const ClientReports& reports) {
          return reports.clients == clients;
        },
        kPatience);
  }

  Balancer balancer_{absl::Milliseconds(1500)};
  support::TestServer server_{&balancer_};
};

TEST_F(BalancerTest, SaysHowOftenToReportAndThenWhomToCall) {
  SetTraffic({Server("a", 2)});
  Client client(server_);
  ASSERT_TRUE(client.Ask(kMovies));

  const LoadBalanceResponse first = client.Read();
  ASSERT_TRUE(first.has_initial_response()) << first.ShortDebugString();
  const auto& interval =
      first.initial_response().client_stats_report_interval();
  EXPECT_EQ(interval.seconds(), 1);
  EXPECT_EQ(interval.nanos(), 500'000'000);
  EXPECT_THAT(client.ReadTokens(), ElementsAre("a", "a"));
  EXPECT_TRUE(client.Finish().ok());
}

TEST_F(BalancerTest, RefusesAServiceThatItDoesNotKnowBeforeAnyResponse) {
  SetTraffic({Server("a")});
  Client client(server_);
  ASSERT_TRUE(client.Ask("books.test:50051"));

  EXPECT_EQ(client.Read().load_balance_response_type_case(),
            LoadBalanceResponse::LOAD_BALANCE_RESPONSE_TYPE_NOT_SET);
  const grpc::Status status = client.WaitForEnd();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("books.test:50051"));
}

TEST_F(BalancerTest, TellsEveryClientOfTheServiceAndNoOther) {
  SetTraffic({Server("old")});
  ASSERT_TRUE(balancer_.SetTraffic("books.test", {Server("book")}).ok());
  Client one(server_, kMovies);
  Client two(server_, kMovies);
  Client reader(server_, "books.test");
  EXPECT_THAT(one.ReadTokens(), ElementsAre("old"));
  EXPECT_THAT(two.ReadTokens(), ElementsAre("old"));
  EXPECT_THAT(reader.ReadTokens(), ElementsAre("book"));

  SetTraffic({Server("new")});

  EXPECT_THAT(one.ReadTokens(), ElementsAre("new"));
  EXPECT_THAT(two.ReadTokens(), ElementsAre("new"));
  ASSERT_TRUE(balancer_.SetTraffic("books.test", {Server("next")}).ok());
  EXPECT_THAT(reader.ReadTokens(), ElementsAre("next"));
}

TEST_F(BalancerTest, RefusedTrafficChangesNothing) {
  SetTraffic({Server("good")});
  for (const TrafficShare& share :
       {TrafficShare{"localhost:1", 1, "a"},
        TrafficShare{"127.0.0.1:1", 1, "\xff"},
        TrafficShare{
            "127.0.0.1:1", 1,
            std::string(kMaxTokenBytes - Balancer::kTagBytes + 1, 'x')}}) {
    EXPECT_EQ(balancer_.SetTraffic(kMovies, {share}).code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(
      balancer_.SetTraffic("books.test", {{"localhost:1", 1, "a"}}).code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(balancer_.Reports("books.test").status().code(),
            absl::StatusCode::kNotFound);

  Client client(server_, kMovies);
  EXPECT_THAT(client.ReadTokens(), ElementsAre("good"));
}

TEST_F(BalancerTest, TheLongestTokenFitsWithItsTag) {
  SetTraffic({Server(std::string(kMaxTokenBytes - Balancer::kTagBytes, 'x'))});
  Client client(server_, kMovies);
  EXPECT_EQ(client.Read().server_list().servers(0).load_balance_token().size(),
            kMaxTokenBytes);
}

TEST_F(BalancerTest, NoTwoStreamsHaveTheSameTokens) {
  SetTraffic({Server("a")});
  Client one(server_, kMovies);
  Client two(server_, kMovies);
  const std::string first =
      one.Read().server_list().servers(0).load_balance_token();
  const std::string second =
      two.Read().server_list().servers(0).load_balance_token();
  EXPECT_THAT(first, StartsWith("a#"));
  EXPECT_THAT(second, StartsWith("a#"));
  EXPECT_NE(first, second);

  // On one stream they stay, or every list would be news.
  SetTraffic({Server("a", 2)});
  EXPECT_EQ(one.Read().server_list().servers(0).load_balance_token(), first);
}

TEST_F(BalancerTest, DrainsAServer) {
  SetTraffic({{"127.0.0.1:1", 1, "a"}, {"127.0.0.1:2", 1, "b"}});
  Client client(server_, kMovies);
  EXPECT_THAT(client.ReadTokens(), ElementsAre("a", "b"));

  EXPECT_TRUE(balancer_.Drain(kMovies, "127.0.0.1:1").ok());

  EXPECT_THAT(client.ReadTokens(), ElementsAre("b"));
}

TEST_F(BalancerTest, DrainsNobodyWhomItDoesNotKnow) {
  SetTraffic({{"127.0.0.1:1", 1, "a"}, {"", 1, "drop"}});
  EXPECT_EQ(balancer_.Drain(kMovies, "127.0.0.1:2").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(balancer_.Drain(kMovies, "").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(balancer_.Drain("books.test", "127.0.0.1:1").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(balancer_.FallBack("books.test").code(),
            absl::StatusCode::kNotFound);
}

TEST_F(BalancerTest, SaysFallBackAndThenAList) {
  SetTraffic({Server("a")});
  Client client(server_, kMovies);
  EXPECT_THAT(client.ReadTokens(), ElementsAre("a"));

  EXPECT_TRUE(balancer_.FallBack(kMovies).ok());
  EXPECT_TRUE(client.Read().has_fallback_response());

  SetTraffic({Server("a")});
  EXPECT_THAT(client.ReadTokens(), ElementsAre("a"));
}

TEST_F(BalancerTest, SumsUpWhatClientsReport) {
  SetTraffic({Server("a"), {"", 1, "drop"}});
  for (int i = 1; i <= 2; ++i) {
    Client client(server_, kMovies);
    const LoadBalanceResponse list = client.Read();
    grpc::lb::v1::ClientStats stats;
    stats.set_num_calls_started(10 * i);
    stats.set_num_calls_finished(9);
    stats.set_num_calls_finished_with_client_failed_to_send(2);
    stats.set_num_calls_finished_known_received(3);
    for (const auto& server : list.server_list().servers()) {
      auto* drop = stats.add_calls_finished_with_drop();
      drop->set_load_balance_token(server.load_balance_token());
      drop->set_num_calls(4);
    }
    auto* made_up = stats.add_calls_finished_with_drop();
    made_up->set_load_balance_token("drop");
    made_up->set_num_calls(1000);
    ASSERT_TRUE(client.Report(stats));
    EXPECT_TRUE(client.Finish().ok());
  }
  ASSERT_TRUE(WaitForClients(0));

  const absl::StatusOr<ClientReports> reports = balancer_.Reports(kMovies);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->started, 30);
  EXPECT_EQ(reports->finished, 18);
  EXPECT_EQ(reports->failed_to_send, 4);
  EXPECT_EQ(reports->known_received, 6);
  // Not "a", which is no drop, nor a token without this stream's tag.
  EXPECT_THAT(reports->dropped, ElementsAre(Pair("drop", 8)));
}

TEST_F(BalancerTest, RefusesWhatIsNoReport) {
  SetTraffic({Server("a")});
  grpc::lb::v1::ClientStats negative;
  negative.set_num_calls_started(-1);
  grpc::lb::v1::ClientStats huge;
  huge.set_num_calls_finished(std::numeric_limits<int64_t>::max());
  Client reports_less_than_nothing(server_, kMovies);
  ASSERT_TRUE(reports_less_than_nothing.Report(negative));
  Client reports_more_than_can_be(server_, kMovies);
  ASSERT_TRUE(reports_more_than_can_be.Report(huge));
  Client asks_twice(server_, kMovies);
  ASSERT_TRUE(asks_twice.Ask(kMovies));
  Client does_not_ask(server_);
  ASSERT_TRUE(does_not_ask.Report({}));

  for (Client* client : {&reports_less_than_nothing, &reports_more_than_can_be,
                         &asks_twice, &does_not_ask}) {
    client->Read();  // The list, if there is one.
    EXPECT_EQ(client->WaitForEnd().error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(BalancerTest, ForgetsAClientThatIsGone) {
  SetTraffic({Server("a")});
  Client stays(server_, kMovies);
  Client goes(server_, kMovies);
  EXPECT_TRUE(WaitForClients(2));

  goes.Cancel();

  EXPECT_EQ(goes.WaitForEnd().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(WaitForClients(1));
}

TEST_F(BalancerTest, AClientThatReadsLateGetsTheLastList) {
  SetTraffic({Server("a")});
  Client client(server_, kMovies);
  for (int i = 0; i < 5000; ++i) SetTraffic({Server(absl::StrCat("a", i))});

  int lists = 1;
  while (client.ReadTokens() != std::vector<std::string>{"a4999"}) {
    ASSERT_LT(++lists, 5001);
  }
}

TEST_F(BalancerTest, ShutdownEndsTheStreamsAndRefusesNewOnes) {
  SetTraffic({Server("a")});
  Client client(server_, kMovies);
  EXPECT_THAT(client.ReadTokens(), ElementsAre("a"));

  balancer_.Shutdown();

  EXPECT_EQ(client.WaitForEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  Client late(server_);
  EXPECT_EQ(late.WaitForEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(WaitForClients(0));
}

TEST_F(BalancerTest, ClientsComeAndGoWhileTrafficChanges) {
  SetTraffic({Server("a")});
  std::atomic<bool> stop{false};
  std::thread operator_thread([&] {
    int shares = 0;
    while (!stop) SetTraffic({Server("a", 1 + ++shares % 3), {"", 1, "drop"}});
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        Client client(server_, kMovies);
        EXPECT_FALSE(client.ReadTokens().empty());
        // Some leave politely, some do not.
        if ((i + j) % 2 == 0) client.Cancel();
        client.Finish();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  operator_thread.join();

  EXPECT_TRUE(WaitForClients(0));
}

}  // namespace
}  // namespace movies
