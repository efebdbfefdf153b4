#include "movies_resolver.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/resolver.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::HasSubstr;

// The servers of two shelves, and the scheme, which is registered once and
// before the first server.
class World : public ::testing::Environment {
 public:
  void SetUp() override {
    // The servers' ports are known only when they run, and then it is too late
    // to register a resolver: so these wait behind names of their own.
    const absl::Status status = support::RegisterResolver(builder_);
    ASSERT_TRUE(status.ok()) << status;
    for (auto* server : {&drama, &horror}) {
      *server = std::make_unique<support::TestServer>(&service_);
    }
    builder_->Serve({{"drama", {drama->address()}},
                     {"horror", {horror->address()}},
                     {"war 1", {horror->address()}},
                     {"silent", {}}});
  }

  void TearDown() override {
    drama = nullptr;
    horror = nullptr;
  }

  std::unique_ptr<support::TestServer> drama;
  std::unique_ptr<support::TestServer> horror;

 private:
  // Registered early, hands everything on to the builder that is tested.
  class LateBuilder : public support::ResolverBuilder {
   public:
    void Serve(MoviesResolverBuilder::Shelves shelves) {
      builder_ = std::make_unique<MoviesResolverBuilder>(std::move(shelves));
    }
    std::string Scheme() const override { return "movies"; }
    absl::Status CheckTarget(
        const support::ResolverTarget& target) const override {
      return builder_->CheckTarget(target);
    }
    absl::StatusOr<std::unique_ptr<support::Resolver>> Build(
        const support::ResolverTarget& target,
        std::shared_ptr<support::ClientConnection> connection) override {
      return builder_->Build(target, std::move(connection));
    }

   private:
    std::unique_ptr<MoviesResolverBuilder> builder_;
  };

  MovieStore store_;
  CatalogueService service_{&store_};
  const std::shared_ptr<LateBuilder> builder_ = std::make_shared<LateBuilder>();
};

World& world =
    static_cast<World&>(*::testing::AddGlobalTestEnvironment(new World));

// How a call on a new channel ended.
struct Answer {
  grpc::Status status;
  std::string peer;
};

Answer Ask(const std::string& target, bool wait_for_ready = false) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  context.set_wait_for_ready(wait_for_ready);
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  const auto stub =
      v1::MoviesService::NewStub(support::LoopbackChannel(target));
  Answer answer;
  answer.status = stub->GetMovie(&context, request, &movie);
  answer.peer = context.peer();
  return answer;
}

void ExpectRefused(const std::string& target, const std::string& quoted,
                   absl::string_view why) {
  const grpc::Status status = Ask(target).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "A call on a channel to \"" << target << "\" is to fail: " << why
      << ". It said: " << status.error_message();
  // What follows is the same for all, and names shelves too.
  const std::string fault =
      status.error_message().substr(0, status.error_message().find(';'));
  EXPECT_THAT(fault, HasSubstr(quoted))
      << "The message for \"" << target << "\" is to quote what is wrong.";
  EXPECT_THAT(status.error_message(), HasSubstr("movies:///SHELF"))
      << "The message for \"" << target
      << "\" is to say what a target looks like; Refuse() does.";
}

void ExpectServed(const std::string& target,
                  const support::TestServer& server) {
  const Answer answer = Ask(target);
  EXPECT_TRUE(answer.status.ok())
      << "\"" << target << "\" names a shelf that exists, and nothing else. "
      << "It is no bad target, but: " << answer.status.error_message();
  EXPECT_EQ(answer.peer, absl::StrCat("ipv4:", server.address()))
      << "\"" << target << "\" leads to the server of another shelf.";
}

TEST(MoviesResolverTest, AShelfLeadsToItsServers) {
  ExpectServed("movies:///drama", *world.drama);
  ExpectServed("movies:///horror", *world.horror);
}

TEST(MoviesResolverTest, ATargetNeedsNoSlashes) {
  // Without an authority, "//" may be left out, and so may the root.
  ExpectServed("movies:/drama", *world.drama);
  ExpectServed("movies:drama", *world.drama);
}

TEST(MoviesResolverTest, WhatGrpcHasDecodedIsTheName) {
  ExpectServed("movies:///dr%61ma", *world.drama);
  ExpectServed("movies:///war%201", *world.horror);
}

TEST(MoviesResolverTest, AShelfWithoutServersIsNoBadTarget) {
  const grpc::Status status = Ask("movies:///silent").status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "\"silent\" is a known shelf that has no server at the moment. The "
         "target is right; CheckTarget() is not the place to look for servers. "
         "It said: "
      << status.error_message();
}

TEST(MoviesResolverTest, AHostIsRefused) {
  ExpectRefused("movies://tokyo/drama", "tokyo",
                "there is nobody at \"tokyo\" who is asked for the shelf");
}

TEST(MoviesResolverTest, TwoSlashesMakeTheShelfAHost) {
  ExpectRefused("movies://drama", "drama",
                "the slash is missing before the path, so that \"drama\" is "
                "the authority, and there is no shelf");
}

TEST(MoviesResolverTest, ATargetWithoutAShelfIsRefused) {
  for (const char* target : {"movies:///", "movies:"}) {
    ExpectRefused(target, "shelf", "which shelf?");
  }
}

TEST(MoviesResolverTest, MoreThanOneSegmentIsRefused) {
  ExpectRefused("movies:///drama/latest", "drama/latest",
                "a shelf is one segment of the path; nobody looks at the rest");
  ExpectRefused("movies:drama/latest", "drama/latest", "as with three slashes");
}

TEST(MoviesResolverTest, ASlashTooMuchIsRefused) {
  ExpectRefused("movies:///drama/", "drama/", "a slash stands at the end");
  ExpectRefused("movies:////drama", "/drama", "there are four slashes");
}

TEST(MoviesResolverTest, ASlashInDisguiseIsRefused) {
  ExpectRefused("movies:///drama%2Flatest", "drama/latest",
                "gRPC has decoded the %2F: it is a slash in the path");
}

TEST(MoviesResolverTest, AQueryIsRefused) {
  ExpectRefused("movies:///drama?region=eu", "region",
                "whoever wrote the query will believe that it has an effect");
}

TEST(MoviesResolverTest, AFragmentIsRefused) {
  ExpectRefused("movies:///drama#latest", "latest",
                "whoever wrote the fragment will believe that it has an "
                "effect");
}

TEST(MoviesResolverTest, AnUnknownShelfIsRefused) {
  ExpectRefused("movies:///western", "western", "there is no such shelf");
  EXPECT_THAT(Ask("movies:///western").status.error_message(),
              HasSubstr("drama, horror"))
      << "The message is to say which shelves there are.";
}

TEST(MoviesResolverTest, LetterCaseMatters) {
  ExpectRefused("movies:///Drama", "Drama",
                "the shelf is called \"drama\"; paths differ by letter case");
}

TEST(MoviesResolverTest, APrefixIsAnotherName) {
  ExpectRefused("movies:///dram", "dram", "there is no such shelf");
  ExpectRefused("movies:///drama2", "drama2", "there is no such shelf");
}

TEST(MoviesResolverTest, WaitingForReadyDoesNotHelp) {
  EXPECT_EQ(
      Ask("movies:///western", /*wait_for_ready=*/true).status.error_code(),
      grpc::StatusCode::INVALID_ARGUMENT)
      << "The call waits for a channel that becomes ready. A channel whose "
         "target is refused when it is created never does, and says so at "
         "once; one whose resolver finds nothing lets the call wait.";
}

}  // namespace
}  // namespace movies
