#include "call_metadata.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/unserved_port.h"

namespace movies {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

// Answers GetMovie as the test says, and keeps the metadata that came with it.
class ListeningService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie* response) override {
    metadata = CopyMetadata(context->client_metadata());
    ++calls;
    response->set_movie_name("Metropolis (1927)");
    return script(context);
  }

  std::function<grpc::Status(grpc::ServerContext*)> script =
      [](grpc::ServerContext*) { return grpc::Status::OK; };
  int calls = 0;
  Metadata metadata;
};

// Stands between the code under test and gRPC, and keeps illegal metadata from
// gRPC, which would end the test program. What it caught is in `caught`.
class Guard : public grpc::experimental::Interceptor {
 public:
  explicit Guard(std::vector<std::string>* caught) : caught_(*caught) {}

  void Intercept(
      grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::
                PRE_SEND_INITIAL_METADATA)) {
      Metadata& metadata = *methods->GetSendInitialMetadata();
      for (auto it = metadata.begin(); it != metadata.end();) {
        if (CheckMetadata(it->first, it->second).ok()) {
          ++it;
        } else {
          caught_.push_back(it->first);
          it = metadata.erase(it);
        }
      }
    }
    methods->Proceed();
  }

 private:
  std::vector<std::string>& caught_;
};

class GuardFactory
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit GuardFactory(std::vector<std::string>* caught) : caught_(caught) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new Guard(caught_);
  }

 private:
  std::vector<std::string>* const caught_;
};

class CallMetadataTest : public ::testing::Test {
 protected:
  CallMetadataTest() {
    support::LoopbackOptions options;
    options.interceptors.push_back(std::make_unique<GuardFactory>(&caught_));
    stub_ = v1::MoviesService::NewStub(server_.NewChannel(std::move(options)));
  }

  MovieReply Call(const Metadata& metadata) {
    return GetMovieWithMetadata(*stub_, v1::MovieID(), metadata,
                                absl::Now() + absl::Seconds(10));
  }

  // The keys of illegal pairs that were about to reach gRPC.
  std::vector<std::string> caught_;
  ListeningService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(CallMetadataTest, SendsEveryPair) {
  const MovieReply reply = Call({{"x-request-id", "42"}, {"x-empty", ""}});
  ASSERT_TRUE(reply.status.ok())
      << "The server answered with OK, and the status is \""
      << reply.status.error_message()
      << "\". Metadata is added to a ClientContext before its call is made.";
  EXPECT_EQ(reply.movie.movie_name(), "Metropolis (1927)")
      << "The movie that the server answered with is not in the reply.";
  EXPECT_THAT(service_.metadata, Contains(Pair("x-request-id", "42")))
      << "The server did not get x-request-id: 42.";
  EXPECT_THAT(service_.metadata, Contains(Pair("x-empty", "")))
      << "An empty value is a value.";
}

TEST_F(CallMetadataTest, AKeyMayHaveSeveralValues) {
  Call({{"x-viewer", "Ada"}, {"x-viewer", "Bob"}});
  std::vector<std::string> viewers;
  for (const auto& [key, value] : service_.metadata) {
    if (key == "x-viewer") viewers.push_back(value);
  }
  EXPECT_THAT(viewers, ElementsAre("Ada", "Bob"))
      << "x-viewer was to be sent twice, with two values. Metadata is a "
         "multimap.";
}

TEST_F(CallMetadataTest, ABinaryValueArrivesByteForByte) {
  const std::string bytes("\x00\xff\n\x80", 4);
  const MovieReply reply = Call({{"x-trace-bin", bytes}});
  EXPECT_TRUE(reply.status.ok())
      << "A key that ends in -bin may have any bytes, and the status is \""
      << reply.status.error_message() << "\".";
  EXPECT_THAT(service_.metadata, Contains(Pair("x-trace-bin", bytes)))
      << "The four bytes of x-trace-bin did not arrive as they were. gRPC "
         "encodes such values on the wire and decodes them again: there is "
         "nothing for you to do.";
}

TEST_F(CallMetadataTest, BringsBackWhatTheServerSentBesideTheMovie) {
  service_.script = [](grpc::ServerContext* context) {
    context->AddInitialMetadata("x-served-by", "back");
    context->AddTrailingMetadata("x-steps", "5");
    context->AddTrailingMetadata("x-steps", "6");
    context->AddTrailingMetadata("x-digest-bin",
                                 std::string("\x01\x00\x02", 3));
    return grpc::Status::OK;
  };
  const MovieReply reply = Call({});
  EXPECT_THAT(reply.initial, Contains(Pair("x-served-by", "back")))
      << "The server sent x-served-by before its message: it is in the "
         "ClientContext's initial metadata.";
  EXPECT_THAT(reply.trailing, Contains(Pair("x-steps", "5")))
      << "The server sent x-steps with its status: it is in the "
         "ClientContext's trailing metadata.";
  EXPECT_THAT(reply.trailing, Contains(Pair("x-steps", "6")))
      << "The server sent x-steps twice: metadata is a multimap.";
  EXPECT_THAT(reply.trailing,
              Contains(Pair("x-digest-bin", std::string("\x01\x00\x02", 3))))
      << "A -bin value has three bytes, one of them null. A grpc::string_ref "
         "has no null byte at its end.";
  EXPECT_THAT(reply.initial, Not(Contains(Key("x-steps"))))
      << "What came with the status is no initial metadata.";
  EXPECT_THAT(reply.trailing, Not(Contains(Key("x-served-by"))))
      << "What came before the message is no trailing metadata.";
}

TEST_F(CallMetadataTest, ACallThatFailsHasMetadataToo) {
  service_.script = [](grpc::ServerContext* context) {
    context->AddInitialMetadata("x-served-by", "back");
    context->AddTrailingMetadata("x-retry", "never");
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie has the ID 0");
  };
  const MovieReply reply = Call({});
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::NOT_FOUND)
      << "The status is the server's.";
  EXPECT_THAT(reply.trailing, Contains(Pair("x-retry", "never")))
      << "The server said NOT_FOUND and sent trailing metadata with it. That "
         "is where a server explains a failure.";
  EXPECT_THAT(reply.initial, Contains(Pair("x-served-by", "back")))
      << "Initial metadata that was sent before a failure is still there.";
}

TEST_F(CallMetadataTest, AnIllegalPairIsRefusedBeforeTheCall) {
  // Not Metadata, which would sort them: the plainest one comes first.
  const std::vector<std::pair<std::string, std::string>> illegal = {
      {"X-Request-Id", "42"},        // Upper case.
      {"x request id", "42"},        // Spaces.
      {"", "42"},                    // No key.
      {":path", "/"},                // A pseudo-header of HTTP/2.
      {"grpc-timeout", "1S"},        // gRPC's own.
      {"x-title", "Am\xc3\xa9lie"},  // Not ASCII.
      {"x-title", "two\nlines"},     // A control character.
  };
  for (const auto& [key, value] : illegal) {
    const MovieReply reply = Call({{"x-legal", "yes"}, {key, value}});
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << "The pair \"" << key << "\": \"" << value
        << "\" is illegal; CheckMetadata() says why. The status should be "
           "INVALID_ARGUMENT with its message.";
    EXPECT_EQ(reply.status.error_message(),
              std::string(CheckMetadata(key, value).message()))
        << "The status's message is CheckMetadata()'s message(), without the "
           "code.";
  }
  EXPECT_EQ(service_.calls, 0) << "No call should have been made.";
  EXPECT_THAT(caught_, IsEmpty())
      << "Illegal metadata was on its way to gRPC, and this test caught it. "
         "gRPC would have ended the process.";
}

TEST_F(CallMetadataTest, WithoutAServerThereIsAStatusAndNoMetadata) {
  support::UnservedPort port;
  auto stub =
      v1::MoviesService::NewStub(support::LoopbackChannel(port.address()));
  const MovieReply reply =
      GetMovieWithMetadata(*stub, v1::MovieID(), {{"x-request-id", "42"}},
                           absl::Now() + absl::Seconds(10));
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "Nobody listens on that port: \"" << reply.status.error_message()
      << "\".";
  EXPECT_THAT(reply.initial, IsEmpty());
  EXPECT_THAT(reply.trailing, IsEmpty());
}

}  // namespace
}  // namespace movies
