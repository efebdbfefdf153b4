// The AuthContext that an auth metadata processor gets belongs to the
// connection. It is no place for who makes a call.

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

// Believes whatever `user` says, and puts it where one would look for it.
class TrustingProcessor final : public grpc::AuthMetadataProcessor {
 public:
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& auth_metadata,
                       grpc::AuthContext* context,
                       OutputMetadata* consumed_auth_metadata,
                       OutputMetadata*) override {
    const auto user = auth_metadata.find("user");
    if (user == auth_metadata.end()) return grpc::Status::OK;
    const std::string name(user->second.data(), user->second.size());
    context->AddProperty("user", name);
    context->SetPeerIdentityPropertyName("user");
    consumed_auth_metadata->emplace("user", name);
    return grpc::Status::OK;
  }
};

// Answers with the peer's identity.
class WhoAmIService final : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie* response) override {
    std::vector<std::string> names;
    for (const grpc::string_ref& name :
         context->auth_context()->GetPeerIdentity()) {
      names.emplace_back(name.data(), name.size());
    }
    response->set_movie_name(absl::StrJoin(names, ", "));
    response->set_movie_description(
        context->client_metadata().count("user") == 0 ? "consumed" : "there");
    return grpc::Status::OK;
  }
};

v1::Movie CallAs(v1::MoviesService::Stub& stub, const std::string& user) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  if (!user.empty()) context.AddMetadata("user", user);
  v1::Movie response;
  const grpc::Status status = stub.GetMovie(&context, v1::MovieID(), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

class AuthContextTest : public ::testing::Test {
 protected:
  AuthContextTest() {
    support::TestServerOptions options;
    options.credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
    options.credentials->SetAuthMetadataProcessor(
        std::make_shared<TrustingProcessor>());
    server_ = std::make_unique<support::TestServer>(&service_, options);
  }

  std::unique_ptr<v1::MoviesService::Stub> NewConnection() {
    support::LoopbackOptions options;
    options.credentials = grpc::experimental::LocalCredentials(LOCAL_TCP);
    return v1::MoviesService::NewStub(server_->NewChannel(std::move(options)));
  }

 private:
  WhoAmIService service_;
  std::unique_ptr<support::TestServer> server_;
};

TEST_F(AuthContextTest, TheNextCallOfTheConnectionHasTheNameToo) {
  std::unique_ptr<v1::MoviesService::Stub> stub = NewConnection();
  EXPECT_EQ(CallAs(*stub, "alice").movie_name(), "alice");
  EXPECT_EQ(CallAs(*stub, "bob").movie_name(), "alice, bob");
  // One property more with each call, until the connection closes.
  EXPECT_EQ(CallAs(*stub, "bob").movie_name(), "alice, bob, bob");
  // Somebody who did not say a name at all.
  EXPECT_EQ(CallAs(*stub, "").movie_name(), "alice, bob, bob");
}

TEST_F(AuthContextTest, AnotherConnectionHasAnotherContext) {
  EXPECT_EQ(CallAs(*NewConnection(), "alice").movie_name(), "alice");
  EXPECT_EQ(CallAs(*NewConnection(), "bob").movie_name(), "bob");
}

TEST_F(AuthContextTest, WhatIsConsumedTheHandlerDoesNotSee) {
  EXPECT_EQ(CallAs(*NewConnection(), "alice").movie_description(), "consumed");
}

}  // namespace
}  // namespace movies
