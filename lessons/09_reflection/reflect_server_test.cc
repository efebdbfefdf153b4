#include "reflect_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ask_reflection.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

using Plugins = std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>;

constexpr char kListServices[] = "list_services: ''";

// A plugin that somebody else has put into the builder.
class NamedPlugin final : public grpc::ServerBuilderPlugin {
 public:
  explicit NamedPlugin(std::string name) : name_(std::move(name)) {}
  std::string name() override { return name_; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer*) override {}
  void ChangeArguments(const std::string&, void*) override {}

 private:
  const std::string name_;
};

std::unique_ptr<grpc::ServerBuilderPlugin> Reflection() {
  return std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
}

// The plugins' names after an option has been at them.
std::vector<std::string> NamesAfter(bool offered, Plugins plugins) {
  ReflectionOption(offered).UpdatePlugins(&plugins);
  std::vector<std::string> names;
  for (const auto& plugin : plugins) {
    names.push_back(plugin == nullptr ? "null" : plugin->name());
  }
  return names;
}

// A server of the catalogue that was built with the option.
class ReflectingServer {
 public:
  explicit ReflectingServer(bool offered) : service_(&store_) {
    support::TestServerOptions options;
    options.configure = [offered](grpc::ServerBuilder& builder) {
      builder.SetOption(std::make_unique<ReflectionOption>(offered));
    };
    absl::StatusOr<std::unique_ptr<support::TestServer>> server =
        support::TestServer::Start({&service_}, options);
    if (server.ok()) server_ = *std::move(server);
  }

  bool started() const { return server_ != nullptr; }
  support::TestServer& server() { return *server_; }
  absl::StatusOr<std::string> Ask(const std::string& question) {
    return AskReflection(server_->NewChannel(), question);
  }

 private:
  MovieStore store_;
  CatalogueService service_;
  std::unique_ptr<support::TestServer> server_;
};

constexpr char kNotStarted[] =
    "The server did not start. gRPC's log above says why: two plugins that add "
    "the same service, for instance.";

// First: over an empty place in the list gRPC ends the program, and the tests.
TEST(ReflectServerTest, TakesOutWhatTheLibraryPutIn) {
  Plugins plugins;
  plugins.push_back(Reflection());
  EXPECT_THAT(NamesAfter(false, std::move(plugins)), IsEmpty())
      << "Not offered: the reflection plugin has to leave the list, and no "
         "empty place may stay.";
}

TEST(ReflectServerTest, ServerThatOffersItListsItsServices) {
  ReflectingServer server(true);
  ASSERT_TRUE(server.started()) << kNotStarted;
  const absl::StatusOr<std::string> answer = server.Ask(kListServices);
  ASSERT_TRUE(answer.ok())
      << "A server with ReflectionOption(true) was asked for its services: "
      << answer.status()
      << ". UNIMPLEMENTED means that no plugin added reflection to it.";
  EXPECT_THAT(*answer, HasSubstr("movies.v1.MoviesService"));
}

TEST(ReflectServerTest, ServerThatDoesNotOfferItSaysUnimplemented) {
  ReflectingServer server(false);
  ASSERT_TRUE(server.started()) << kNotStarted;
  const absl::StatusOr<std::string> answer = server.Ask(kListServices);
  ASSERT_FALSE(answer.ok())
      << "A server with ReflectionOption(false) told a stranger: " << *answer
      << ". The library put its plugin into the builder before your code ran: "
         "it has to come out again.";
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnimplemented)
      << answer.status();
}

TEST(ReflectServerTest, ServersOfOneProgramDecideEachForItself) {
  ReflectingServer inside(true);
  ASSERT_TRUE(inside.started()) << kNotStarted;
  ReflectingServer outside(false);
  ASSERT_TRUE(outside.started()) << kNotStarted;
  ReflectingServer also_inside(true);
  ASSERT_TRUE(also_inside.started()) << kNotStarted;

  EXPECT_TRUE(inside.Ask(kListServices).ok())
      << "The first of three servers offers reflection: "
      << inside.Ask(kListServices).status()
      << ". What a later server chose must not reach this one.";
  EXPECT_FALSE(outside.Ask(kListServices).ok())
      << "The second of three servers does not offer reflection, and yet "
         "answered. An option changes the plugins it is given, and nothing "
         "that belongs to the whole program.";
  EXPECT_TRUE(also_inside.Ask(kListServices).ok())
      << "The third of three servers offers reflection: "
      << also_inside.Ask(kListServices).status()
      << ". What an earlier server chose must not reach this one.";
}

TEST(ReflectServerTest, OneServiceOnAPublicAndAnInternalServer) {
  MovieStore store;
  CatalogueService service(&store);
  const auto start = [&service](bool offered) {
    support::TestServerOptions options;
    options.configure = [offered](grpc::ServerBuilder& builder) {
      builder.SetOption(std::make_unique<ReflectionOption>(offered));
    };
    return support::TestServer::Start({&service}, options);
  };
  const auto public_server = start(false);
  ASSERT_TRUE(public_server.ok()) << public_server.status() << kNotStarted;
  const auto internal_server = start(true);
  ASSERT_TRUE(internal_server.ok()) << internal_server.status() << kNotStarted;

  EXPECT_FALSE(
      AskReflection((*public_server)->NewChannel(), kListServices).ok())
      << "The server for everybody tells everybody what the one for the "
         "operators should.";
  EXPECT_TRUE(
      AskReflection((*internal_server)->NewChannel(), kListServices).ok())
      << "The server for the operators, built after the other, says nothing.";
}

TEST(ReflectServerTest, ServiceItselfAnswersEitherWay) {
  for (const bool offered : {true, false}) {
    ReflectingServer server(offered);
    ASSERT_TRUE(server.started()) << kNotStarted;
    auto stub = v1::MoviesService::NewStub(server.server().NewChannel());
    grpc::ClientContext context;
    v1::MovieID request;
    request.set_mid(1);
    v1::Movie movie;
    const grpc::Status status = stub->GetMovie(&context, request, &movie);
    EXPECT_TRUE(status.ok())
        << "GetMovie with reflection " << (offered ? "on" : "off") << ": "
        << status.error_message();
  }
}

TEST(ReflectServerTest, PutsItInWhereThereIsNone) {
  EXPECT_THAT(NamesAfter(true, {}), ElementsAre(kReflectionPlugin))
      << "Offered, and the list had none. Do not count on the library's own "
         "plugin: an option before this one may have taken it out.";
}

TEST(ReflectServerTest, PutsItInOnce) {
  Plugins plugins;
  plugins.push_back(Reflection());
  EXPECT_THAT(NamesAfter(true, std::move(plugins)),
              ElementsAre(kReflectionPlugin))
      << "Offered, and the list had one. A second one would add the same "
         "service again, and the server could not start.";
}

TEST(ReflectServerTest, LeavesOtherPluginsAlone) {
  for (const bool offered : {true, false}) {
    Plugins plugins;
    plugins.push_back(std::make_unique<NamedPlugin>("load_reporting"));
    plugins.push_back(Reflection());
    plugins.push_back(
        std::make_unique<NamedPlugin>("proto_server_reflection_log"));
    plugins.push_back(std::make_unique<NamedPlugin>("channelz"));
    std::vector<std::string> names = NamesAfter(offered, std::move(plugins));
    // Where among the others it stands does not matter.
    for (auto name = names.begin(); name != names.end(); ++name) {
      if (*name != kReflectionPlugin) continue;
      names.erase(name);
      break;
    }
    EXPECT_THAT(names, ElementsAre("load_reporting",
                                   "proto_server_reflection_log", "channelz"))
        << "With reflection " << (offered ? "on" : "off")
        << ", of load_reporting, " << kReflectionPlugin
        << ", proto_server_reflection_log and channelz, the three others "
           "should be left, in this order. The whole name() tells which plugin "
           "is which, not a part of it.";
  }
}

TEST(ReflectServerTest, TakesOutEveryOne) {
  for (const bool offered : {true, false}) {
    Plugins plugins;
    plugins.push_back(Reflection());
    plugins.push_back(Reflection());
    plugins.push_back(std::make_unique<NamedPlugin>("load_reporting"));
    plugins.push_back(Reflection());
    std::vector<std::string> left = {"load_reporting"};
    if (offered) left.push_back(kReflectionPlugin);
    EXPECT_THAT(NamesAfter(offered, std::move(plugins)),
                UnorderedElementsAreArray(left))
        << "With reflection " << (offered ? "on" : "off")
        << ". The list had three reflection plugins, two of them side by side, "
           "from careless options before this one. Offered, a second one keeps "
           "the server from starting; not offered, one is enough to tell "
           "everything.";
  }
}

TEST(ReflectServerTest, GoesByTheName) {
  Plugins plugins;
  plugins.push_back(std::make_unique<NamedPlugin>(kReflectionPlugin));
  EXPECT_THAT(NamesAfter(false, std::move(plugins)), IsEmpty())
      << "Somebody wrote a reflection plugin of their own, of another class. "
         "Its name() says that it is one.";
}

}  // namespace
}  // namespace movies
