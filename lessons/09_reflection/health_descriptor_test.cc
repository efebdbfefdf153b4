// A server's health service can be listed and described, if its descriptor is
// linked: //support/health:descriptor.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "ask_reflection.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.pb.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HealthDescriptorTest : public ::testing::Test {
 protected:
  // For every server of the program that is built from now on.
  HealthDescriptorTest() { grpc::EnableDefaultHealthCheckService(true); }
  ~HealthDescriptorTest() override {
    grpc::EnableDefaultHealthCheckService(false);
  }

  // How the server answers when asked for `service`'s health.
  static grpc::StatusCode Check(support::TestServer& server,
                                const std::string& service) {
    grpc::TemplatedGenericStub<grpc::health::v1::HealthCheckRequest,
                               grpc::health::v1::HealthCheckResponse>
        stub(server.NewChannel());
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    grpc::Status status;
    absl::Notification done;
    stub.UnaryCall(&context, "/grpc.health.v1.Health/Check",
                   grpc::StubOptions(), &request, &response,
                   [&](grpc::Status result) {
                     status = std::move(result);
                     done.Notify();
                   });
    done.WaitForNotification();
    return status.error_code();
  }
};

TEST_F(HealthDescriptorTest, IsListedAndDescribed) {
  MovieStore store;
  CatalogueService service(&store);
  support::TestServer server(&service);
  const absl::StatusOr<std::string> list =
      AskReflection(server.NewChannel(), "list_services: ''");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, HasSubstr("grpc.health.v1.Health"));

  const absl::StatusOr<std::string> file = AskReflection(
      server.NewChannel(), "file_containing_symbol: 'grpc.health.v1.Health'");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(*file, HasSubstr("HealthCheckResponse"));
  EXPECT_THAT(*file, Not(HasSubstr("error_response")));
}

TEST_F(HealthDescriptorTest, KnowsTheServerAsAWholeAndNoServiceByName) {
  // Of a service it knows what SetServingStatus() was told.
  MovieStore store;
  CatalogueService service(&store);
  support::TestServer server(&service);
  grpc::HealthCheckServiceInterface* health =
      server.server().GetHealthCheckService();
  ASSERT_NE(health, nullptr);
  EXPECT_EQ(Check(server, ""), grpc::StatusCode::OK);
  EXPECT_EQ(Check(server, "movies.v1.MoviesService"),
            grpc::StatusCode::NOT_FOUND);
  health->SetServingStatus("movies.v1.MoviesService", true);
  EXPECT_EQ(Check(server, "movies.v1.MoviesService"), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace movies
