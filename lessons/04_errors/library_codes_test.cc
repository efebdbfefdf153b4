// A demonstration: the codes that gRPC makes up itself. A client that gets one
// of them cannot be sure that a handler has chosen it.

#include <grpc/grpc.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/tcp_proxy.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kThrows = 1;
constexpr int kWaits = 2;
constexpr int kLargeAnswer = 3;

// What GetMovie does depends on the ID.
class OddService final : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext*, const v1::MovieID* request,
                        v1::Movie* response) override {
    switch (request->mid()) {
      case kThrows:
        throw std::runtime_error("the database password is swordfish");
      case kWaits:
        called.Notify();
        release.WaitForNotificationWithTimeout(absl::Seconds(10));
        done.Notify();
        return grpc::Status::OK;
      case kLargeAnswer:
        response->set_movie_description(std::string(5000, 'x'));
        return grpc::Status::OK;
      default:
        return grpc::Status::OK;
    }
  }

  absl::Notification called;
  absl::Notification release;
  absl::Notification done;
};

class LibraryCodesTest : public ::testing::Test {
 protected:
  LibraryCodesTest() {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  }

  grpc::Status GetMovie(int mid, grpc::ChannelArguments args = {}) {
    v1::MovieID request;
    request.set_mid(mid);
    v1::Movie movie;
    return v1::MoviesService::NewStub(server_.NewChannel(std::move(args)))
        ->GetMovie(&context_, request, &movie);
  }

  OddService service_;
  support::TestServer server_{&service_};
  grpc::ClientContext context_;
};

TEST_F(LibraryCodesTest, AnExceptionBecomesUnknown) {
  const grpc::Status status = GetMovie(kThrows);
  EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN);
  // What the exception says stays on the server.
  EXPECT_THAT(status.error_message(), Not(HasSubstr("swordfish")));
}

TEST_F(LibraryCodesTest, ACancelledCallIsCancelled) {
  std::future<grpc::Status> call =
      std::async(std::launch::async, [this] { return GetMovie(kWaits); });
  ASSERT_TRUE(
      service_.called.WaitForNotificationWithTimeout(absl::Seconds(10)));
  context_.TryCancel();
  EXPECT_EQ(call.get().error_code(), StatusCode::CANCELLED);
  service_.release.Notify();
}

TEST_F(LibraryCodesTest, ALateAnswerIsDeadlineExceeded) {
  context_.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::Milliseconds(200)));
  EXPECT_EQ(GetMovie(kWaits).error_code(), StatusCode::DEADLINE_EXCEEDED);
  service_.release.Notify();
}

TEST_F(LibraryCodesTest, AnAnswerThatIsTooLargeIsResourceExhausted) {
  // The handler was done, and well. A client takes 4 MB by default, this one
  // less.
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(1000);
  EXPECT_EQ(GetMovie(kLargeAnswer, args).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LibraryCodesTest, AMethodThatIsNotThereIsUnimplemented) {
  v1::MovieRating rating;
  v1::MovieScore score;
  // OddService leaves it to the generated base class.
  EXPECT_EQ(v1::MoviesService::NewStub(server_.NewChannel())
                ->RateMovie(&context_, rating, &score)
                .error_code(),
            StatusCode::UNIMPLEMENTED);
}

TEST_F(LibraryCodesTest, NobodyThereIsUnavailable) {
  support::UnservedPort port;
  v1::Movie movie;
  EXPECT_EQ(v1::MoviesService::NewStub(support::LoopbackChannel(port.address()))
                ->GetMovie(&context_, v1::MovieID(), &movie)
                .error_code(),
            StatusCode::UNAVAILABLE);
}

TEST_F(LibraryCodesTest, ABrokenConnectionIsUnavailableAndTheWorkIsDoneAnyway) {
  absl::StatusOr<std::unique_ptr<support::TcpProxy>> proxy =
      support::TcpProxy::Start(server_.address());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  auto stub =
      v1::MoviesService::NewStub(support::LoopbackChannel((*proxy)->address()));
  std::future<grpc::Status> call = std::async(std::launch::async, [&] {
    v1::MovieID request;
    request.set_mid(kWaits);
    v1::Movie movie;
    return stub->GetMovie(&context_, request, &movie);
  });
  ASSERT_TRUE(
      service_.called.WaitForNotificationWithTimeout(absl::Seconds(10)));
  (*proxy)->DropConnections();
  EXPECT_EQ(call.get().error_code(), StatusCode::UNAVAILABLE);
  // The handler knows nothing of it, and finishes.
  service_.release.Notify();
  EXPECT_TRUE(service_.done.WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_F(LibraryCodesTest, ARequestThatDoesNotParseIsInternal) {
  // Bytes that are no MovieID, sent by a stub that does not care.
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(
      server_.NewChannel());
  const grpc::Slice garbage("\xff\xff\xff");
  const grpc::ByteBuffer request(&garbage, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context_, "/movies.v1.MoviesService/GetMovie",
                 grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(status); });
  EXPECT_EQ(done.get_future().get().error_code(), StatusCode::INTERNAL);
}

// GetMovie answers OK with bytes that are no Movie.
class GarbledService final
    : public v1::MoviesService::WithRawCallbackMethod_GetMovie<
          v1::MoviesService::Service> {
 public:
  grpc::ServerUnaryReactor* GetMovie(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer*,
                                     grpc::ByteBuffer* response) override {
    const grpc::Slice garbage("\xff\xff\xff");
    *response = grpc::ByteBuffer(&garbage, 1);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

TEST_F(LibraryCodesTest, AResponseThatDoesNotParseIsUnimplemented) {
  // The server has the method, and has done the work: the code only looks as if
  // it had not.
  GarbledService service;
  support::TestServer server(&service);
  v1::Movie movie;
  const grpc::Status status = v1::MoviesService::NewStub(server.NewChannel())
                                  ->GetMovie(&context_, v1::MovieID(), &movie);
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(status.error_message(), "No message returned for unary request");
}

TEST_F(LibraryCodesTest,
       CredentialsThatTheChannelIsTooOpenForAreUnauthenticated) {
  // A token does not go out over a connection that anybody can read. The call
  // ends in the client.
  context_.set_credentials(grpc::AccessTokenCredentials("a token"));
  EXPECT_EQ(GetMovie(0).error_code(), StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace movies
