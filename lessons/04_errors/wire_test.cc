// A demonstration: how a status travels, and what does not get through.
//
// The code, the message and the details are three keys of the trailing
// metadata: `grpc-status`, `grpc-message`, `grpc-status-details-bin`. gRPC
// shows the last one to a client beside the metadata of its own.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;

constexpr char kDetailsKey[] = "grpc-status-details-bin";

// Answers every call with one status, once it has set the trailing metadata.
class AnsweringService final : public v1::MoviesService::Service {
 public:
  void Answer(grpc::Status status, std::string metadata = "") {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
    metadata_ = std::move(metadata);
  }

  grpc::Status GetMovie(grpc::ServerContext* context, const v1::MovieID*,
                        v1::Movie*) override {
    absl::MutexLock lock(&mutex_);
    if (!metadata_.empty()) {
      context->AddTrailingMetadata(kDetailsKey, metadata_);
    }
    return status_;
  }

  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    writer->Write(v1::Movie());
    absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  absl::Mutex mutex_;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  std::string metadata_ ABSL_GUARDED_BY(mutex_);
};

class WireTest : public ::testing::Test {
 protected:
  // Calls GetMovie; the context then has what came with the status.
  grpc::Status Call(grpc::ChannelArguments args = {}) {
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    v1::Movie movie;
    return v1::MoviesService::NewStub(server_.NewChannel(args))
        ->GetMovie(context_.get(), v1::MovieID(), &movie);
  }

  AnsweringService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(WireTest, DetailsTravelInTheTrailingMetadata) {
  const std::string details("\x08\x05\x00\xff", 4);  // Any bytes.
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie", details));
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_details(), details);
  const auto& metadata = context_->GetServerTrailingMetadata();
  ASSERT_EQ(metadata.count(kDetailsKey), 1u);
  const grpc::string_ref value = metadata.find(kDetailsKey)->second;
  EXPECT_EQ(std::string(value.data(), value.size()), details);
  // Without details there is no such key.
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie"));
  EXPECT_EQ(Call().error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(context_->GetServerTrailingMetadata().count(kDetailsKey), 0u);
}

TEST_F(WireTest, TheKeyIsAllThereIsToIt) {
  // Whoever sets the key sends details, and a client cannot tell.
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie"), "by hand");
  EXPECT_EQ(Call().error_details(), "by hand");
}

TEST_F(WireTest, TheMessageKeepsItsLettersAndLines) {
  // On the wire, all but printable ASCII is percent-encoded, and `%` itself.
  const std::string message = "Amélie\n100 % found: 映画\t\x01";
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, message));
  EXPECT_EQ(Call().error_message(), message);
}

TEST_F(WireTest, OkCarriesNeitherMessageNorDetails) {
  service_.Answer(grpc::Status(StatusCode::OK, "all is well", "details"));
  const grpc::Status status = Call();
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_message(), "");
  EXPECT_EQ(status.error_details(), "");
}

TEST_F(WireTest, ACodeOfTomorrowArrivesAsANumber) {
  service_.Answer(grpc::Status(static_cast<StatusCode>(30), "from tomorrow"));
  const grpc::Status status = Call();
  EXPECT_EQ(static_cast<int>(status.error_code()), 30);
  EXPECT_EQ(status.error_message(), "from tomorrow");
}

TEST_F(WireTest, DetailsUpToEightKilobytesArrive) {
  // The limit is on all trailing metadata together, so not all 8192 are free.
  const std::string details(7 * 1024, 'x');
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie", details));
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_details(), details);
}

TEST_F(WireTest, OversizedDetailsCostTheWholeStatus) {
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie",
                               std::string(9 * 1024, 'x')));
  const grpc::Status status = Call();
  // Neither the code nor the message is the server's.
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("metadata size exceeds limit"));
  EXPECT_EQ(status.error_details(), "");
}

TEST_F(WireTest, AStreamLosesItsStatusToo) {
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no more",
                               std::string(9 * 1024, 'x')));
  grpc::ClientContext context;
  auto stub = v1::MoviesService::NewStub(server_.NewChannel());
  auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  int read = 0;
  v1::Movie movie;
  while (reader->Read(&movie)) ++read;
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  // gRPC 1.51 speaks of initial metadata, whichever was too large.
  EXPECT_THAT(status.error_message(), HasSubstr("metadata size exceeds limit"));
  // One movie was sent before. Whether it arrives is a matter of luck.
  EXPECT_LE(read, 1);
}

TEST_F(WireTest, OversizedMessagesDoTheSame) {
  service_.Answer(
      grpc::Status(StatusCode::NOT_FOUND, std::string(9 * 1024, 'x')));
  EXPECT_EQ(Call().error_code(), StatusCode::RESOURCE_EXHAUSTED);
  // A byte that is percent-encoded counts for three.
  service_.Answer(
      grpc::Status(StatusCode::NOT_FOUND, std::string(3 * 1024, '\n')));
  EXPECT_EQ(Call().error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(WireTest, AClientCanTakeMore) {
  const std::string details(9 * 1024, 'x');
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, "no movie", details));
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 16 * 1024);
  const grpc::Status status = Call(args);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_details(), details);
}

TEST_F(WireTest, TheLargestPackedStatusFits) {
  // What pack_details.h lets through: 4 kB of details and a message of 1 kB of
  // which every byte is percent-encoded.
  service_.Answer(grpc::Status(StatusCode::NOT_FOUND, std::string(1024, '\n'),
                               std::string(4096, '\xff')));
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_details().size(), 4096u);
}

TEST(RpcStatusTest, AMessageThatIsNoUtf8CannotBeRead) {
  // gRPC would carry these bytes, but google.rpc.Status.message is a string,
  // which protobuf holds to be UTF-8. It writes it and complains in the log; a
  // reader refuses the whole, with every detail.
  google::rpc::Status packed;
  packed.set_code(StatusCode::NOT_FOUND);
  packed.set_message("Am\xe9lie");  // Latin-1.
  const std::string bytes = packed.SerializeAsString();
  EXPECT_FALSE(google::rpc::Status().ParseFromString(bytes));
}

}  // namespace
}  // namespace movies
