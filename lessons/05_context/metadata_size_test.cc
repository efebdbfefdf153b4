// A demonstration: there is a limit to the size of metadata, set by whoever
// receives it. A call over it fails at once, with a status. gRPC C++ 1.51 takes
// it for an error of the connection, and closes that.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"

namespace movies {
namespace {

using Script = std::function<grpc::Status(grpc::ServerContext*)>;

constexpr int kDefault = 0;
constexpr int kRaised = 64 * 1024;

// What a call over a limit ends with. The second if the end of the connection
// is the first that the client hears.
bool OverLimit(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         status.error_code() == grpc::StatusCode::UNAVAILABLE;
}

grpc::Status Ok(grpc::ServerContext*) { return grpc::Status::OK; }

class ScriptedService : public v1::MoviesService::Service {
 public:
  explicit ScriptedService(Script script) : script_(std::move(script)) {}

  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    ++calls;
    return script_(context);
  }

  std::atomic<int> calls{0};

 private:
  const Script script_;
};

// A server and a channel, each with its limit for what it receives.
class Pair {
 public:
  Pair(int server_limit, int client_limit, Script script)
      : service_(std::move(script)) {
    support::TestServerOptions options;
    options.configure = [server_limit](grpc::ServerBuilder& builder) {
      if (server_limit == kDefault) return;
      builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, server_limit);
    };
    server_ = std::make_unique<support::TestServer>(&service_, options);
    grpc::ChannelArguments args;
    if (client_limit != kDefault) {
      args.SetInt(GRPC_ARG_MAX_METADATA_SIZE, client_limit);
    }
    stub_ = v1::MoviesService::NewStub(server_->NewChannel(args));
  }

  // Calls with so many bytes of metadata. The deadline is there to show that
  // the call fails for another reason, and before it.
  grpc::Status Call(int bytes) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    if (bytes > 0) context.AddMetadata("x-big", std::string(bytes, 'x'));
    v1::Movie movie;
    return stub_->GetMovie(&context, v1::MovieID(), &movie);
  }

  int calls() const { return service_.calls; }

 private:
  ScriptedService service_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST(MetadataSizeTest, TheServerLimitsWhatClientsSend) {
  // By default to 8 kB: all of a call's headers together, gRPC's own included,
  // and 32 bytes more for each.
  Pair pair(kDefault, kDefault, Ok);
  EXPECT_TRUE(pair.Call(7'000).ok());
  EXPECT_EQ(pair.calls(), 1);
  EXPECT_TRUE(OverLimit(pair.Call(8'192)));
  EXPECT_EQ(pair.calls(), 1) << "The handler never ran.";
  // The channel connects again, and is as good as before. A call that is made
  // meanwhile may fail with the old connection.
  const absl::Time end = absl::Now() + absl::Seconds(10);
  grpc::Status status;
  do {
    status = pair.Call(7'000);
  } while (!status.ok() && absl::Now() < end);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(MetadataSizeTest, OnlyTheReceiversLimitCounts) {
  Pair raised_at_the_sender(kDefault, kRaised, Ok);
  EXPECT_TRUE(OverLimit(raised_at_the_sender.Call(20'000)));
  Pair raised_at_the_receiver(kRaised, kDefault, Ok);
  EXPECT_TRUE(raised_at_the_receiver.Call(20'000).ok());
  EXPECT_TRUE(OverLimit(raised_at_the_receiver.Call(kRaised)))
      << "A raised limit is a limit.";
}

TEST(MetadataSizeTest, TheClientLimitsWhatServersSend) {
  const std::string big(20'000, 'x');
  const Script scripts[] = {
      [&big](grpc::ServerContext* context) {
        context->AddInitialMetadata("x-big", big);
        return grpc::Status::OK;
      },
      [&big](grpc::ServerContext* context) {
        context->AddTrailingMetadata("x-big", big);
        return grpc::Status::OK;
      },
      // A status travels as trailing metadata, and with it its message and its
      // details: one that says too much says nothing.
      [&big](grpc::ServerContext*) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, big);
      },
      [&big](grpc::ServerContext*) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, "short", big);
      },
  };
  for (const Script& script : scripts) {
    Pair small(kRaised, kDefault, script);
    EXPECT_EQ(small.Call(0).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(small.calls(), 1) << "The handler ran, and its work was lost.";
    Pair large(kDefault, kRaised, script);
    EXPECT_FALSE(OverLimit(large.Call(0)));
  }
}

// Waits with its answer if the client asks it to, until it is cancelled, and
// answers with too much if the client asks for that.
class InnocentService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    if (context->client_metadata().count("x-big-answer") > 0) {
      context->AddTrailingMetadata("x-big", std::string(20'000, 'x'));
    }
    if (context->client_metadata().count("x-wait") > 0) {
      waiting.Notify();
      const absl::Time end = absl::Now() + absl::Seconds(10);
      while (!context->IsCancelled() && absl::Now() < end) {
        absl::SleepFor(absl::Milliseconds(1));  // There is no event for it.
      }
    }
    return grpc::Status::OK;
  }

  absl::Notification waiting;
};

class ConnectionTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ConnectionTest, ACallOverTheLimitEndsAllOthersOfItsConnection) {
  InnocentService service;
  support::TestServer server(&service);
  auto proxy = support::TcpProxy::Start(server.address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  auto stub =
      v1::MoviesService::NewStub(support::LoopbackChannel((*proxy)->address()));

  grpc::ClientContext innocent;
  innocent.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  innocent.AddMetadata("x-wait", "");
  v1::MovieID request;
  v1::Movie innocent_movie;
  grpc::Status innocent_status;
  absl::Notification innocent_done;
  stub->async()->GetMovie(&innocent, &request, &innocent_movie,
                          [&](grpc::Status status) {
                            innocent_status = std::move(status);
                            innocent_done.Notify();
                          });
  service.waiting.WaitForNotification();

  grpc::ClientContext guilty;
  guilty.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  guilty.AddMetadata(
      GetParam(),
      std::string(GetParam() == std::string("x-big") ? 20'000 : 0, 'x'));
  v1::Movie movie;
  EXPECT_TRUE(OverLimit(stub->GetMovie(&guilty, request, &movie)));

  innocent_done.WaitForNotification();
  EXPECT_TRUE(OverLimit(innocent_status)) << innocent_status.error_code();
  EXPECT_EQ((*proxy)->accepted_connections(), 1);

  // A call that is made meanwhile may fail with the old connection.
  const absl::Time end = absl::Now() + absl::Seconds(10);
  grpc::Status status;
  do {
    grpc::ClientContext next;
    next.set_deadline(absl::ToChronoTime(end));
    next.set_wait_for_ready(true);
    status = stub->GetMovie(&next, request, &movie);
  } while (!status.ok() && absl::Now() < end);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ((*proxy)->accepted_connections(), 2);
}

// The server's limit, and the client's.
INSTANTIATE_TEST_SUITE_P(Both, ConnectionTest,
                         ::testing::Values("x-big", "x-big-answer"));

}  // namespace
}  // namespace movies
