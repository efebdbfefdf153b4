// A demonstration: by the sync API too, a slow reader slows the writer.
//
// HTTP/2 grants the sender a window, in bytes, per stream. What was sent and
// not read uses it up; reading opens it again. With no room left Write()
// waits. So a stream needs no more memory than its window, however long it is
// and however slow its reader.

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

constexpr int kKilobyte = 1024;
constexpr int kMovies = 5000;  // Of 1 kB each.
constexpr int kWindow = 64;    // In kB.

// Streams movies of 1 kB, and counts the writes that are done.
class BigService : public v1::MoviesService::Service {
 public:
  grpc::Status QueryMovie(grpc::ServerContext*, const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    v1::Movie movie;
    movie.set_movie_description(std::string(kKilobyte, 'x'));
    for (int i = 0; i < kMovies; ++i) {
      if (!writer->Write(movie)) {
        stopped.Notify();
        return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
      }
      absl::MutexLock lock(&mutex_);
      ++written_;
    }
    return grpc::Status::OK;
  }

  bool WaitUntilWrittenMoreThan(int count, absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    auto more = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return written_ > count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&more), timeout);
  }

  // A Write() has failed.
  absl::Notification stopped;

 private:
  absl::Mutex mutex_;
  int written_ ABSL_GUARDED_BY(mutex_) = 0;
};

class SlowReaderTest : public ::testing::Test {
 protected:
  SlowReaderTest() {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindow * kKilobyte);
    // By default gRPC measures the connection and lets the window grow.
    args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    stub_ = v1::MoviesService::NewStub(server_.NewChannel(args));
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    reader_ = stub_->QueryMovie(&context_, v1::MovieQueryParams());
  }

  BigService service_;
  support::TestServer server_{&service_};
  std::unique_ptr<v1::MoviesService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader_;
};

TEST_F(SlowReaderTest, TheWriterWaitsForAReaderThatDoesNotRead) {
  // Nothing is read, and the writer comes as far as the window reaches. A movie
  // is a little over 1 kB on the wire.
  EXPECT_TRUE(service_.WaitUntilWrittenMoreThan(kWindow / 2, absl::Seconds(5)));
  EXPECT_FALSE(
      service_.WaitUntilWrittenMoreThan(kWindow, absl::Milliseconds(300)));

  // Reading sets it free.
  int read = 0;
  v1::Movie movie;
  while (reader_->Read(&movie)) ++read;
  EXPECT_EQ(read, kMovies);
  EXPECT_TRUE(reader_->Finish().ok());
}

TEST_F(SlowReaderTest, ACancellationFreesAWriterThatWaits) {
  ASSERT_TRUE(service_.WaitUntilWrittenMoreThan(kWindow / 2, absl::Seconds(5)));
  context_.TryCancel();
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(
      service_.stopped.WaitForNotificationWithTimeout(absl::Seconds(5)));
}

}  // namespace
}  // namespace movies
