// What a server tells by reflection, and what it does not.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "ask_reflection.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WhatIsToldTest : public ::testing::Test {
 protected:
  WhatIsToldTest() : service_(&store_) {}

  // The answer, or the status as text if the call failed.
  std::string Ask(const std::string& question) {
    support::TestServer server(&service_);
    const absl::StatusOr<std::string> answer =
        AskReflection(server.NewChannel(), question);
    return answer.ok() ? *answer : answer.status().ToString();
  }

  MovieStore store_;
  CatalogueService service_;
};

TEST_F(WhatIsToldTest, LinkingTheLibraryIsEnough) {
  // Nobody has asked this server to reflect.
  EXPECT_THAT(Ask("list_services: ''"),
              HasSubstr("name: \"movies.v1.MoviesService\""));
}

TEST_F(WhatIsToldTest, ReflectionListsItself) {
  EXPECT_THAT(Ask("list_services: ''"),
              HasSubstr("grpc.reflection.v1alpha.ServerReflection"));
}

TEST_F(WhatIsToldTest, SymbolComesWithItsFileAndWhatThatImports) {
  const std::string answer =
      Ask("file_containing_symbol: 'movies.v1.MoviesService'");
  EXPECT_THAT(answer, HasSubstr("movies/v1/movies.proto"));
  EXPECT_THAT(answer, HasSubstr("google/api/annotations.proto"));
  EXPECT_THAT(answer, HasSubstr("google/api/http.proto"));
}

TEST_F(WhatIsToldTest, SymbolsOfServicesItDoesNotServeAreToldToo) {
  // All that is linked: the descriptors of the whole program, messages that no
  // method takes among them.
  EXPECT_THAT(Ask("file_containing_symbol: 'movies.v1.Catalogue'"),
              HasSubstr("movies/v1/movies.proto"));
  EXPECT_THAT(
      Ask("file_containing_symbol: 'google.protobuf.FileDescriptorSet'"),
      HasSubstr("google/protobuf/descriptor.proto"));
}

TEST_F(WhatIsToldTest, CommentsAreNotTold) {
  // protoc leaves them out of generated code, so the server has not got them.
  const google::protobuf::ServiceDescriptor* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          "movies.v1.MoviesService");
  ASSERT_NE(service, nullptr);
  google::protobuf::SourceLocation location;
  EXPECT_FALSE(service->GetSourceLocation(&location));
  EXPECT_THAT(Ask("file_containing_symbol: 'movies.v1.MoviesService'"),
              Not(HasSubstr("Returns one movie")));
}

TEST_F(WhatIsToldTest, UnknownSymbolIsAnAnswerAndNotAFailedCall) {
  const std::string answer = Ask("file_containing_symbol: 'movies.v9.Nothing'");
  EXPECT_THAT(answer, HasSubstr("error_response"));
  EXPECT_THAT(answer, HasSubstr("error_code: 5"));  // NOT_FOUND
}

// Knows nobody.
class NobodyProcessor final : public grpc::AuthMetadataProcessor {
 public:
  grpc::Status Process(const InputMetadata&, grpc::AuthContext*,
                       OutputMetadata*, OutputMetadata*) override {
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "who are you?");
  }
};

TEST_F(WhatIsToldTest, WhoeverMayNotCallMayNotAsk) {
  support::TestServerOptions options;
  options.credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  options.credentials->SetAuthMetadataProcessor(
      std::make_shared<NobodyProcessor>());
  support::TestServer server(&service_, options);
  support::LoopbackOptions client;
  client.credentials = grpc::experimental::LocalCredentials(LOCAL_TCP);
  const absl::StatusOr<std::string> answer =
      AskReflection(server.NewChannel(std::move(client)), "list_services: ''");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnauthenticated)
      << answer.status();
}

TEST_F(WhatIsToldTest, HealthIsListedWithoutBeingDescribed) {
  // This test does not link //support/health:descriptor; see
  // health_descriptor_test.cc.
  grpc::EnableDefaultHealthCheckService(true);
  EXPECT_THAT(Ask("list_services: ''"), HasSubstr("grpc.health.v1.Health"));
  EXPECT_THAT(Ask("file_containing_symbol: 'grpc.health.v1.Health'"),
              HasSubstr("error_response"));
  grpc::EnableDefaultHealthCheckService(false);
}

}  // namespace
}  // namespace movies
