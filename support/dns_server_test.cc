#include "support/dns_server.h"

#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace support {
namespace {

using ::movies::v1::MoviesService;
using ::testing::HasSubstr;

class DnsServerTest : public testing::Test {
 protected:
  // Calls the server of this test, its name looked up in `dns`.
  grpc::Status CallByName(const DnsServer& dns, const std::string& name) {
    const std::string port =
        server_.address().substr(server_.address().rfind(':'));
    auto stub = MoviesService::NewStub(LoopbackChannel(
        absl::StrCat("dns://", dns.address(), "/", name, port)));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    movies::v1::MovieID request;
    movies::v1::Movie response;
    return stub->GetMovie(&context, request, &response);
  }

  movies::MovieStore store_;
  movies::CatalogueService service_{&store_};
  TestServer server_{&service_};
};

TEST_F(DnsServerTest, AnswersFromItsRecords) {
  absl::StatusOr<std::unique_ptr<DnsServer>> dns =
      DnsServer::Start({"host-record=movies.test,127.0.0.1"});
  ASSERT_TRUE(dns.ok()) << dns.status();

  // The server's own answer to an empty request.
  EXPECT_EQ(CallByName(**dns, "movies.test").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DnsServerTest, SaysOfOtherNamesThatThereAreNone) {
  absl::StatusOr<std::unique_ptr<DnsServer>> dns =
      DnsServer::Start({"host-record=movies.test,127.0.0.1"});
  ASSERT_TRUE(dns.ok()) << dns.status();

  grpc::Status status = CallByName(**dns, "books.test");

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("Domain name not found"));
}

TEST_F(DnsServerTest, RestartsWhereItWasWithOtherRecords) {
  absl::StatusOr<std::unique_ptr<DnsServer>> dns =
      DnsServer::Start({"host-record=movies.test,127.0.0.1"});
  ASSERT_TRUE(dns.ok()) << dns.status();
  const std::string address = (*dns)->address();

  absl::Status status = (*dns)->Restart({"host-record=cinema.test,127.0.0.1"});

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ((*dns)->address(), address);
  EXPECT_EQ(CallByName(**dns, "cinema.test").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DnsServerTest, SaysWhichRecordIsNone) {
  absl::StatusOr<std::unique_ptr<DnsServer>> dns =
      DnsServer::Start({"host-record=movies.test"});

  EXPECT_EQ(dns.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(dns.status().message(), HasSubstr("Bad host-record"));
}

}  // namespace
}  // namespace support
