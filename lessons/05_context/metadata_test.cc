// A demonstration: what gRPC does with metadata that is illegal, reserved or
// odd, and that CheckMetadata() knows it beforehand.

#include "metadata.h"

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

class ScriptedService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    metadata = CopyMetadata(context->client_metadata());
    left = absl::FromChrono(context->deadline()) - absl::Now();
    script(context);
    return grpc::Status::OK;
  }

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    context->AddInitialMetadata("x-served-by", "back");
    context->AddTrailingMetadata("x-steps", "1");
    writer->Write(v1::Movie());
    return grpc::Status::OK;
  }

  std::function<void(grpc::ServerContext*)> script = [](grpc::ServerContext*) {
  };
  Metadata metadata;
  absl::Duration left;
};

// Makes a call that sends `metadata`, whatever it is, to `service`.
grpc::Status Call(ScriptedService& service, const Metadata& metadata) {
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  AddMetadata(metadata, context);
  v1::Movie movie;
  return stub->GetMovie(&context, v1::MovieID(), &movie);
}

struct IllegalPair {
  std::string name;
  std::string key;
  std::string value;
};

class IllegalMetadataDeathTest : public ::testing::TestWithParam<IllegalPair> {
 protected:
  IllegalMetadataDeathTest() {
    // gRPC has threads, which a fork without exec would lose.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_P(IllegalMetadataDeathTest, EndsTheProcess) {
  const IllegalPair& pair = GetParam();
  EXPECT_EQ(CheckMetadata(pair.key, pair.value).code(),
            absl::StatusCode::kInvalidArgument);
  // On either side: a client that makes a call, a server that answers one.
  ScriptedService service;
  EXPECT_DEATH(Call(service, {{pair.key, pair.value}}),
               "GRPC_CALL_ERROR_INVALID_METADATA");
  service.script = [&pair](grpc::ServerContext* context) {
    context->AddTrailingMetadata(pair.key, pair.value);
  };
  EXPECT_DEATH(Call(service, {}), "GRPC_CALL_ERROR_INVALID_METADATA");
}

INSTANTIATE_TEST_SUITE_P(
    All, IllegalMetadataDeathTest,
    ::testing::Values(IllegalPair{"UpperCase", "X-Request-Id", "42"},
                      IllegalPair{"Space", "x request id", "42"},
                      IllegalPair{"EmptyKey", "", "42"},
                      IllegalPair{"PseudoHeader", ":path", "/"},
                      IllegalPair{"NotAscii", "x-title", "Am\xc3\xa9lie"},
                      IllegalPair{"LineBreak", "x-title", "two\nlines"},
                      IllegalPair{"NullByte", "x-title", std::string("\0", 1)}),
    [](const auto& info) { return info.param.name; });

TEST(MetadataTest, ReservedKeysAreTakenAndDoHarm) {
  // gRPC lets a program send keys of its own protocol. Some it overwrites …
  ScriptedService service;
  EXPECT_TRUE(Call(service, {{"grpc-timeout", "1S"}}).ok());
  EXPECT_GT(service.left, absl::Seconds(10)) << "… so this one did nothing,";
  EXPECT_FALSE(Call(service, {{"grpc-status", "5"}}).ok())
      << "and this one broke a call that went well.";
  // CheckMetadata() refuses them all.
  for (absl::string_view key :
       {"grpc-timeout", "grpc-status", "grpc-anything"}) {
    EXPECT_EQ(CheckMetadata(key, "5").code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(MetadataTest, SomeKeysAreGrpcsOrHttps) {
  // These are legal to send and do not arrive, or not as they were sent: gRPC
  // sets them itself. CheckMetadata() passes them; choose other names.
  ScriptedService service;
  EXPECT_TRUE(Call(service, {{"user-agent", "mine"},
                             {"content-type", "text/plain"},
                             {"te", "x"}})
                  .ok());
  EXPECT_THAT(service.metadata, Not(Contains(Pair("user-agent", "mine"))));
  EXPECT_THAT(service.metadata, Contains(Key("user-agent")));
  EXPECT_THAT(service.metadata, Not(Contains(Key("content-type"))));
  EXPECT_THAT(service.metadata, Not(Contains(Key("te"))));
}

TEST(MetadataTest, WhatIsLegalArrivesAsItWasSent) {
  std::string printable;
  for (char c = ' '; c <= '~'; ++c) printable.push_back(c);
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes.push_back(static_cast<char>(byte));
  }
  const Metadata sent = {{"0-9.a_z", printable},
                         {"x-all-bin", bytes},
                         {"x-empty", ""},
                         {"x-twice", "1"},
                         {"x-twice", "2"}};
  ScriptedService service;
  ASSERT_TRUE(Call(service, sent).ok());
  for (const auto& [key, value] : sent) {
    EXPECT_TRUE(CheckMetadata(key, value).ok());
    EXPECT_THAT(service.metadata, Contains(Pair(key, value)));
  }
}

TEST(MetadataTest, AStreamHasItsMetadataAtBothEnds) {
  ScriptedService service;
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  reader->WaitForInitialMetadata();  // Or Read().
  EXPECT_THAT(CopyMetadata(context.GetServerInitialMetadata()),
              Contains(Pair("x-served-by", "back")));
  v1::Movie movie;
  while (reader->Read(&movie)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_THAT(CopyMetadata(context.GetServerTrailingMetadata()),
              Contains(Pair("x-steps", "1")));
}

TEST(TooEarlyDeathTest, InitialMetadataNotWaitedForEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        ScriptedService service;
        support::TestServer server(&service);
        auto stub = v1::MoviesService::NewStub(server.NewChannel());
        grpc::ClientContext context;
        auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
        context.GetServerInitialMetadata();
      },
      "initial_metadata_received");
}

TEST(MetadataTest, ACheckNeverSpellsTheValueOut) {
  const absl::Status status = CheckMetadata("authorization", "Bearer s3cret\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), Not(::testing::HasSubstr("s3cret")));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("authorization"));
}

}  // namespace
}  // namespace movies
