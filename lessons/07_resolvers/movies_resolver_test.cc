#include "movies_resolver.h"

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "backend_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/resolver.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
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
    const absl::Status status =
        support::RegisterResolver(std::make_shared<MoviesResolverBuilder>(
            MoviesResolverBuilder::Shelves{{"drama", {drama.address()}},
                                           {"horror", {horror.address()}},
                                           {"war 1", {horror.address()}},
                                           {"silent", {}}}));
    ASSERT_TRUE(status.ok()) << status;
    for (const support::UnservedPort* port : {&drama, &horror}) {
      grpc::ServerBuilder builder;
      builder.AddListeningPort(port->address(),
                               grpc::InsecureServerCredentials());
      builder.RegisterService(&service_);
      servers_.push_back(builder.BuildAndStart());
      ASSERT_NE(servers_.back(), nullptr) << port->address();
    }
  }

  void TearDown() override { servers_.clear(); }

  // Where the servers are. The ports are theirs before they run, so that the
  // builder can be registered with them.
  const support::UnservedPort drama;
  const support::UnservedPort horror;

 private:
  MovieStore store_;
  CatalogueService service_{&store_};
  std::vector<std::unique_ptr<grpc::Server>> servers_;
};

World& world =
    static_cast<World&>(*::testing::AddGlobalTestEnvironment(new World));

// Makes a call on a new channel.
Answer Ask(const std::string& target, bool wait_for_ready = false) {
  CallOptions options;
  options.timeout = Patience();
  options.wait_for_ready = wait_for_ready;
  return CallBackend(
      *v1::MoviesService::NewStub(support::LoopbackChannel(target)), options);
}

void ExpectRefused(const std::string& target, const std::string& quoted,
                   absl::string_view why) {
  const grpc::Status status = Ask(target).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "A call on a channel to \"" << target << "\" is to fail: " << why
      << ". It ended with " << Text(status);
  if (status.error_code() != grpc::StatusCode::INVALID_ARGUMENT) return;
  const std::size_t suffix =
      status.error_message().find("; a target is movies:///SHELF");
  EXPECT_NE(suffix, std::string::npos)
      << "The message for \"" << target
      << "\" is to say what a target looks like; Refuse() does. It is: "
      << status.error_message();
  // What follows is the same for all, and names shelves too.
  EXPECT_THAT(status.error_message().substr(0, suffix), HasSubstr(quoted))
      << "The message for \"" << target << "\" is to quote what is wrong.";
}

void ExpectServed(const std::string& target,
                  const support::UnservedPort& server) {
  const Answer answer = Ask(target);
  ASSERT_TRUE(answer.status.ok())
      << "\"" << target << "\" names a shelf that exists, and nothing else. "
      << "It is no bad target, but: " << answer.status.error_message();
  EXPECT_EQ(answer.backend, PeerOf(server.address()))
      << "\"" << target << "\" leads to the server of another shelf.";
}

TEST(MoviesResolverTest, AShelfLeadsToItsServers) {
  ExpectServed("movies:///drama", world.drama);
  ExpectServed("movies:///horror", world.horror);
}

TEST(MoviesResolverTest, ATargetNeedsNoSlashes) {
  // Without an authority, "//" may be left out, and so may the root.
  ExpectServed("movies:/drama", world.drama);
  ExpectServed("movies:drama", world.drama);
}

TEST(MoviesResolverTest, WhatGrpcHasDecodedIsTheName) {
  ExpectServed("movies:///dr%61ma", world.drama);
  ExpectServed("movies:///war%201", world.horror);
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
  ExpectRefused("movies://localhost/drama", "localhost",
                "no host is asked for the shelf, this one neither");
}

TEST(MoviesResolverTest, TwoSlashesMakeTheShelfAHost) {
  ExpectRefused("movies://drama", "drama",
                "the slash is missing before the path, so that \"drama\" is "
                "the authority, and there is no shelf");
}

TEST(MoviesResolverTest, ATargetWithoutAShelfIsRefused) {
  for (const char* target : {"movies:///", "movies:"}) {
    ExpectRefused(target, "", "it names no shelf");
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
  ExpectRefused("movies:///drama?region", "region",
                "a key without a value is a query, too");
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
