// A server's health service can be listed and described, if its descriptor is
// linked: //support/health:descriptor.

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <string>

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

class HealthDescriptorTest : public ::testing::Test {
 protected:
  // For every server of the program that is built from now on.
  HealthDescriptorTest() { grpc::EnableDefaultHealthCheckService(true); }
  ~HealthDescriptorTest() override {
    grpc::EnableDefaultHealthCheckService(false);
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

}  // namespace
}  // namespace movies
