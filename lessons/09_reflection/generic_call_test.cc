#include "generic_call.h"

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "call_streams.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/byte_buffer.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Sends these responses, whatever it is called for, and ends the call with OK
// or, if it is silent, not before the call is cancelled. For one call.
class ScriptedService : public grpc::CallbackGenericService {
 public:
  ScriptedService(std::vector<std::string> responses, bool silent)
      : responses_(std::move(responses)), silent_(silent) {}

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const ScriptedService* service) : service_(*service) {
      Next();
    }
    void OnWriteDone(bool ok) override {
      if (ok) {
        Next();
      } else if (!service_.silent_) {
        Finish(grpc::Status::CANCELLED);
      }
    }
    void OnCancel() override {
      if (service_.silent_) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    void Next() {
      if (next_ < service_.responses_.size()) {
        grpc::Slice slice(service_.responses_[next_++]);
        bytes_ = grpc::ByteBuffer(&slice, 1);
        StartWrite(&bytes_);
      } else if (!service_.silent_) {
        Finish(grpc::Status::OK);
      }
    }

    const ScriptedService& service_;
    size_t next_ = 0;
    grpc::ByteBuffer bytes_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext*) override {
    return new Reactor(this);
  }

  const std::vector<std::string> responses_;
  const bool silent_;
};

std::unique_ptr<support::TestServer> Start(ScriptedService* service) {
  support::TestServerOptions options;
  options.configure = [service](grpc::ServerBuilder& builder) {
    builder.RegisterCallbackGenericService(service);
  };
  return std::make_unique<support::TestServer>(std::vector<grpc::Service*>(),
                                               options);
}

// Whether that was so quick that it did not take the test's deadline.
bool BeforeTheDeadline(absl::Time start) {
  return absl::Now() - start < 3 * support::Patience();
}

class GenericCallTest : public ::testing::Test {
 protected:
  GenericCallTest() {
    context_.set_deadline(
        absl::ToChronoTime(absl::Now() + 5 * support::Patience()));
  }

  // Calls a method of MoviesService with `requests`; responses are in
  // responses_.
  grpc::Status Call(const std::string& method,
                    const std::vector<std::string>& requests) {
    return Call(server_.NewChannel(), method, requests);
  }
  grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                    const std::string& method,
                    const std::vector<std::string>& requests) {
    size_t next = 0;
    return CallStreams(
        channel,
        *v1::Movie::descriptor()->file()->service(0)->FindMethodByName(method),
        [&](std::string* json) {
          if (next == requests.size()) return false;
          *json = requests[next++];
          return true;
        },
        &context_,
        [this](const std::string& json) { responses_.push_back(json); },
        [](const grpc::Status&) {});
  }

  MovieStore store_;
  CatalogueService service_{&store_};
  support::TestServer server_{&service_};
  grpc::ClientContext context_;
  std::vector<std::string> responses_;
};

TEST_F(GenericCallTest, ServerStream) {
  const grpc::Status status = Call("QueryMovie", {R"({"query": "robot"})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(responses_.size(), 2u);
  EXPECT_THAT(responses_[0], HasSubstr("\"movieName\""));
}

TEST_F(GenericCallTest, ClientStream) {
  const grpc::Status status =
      Call("AddMovies", {R"({"mid": 9001, "movieName": "A"})",
                         R"({"mid": 9002, "movieName": "B"})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_, ElementsAre(R"({"added":2})"));
}

TEST_F(GenericCallTest, BothWays) {
  const grpc::Status status =
      Call("RateMovies", {R"({"mid":1,"stars":5})", R"({"mid":1,"stars":4})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_,
              ElementsAre(R"({"mid":1,"ratings":1,"average":5})",
                          R"({"mid":1,"ratings":2,"average":4.5})"));
}

TEST_F(GenericCallTest, UnaryIsAStreamOfOneEachWay) {
  const grpc::Status status = Call("GetMovie", {R"({"mid": 1})"});
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(responses_, SizeIs(1));
}

TEST_F(GenericCallTest, ARefusalMidwayIsTheServers) {
  const grpc::Status status =
      Call("RateMovies", {R"({"mid":1,"stars":5})", R"({"mid":1,"stars":9})"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(responses_, SizeIs(1));
}

TEST_F(GenericCallTest, JsonThatDoesNotFitEndsTheCall) {
  ScriptedService service({}, /*silent=*/true);
  const auto server = Start(&service);
  const absl::Time start = absl::Now();
  const grpc::Status status =
      Call(server->NewChannel(), "RateMovies", {R"({"mid":"one"})"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("mid"));
  EXPECT_TRUE(BeforeTheDeadline(start));
}

TEST_F(GenericCallTest, AResponseThatIsNoneEndsTheCall) {
  ScriptedService service({"\x0a\x7f"}, /*silent=*/true);
  const auto server = Start(&service);
  const absl::Time start = absl::Now();
  const grpc::Status status =
      Call(server->NewChannel(), "QueryMovie", {R"({"query": "robot"})"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL)
      << status.error_message();
  EXPECT_THAT(responses_, SizeIs(0));
  EXPECT_TRUE(BeforeTheDeadline(start));
}

TEST_F(GenericCallTest, OneResponseIsNeitherNoneNorTwo) {
  for (const size_t responses : {0, 2}) {
    ScriptedService service(std::vector<std::string>(responses),
                            /*silent=*/false);
    const auto server = Start(&service);
    size_t next = 0;
    grpc::ClientContext context;
    context.set_deadline(
        absl::ToChronoTime(absl::Now() + 5 * support::Patience()));
    const grpc::Status status = CallStreams(
        server->NewChannel(),
        *v1::Movie::descriptor()->file()->service(0)->FindMethodByName(
            "AddMovies"),
        [&](std::string* json) {
          *json = "{}";
          return next++ == 0;
        },
        &context, [](const std::string&) {}, [](const grpc::Status&) {});
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL)
        << status.error_message();
    EXPECT_THAT(status.error_message(),
                HasSubstr(absl::StrCat("sent ", responses, " responses")));
  }
}

TEST_F(GenericCallTest, ACallThatIsOverWhileAMessageIsAwaitedSaysSo) {
  absl::Notification over;
  const grpc::Status status = CallStreams(
      server_.NewChannel(),
      *v1::Movie::descriptor()->file()->service(0)->FindMethodByName(
          "RateMovies"),
      [&](std::string* json) {
        context_.TryCancel();
        over.WaitForNotification();
        *json = "not to be read any more";
        return true;
      },
      &context_, [](const std::string&) {},
      [&](const grpc::Status& ended) {
        EXPECT_EQ(ended.error_code(), grpc::StatusCode::CANCELLED);
        over.Notify();
      });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED)
      << status.error_message();
}

TEST_F(GenericCallTest, ACallThatIsDroppedIsCancelled) {
  absl::Time start;
  {
    GenericCall call(server_.NewChannel(),
                     "/movies.v1.MoviesService/RateMovies", &context_);
    v1::MovieRating rating;
    rating.set_mid(1);
    rating.set_stars(3);
    ASSERT_TRUE(call.Write(support::ToByteBuffer(rating)));
    grpc::ByteBuffer bytes;
    ASSERT_TRUE(call.Read(&bytes));
    start = absl::Now();
  }
  EXPECT_TRUE(BeforeTheDeadline(start));
}

TEST_F(GenericCallTest, FinishMayBeCalledAgain) {
  GenericCall call(server_.NewChannel(), "/no.Such/Method", &context_);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  grpc::ByteBuffer bytes;
  EXPECT_FALSE(call.Read(&bytes));
}

}  // namespace
}  // namespace movies
