#include "paced_writer.h"

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::ElementsAre;

// Streams movies 1, 2, ... up to `count` through a PacedWriter.
class PacedService : public v1::MoviesService::Service {
 public:
  PacedService(int count, absl::Duration delay)
      : count_(count), delay_(delay) {}

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams*,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    PacedWriter paced(*context, *writer, delay_);
    v1::Movie movie;
    do {
      movie.set_mid(movie.mid() + 1);
    } while (movie.mid() <= count_ && paced.Write(movie));
    written = paced.written();
    returned.Notify();
    return grpc::Status::OK;
  }

  // To be read once `returned` is notified.
  int written = 0;
  absl::Notification returned;

 private:
  const int count_;
  const absl::Duration delay_;
};

TEST(PacedWriterTest, WritesEveryMovie) {
  PacedService service(/*count=*/3, absl::Milliseconds(1));
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub->QueryMovie(&context, v1::MovieQueryParams());
  std::vector<int> mids;
  v1::Movie movie;
  while (reader->Read(&movie)) mids.push_back(movie.mid());
  EXPECT_THAT(mids, ElementsAre(1, 2, 3));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(service.written, 3);
}

TEST(PacedWriterTest, ACancellationEndsThePause) {
  PacedService service(/*count=*/3, absl::Hours(1));
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  // The first movie comes without a pause.
  ASSERT_TRUE(reader->Read(&movie));
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(
      service.returned.WaitForNotificationWithTimeout(absl::Seconds(5)));
  EXPECT_EQ(service.written, 1);
}

}  // namespace
}  // namespace movies
