// gRPC's own way to attach a token: call credentials, made from a plugin. They
// are no interceptor, and look at the connection before they give the token
// away.

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"
#include "token_source.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Attaches a source's token. It may block: gRPC asks it on another thread.
class TokenPlugin final : public grpc::MetadataCredentialsPlugin {
 public:
  // `source` is not owned and outlives the plugin.
  explicit TokenPlugin(TokenSource* source) : source_(*source) {}

  grpc::Status GetMetadata(
      grpc::string_ref /*service_url*/, grpc::string_ref /*method_name*/,
      const grpc::AuthContext& /*channel_auth_context*/,
      std::multimap<std::string, std::string>* metadata) override {
    absl::StatusOr<std::string> token = source_.Token();
    if (!token.ok()) {
      return grpc::Status(static_cast<grpc::StatusCode>(token.status().code()),
                          std::string(token.status().message()));
    }
    metadata->emplace("authorization", absl::StrCat("Bearer ", *token));
    return grpc::Status::OK;
  }

 private:
  TokenSource& source_;
};

// Remembers what authorization the calls brought.
class ListeningService final : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, value] : context->client_metadata()) {
      if (key == "authorization") {
        heard_.push_back(std::string(value.data(), value.size()));
      }
    }
    return grpc::Status::OK;
  }

  std::vector<std::string> heard() {
    absl::MutexLock lock(&mutex_);
    return heard_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> heard_ ABSL_GUARDED_BY(mutex_);
};

class CallCredentialsTest : public ::testing::Test {
 protected:
  CallCredentialsTest()
      : source_([this]() -> absl::StatusOr<AccessToken> {
          if (!failure_.ok()) return failure_;
          return AccessToken{"token-1", absl::InfiniteFuture()};
        }) {
    support::TestServerOptions options;
    options.credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
    server_ = std::make_unique<support::TestServer>(&service_, options);
  }

  std::unique_ptr<grpc::MetadataCredentialsPlugin> NewPlugin() {
    return std::make_unique<TokenPlugin>(&source_);
  }

  // Calls over a channel that combines these with local credentials, by which
  // nothing is encrypted.
  grpc::Status GetMovie(std::shared_ptr<grpc::CallCredentials> credentials) {
    support::LoopbackOptions options;
    options.credentials = grpc::CompositeChannelCredentials(
        grpc::experimental::LocalCredentials(LOCAL_TCP), credentials);
    auto stub =
        v1::MoviesService::NewStub(server_->NewChannel(std::move(options)));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    v1::Movie movie;
    return stub->GetMovie(&context, v1::MovieID(), &movie);
  }

  absl::Status failure_;
  TokenSource source_;
  ListeningService service_;
  std::unique_ptr<support::TestServer> server_;
};

TEST_F(CallCredentialsTest, AttachATokenToEveryCall) {
  const grpc::Status status =
      GetMovie(grpc::MetadataCredentialsFromPlugin(NewPlugin()));
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(service_.heard(), ElementsAre("Bearer token-1"));
}

// An interceptor would have sent the token for everybody to read.
TEST_F(CallCredentialsTest, GiveNothingAwayOnAnInsecureChannel) {
  support::TestServer server(&service_);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  context.set_credentials(grpc::MetadataCredentialsFromPlugin(NewPlugin()));
  v1::Movie movie;
  const grpc::Status status = stub->GetMovie(&context, v1::MovieID(), &movie);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("security level"));
  EXPECT_THAT(service_.heard(), IsEmpty());
}

TEST_F(CallCredentialsTest, WithoutATokenTheCallFails) {
  failure_ = absl::UnavailableError("nobody there");
  const grpc::Status status =
      GetMovie(grpc::MetadataCredentialsFromPlugin(NewPlugin()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("nobody there"));
  EXPECT_THAT(service_.heard(), IsEmpty());
}

}  // namespace
}  // namespace movies
