#include "reflection_client.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/byte_buffer.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::testing::HasSubstr;

ReflectionClient::Options Bounded() {
  ReflectionClient::Options options;
  options.deadline = absl::Now() + 5 * support::Patience();
  return options;
}

ServerReflectionRequest ListQuestion() {
  ServerReflectionRequest question;
  question.set_list_services("");
  return question;
}

// No plugin at all: a server that offers only what it registers, although
// gRPC's reflection is linked.
class NoPlugins : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override {
    plugins->clear();
  }
};

// A server of this library's own, which speaks v1alpha, and not v1.
class RealServer {
 public:
  explicit RealServer(bool reflection) : service_(&store_) {
    support::TestServerOptions options;
    options.configure = [=](grpc::ServerBuilder& builder) {
      if (!reflection) builder.SetOption(std::make_unique<NoPlugins>());
    };
    server_ = std::make_unique<support::TestServer>(&service_, options);
  }
  std::shared_ptr<grpc::Channel> NewChannel() { return server_->NewChannel(); }

 private:
  MovieStore store_;
  CatalogueService service_;
  std::unique_ptr<support::TestServer> server_;
};

TEST(ReflectionClientTest, AsksOnAfterAnError) {
  RealServer server(/*reflection=*/true);
  ReflectionClient reflection(server.NewChannel(), "here", Bounded());
  const auto services = reflection.Ask(ListQuestion());
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(services->list_services_response().ShortDebugString(),
              HasSubstr("movies.v1.MoviesService"));

  const auto unknown = FilesContainingSymbol(reflection, "no.Such");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound)
      << unknown.status();
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("no.Such"));

  const auto files =
      FilesContainingSymbol(reflection, "movies.v1.MoviesService.GetMovie");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)[0].name(), "movies/v1/movies.proto");
  const auto same = FilesByName(reflection, "movies/v1/movies.proto");
  EXPECT_TRUE(same.ok()) << same.status();
}

TEST(ReflectionClientTest, AServerWithoutReflectionIsSaidToBeOne) {
  RealServer server(/*reflection=*/false);
  ReflectionClient reflection(server.NewChannel(), "movies.test:1", Bounded());
  const auto answer = reflection.Ask(ListQuestion());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(answer.status().message()),
              HasSubstr("movies.test:1 has no reflection"));
}

TEST(ReflectionClientTest, ADeadlineEndsTheWait) {
  ReflectionClient::Options options;
  options.deadline = absl::Now() - absl::Seconds(1);
  RealServer server(/*reflection=*/true);
  ReflectionClient reflection(server.NewChannel(), "here", options);
  EXPECT_EQ(reflection.Ask(ListQuestion()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

// Speaks one version of the protocol, by its path, and answers each question
// with its own text as the error, and who asked. Does not answer when asked for
// silent.proto, and ends the stream when asked for last.proto.
class OneVersion : public grpc::CallbackGenericService {
 public:
  explicit OneVersion(std::string version)
      : path_("/grpc.reflection." + version +
              ".ServerReflection/ServerReflectionInfo") {}

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(bool known, std::string caller) : caller_(std::move(caller)) {
      if (known) {
        StartRead(&bytes_);
      } else {
        Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
      }
    }
    void OnReadDone(bool ok) override {
      if (!ok) {
        Finish(grpc::Status::OK);
        return;
      }
      ServerReflectionRequest question;
      support::FromByteBuffer(bytes_, &question);
      if (question.file_by_filename() == "silent.proto") {
        StartRead(&bytes_);  // Fails when the call is cancelled.
        return;
      }
      if (question.file_by_filename() == "last.proto") {
        Finish(grpc::Status::OK);
        return;
      }
      ServerReflectionResponse answer;
      answer.mutable_error_response()->set_error_code(0);
      answer.mutable_error_response()->set_error_message(
          absl::StrCat(question.file_by_filename(), " for ", caller_));
      bytes_ = support::ToByteBuffer(answer);
      StartWrite(&bytes_);
    }
    void OnWriteDone(bool ok) override {
      if (ok) StartRead(&bytes_);
    }
    void OnDone() override { delete this; }

   private:
    const std::string caller_;
    grpc::ByteBuffer bytes_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const auto caller = context->client_metadata().find("x-caller");
    return new Reactor(
        context->method() == path_,
        caller == context->client_metadata().end()
            ? "anybody"
            : std::string(caller->second.data(), caller->second.size()));
  }

  const std::string path_;
};

std::unique_ptr<support::TestServer> Start(OneVersion* service) {
  support::TestServerOptions options;
  options.configure = [service](grpc::ServerBuilder& builder) {
    builder.SetOption(std::make_unique<NoPlugins>());
    builder.RegisterCallbackGenericService(service);
  };
  return std::make_unique<support::TestServer>(std::vector<grpc::Service*>(),
                                               options);
}

TEST(ReflectionClientTest, SpeaksEitherVersion) {
  for (const char* version : {"v1", "v1alpha"}) {
    OneVersion service(version);
    const auto server = Start(&service);
    ReflectionClient reflection(server->NewChannel(), "here", Bounded());
    for (const char* file : {"one.proto", "two.proto"}) {
      const auto files = FilesByName(reflection, file);
      // The code, 0, is no error's.
      EXPECT_EQ(files.status().code(), absl::StatusCode::kInternal) << version;
      EXPECT_THAT(std::string(files.status().message()), HasSubstr(file));
    }
  }
}

TEST(ReflectionClientTest, SendsItsHeaders) {
  for (const char* version : {"v1", "v1alpha"}) {
    OneVersion service(version);
    const auto server = Start(&service);
    ReflectionClient::Options options = Bounded();
    options.headers = {{"x-caller", "an operator"}};
    ReflectionClient reflection(server->NewChannel(), "here", options);
    EXPECT_THAT(
        std::string(FilesByName(reflection, "a.proto").status().message()),
        HasSubstr("for an operator"))
        << version;
  }
}

TEST(ReflectionClientTest, AServerThatDoesNotAnswerIsLeftAtTheDeadline) {
  OneVersion service("v1");
  const auto server = Start(&service);
  ReflectionClient::Options options;
  options.deadline = absl::Now() + support::Patience() / 4;
  ReflectionClient reflection(server->NewChannel(), "here", options);
  EXPECT_EQ(FilesByName(reflection, "silent.proto").status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(ReflectionClientTest, AStreamThatEndsIsSaidToHaveAndANewOneIsOpened) {
  OneVersion service("v1");
  const auto server = Start(&service);
  ReflectionClient reflection(server->NewChannel(), "here", Bounded());
  const auto none = FilesByName(reflection, "last.proto");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kUnavailable)
      << none.status();
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("ended the stream of reflection without an answer"));
  EXPECT_THAT(
      std::string(FilesByName(reflection, "more.proto").status().message()),
      HasSubstr("more.proto"));
}

}  // namespace
}  // namespace movies
