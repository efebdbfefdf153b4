// A demonstration: there is a limit to the size of metadata, set by whoever
// receives it. A call over it fails with RESOURCE_EXHAUSTED, at once.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using Script = std::function<grpc::Status(grpc::ServerContext*)>;

constexpr int kDefault = 0;
constexpr int kRaised = 64 * 1024;

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
  EXPECT_EQ(pair.Call(8'192).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(pair.calls(), 1) << "The handler never ran.";
  EXPECT_TRUE(pair.Call(7'000).ok()) << "The connection is as good as before.";
}

TEST(MetadataSizeTest, OnlyTheReceiversLimitCounts) {
  Pair raised_at_the_sender(kDefault, kRaised, Ok);
  EXPECT_EQ(raised_at_the_sender.Call(20'000).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  Pair raised_at_the_receiver(kRaised, kDefault, Ok);
  EXPECT_TRUE(raised_at_the_receiver.Call(20'000).ok());
  EXPECT_EQ(raised_at_the_receiver.Call(kRaised).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED)
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
    EXPECT_NE(large.Call(0).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
}

}  // namespace
}  // namespace movies
