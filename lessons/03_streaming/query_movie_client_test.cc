#include "query_movie_client.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies_mock.grpc.pb.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Movie MakeMovie(int mid) {
  v1::Movie movie;
  movie.set_mid(mid);
  return movie;
}

// A server whose answer to QueryMovie is up to the test.
class ScriptedService : public v1::MoviesService::Service {
 public:
  using Script = std::function<grpc::Status(const v1::MovieQueryParams&,
                                            grpc::ServerWriter<v1::Movie>&)>;

  explicit ScriptedService(Script script) : script_(std::move(script)) {}

  grpc::Status QueryMovie(grpc::ServerContext*,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    return script_(*request, *writer);
  }

 private:
  const Script script_;
};

// What a FakeReader does, and what was done with it. Outlives the reader, which
// belongs to the code under test.
struct FakeStream {
  int movies = 0;
  grpc::Status status;
  int reads = 0;
  int finishes = 0;
};

// The client's end of a stream without a server: yields movies 1, 2, 3, …,
// whatever is cancelled meanwhile, and then ends.
class FakeReader : public grpc::ClientReaderInterface<v1::Movie> {
 public:
  explicit FakeReader(FakeStream* stream) : stream_(*stream) {}

  bool Read(v1::Movie* movie) override {
    if (stream_.reads == stream_.movies) return false;
    *movie = MakeMovie(++stream_.reads);
    return true;
  }
  grpc::Status Finish() override {
    ++stream_.finishes;
    return stream_.status;
  }
  bool NextMessageSize(uint32_t*) override { return false; }
  void WaitForInitialMetadata() override {}

 private:
  FakeStream& stream_;
};

class QueryMovieClientTest : public ::testing::Test {
 protected:
  // Calls QueryMovie against a server that answers by `script`.
  grpc::Status Query(int limit, ScriptedService::Script script) {
    service_ = std::make_unique<ScriptedService>(std::move(script));
    server_ = std::make_unique<support::TestServer>(service_.get());
    stub_ = v1::MoviesService::NewStub(server_->NewChannel());
    return QueryMovie(
        *stub_, "robot", limit, absl::Now() + Patience(),
        [this](const v1::Movie& movie) { mids_.push_back(movie.mid()); });
  }

  // Calls QueryMovie on `stream`, without a server.
  grpc::Status QueryFake(int limit, FakeStream* stream) {
    ::testing::NiceMock<v1::MockMoviesServiceStub> stub;
    ON_CALL(stub, QueryMovieRaw).WillByDefault([&](auto...) {
      return new FakeReader(stream);
    });
    return QueryMovie(
        stub, "robot", limit, absl::Now() + Patience(),
        [this](const v1::Movie& movie) { mids_.push_back(movie.mid()); });
  }

  std::vector<int> mids_;
  absl::Notification handler_stopped_;

 private:
  std::unique_ptr<ScriptedService> service_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<v1::MoviesService::Stub> stub_;
};

TEST_F(QueryMovieClientTest, DeliversEveryMovieInOrder) {
  const grpc::Status status =
      Query(/*limit=*/0, [](const v1::MovieQueryParams& request,
                            grpc::ServerWriter<v1::Movie>& writer) {
        EXPECT_EQ(request.query(), "robot");
        for (int mid : {1, 2, 3}) writer.Write(MakeMovie(mid));
        return grpc::Status::OK;
      });
  EXPECT_THAT(mids_, ElementsAre(1, 2, 3))
      << "The server streamed movies 1, 2 and 3. Each Read() waits for one "
         "message and is false when there are no more.";
  EXPECT_TRUE(status.ok()) << "The server ended the stream with OK, and "
                              "QueryMovie returned \""
                           << status.error_message() << "\".";
}

TEST_F(QueryMovieClientTest, AnEmptyStreamIsNoError) {
  const grpc::Status status =
      Query(/*limit=*/0,
            [](const v1::MovieQueryParams&, grpc::ServerWriter<v1::Movie>&) {
              return grpc::Status::OK;
            });
  EXPECT_THAT(mids_, IsEmpty());
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(QueryMovieClientTest, AStreamThatBreaksMidwayIsAnError) {
  const grpc::Status status = Query(
      /*limit=*/0,
      [](const v1::MovieQueryParams&, grpc::ServerWriter<v1::Movie>& writer) {
        for (int mid : {1, 2}) writer.Write(MakeMovie(mid));
        return grpc::Status(grpc::StatusCode::DATA_LOSS, "the disk is gone");
      });
  EXPECT_THAT(mids_, ElementsAre(1, 2)) << "What did arrive is delivered.";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS)
      << "The server broke off after two movies. Read() is false then too: the "
         "end of a stream is not success. Finish() knows which it was.";
  EXPECT_EQ(status.error_message(), "the disk is gone");
}

TEST_F(QueryMovieClientTest, ACancellationNotAskedForIsAnError) {
  const grpc::Status status = Query(
      /*limit=*/5,
      [](const v1::MovieQueryParams&, grpc::ServerWriter<v1::Movie>& writer) {
        writer.Write(MakeMovie(1));
        return grpc::Status(grpc::StatusCode::CANCELLED, "shutting down");
      });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED)
      << "The server gave up after one movie of five. Only the CANCELLED that "
         "QueryMovie itself asked for, at the limit, may become OK.";
}

TEST_F(QueryMovieClientTest, TheLimitEndsAnEndlessStream) {
  const grpc::Status status =
      Query(/*limit=*/3, [this](const v1::MovieQueryParams&,
                                grpc::ServerWriter<v1::Movie>& writer) {
        int mid = 1;
        while (writer.Write(MakeMovie(mid))) ++mid;
        handler_stopped_.Notify();
        return grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads");
      });
  EXPECT_THAT(mids_, ElementsAre(1, 2, 3))
      << "With a limit of 3, on_movie is called three times.";
  EXPECT_TRUE(status.ok())
      << "The limit was reached, which is what the caller wanted, and "
         "QueryMovie returned \""
      << status.error_message()
      << "\". If it returned CANCELLED: you asked for that; return OK. If the "
         "call ran into its deadline: nothing told the server to stop, and a "
         "stream that is not read does not end by itself. See "
         "ClientContext::TryCancel().";
  EXPECT_TRUE(handler_stopped_.WaitForNotificationWithTimeout(Patience()))
      << "The server is still writing.";
}

TEST_F(QueryMovieClientTest, TheLimitMayBeTheWholeStream) {
  const grpc::Status status = Query(
      /*limit=*/2,
      [](const v1::MovieQueryParams&, grpc::ServerWriter<v1::Movie>& writer) {
        for (int mid : {1, 2}) writer.Write(MakeMovie(mid));
        return grpc::Status::OK;
      });
  EXPECT_THAT(mids_, ElementsAre(1, 2));
  EXPECT_TRUE(status.ok()) << "Two movies were wanted, two there were: "
                           << status.error_message();
}

TEST_F(QueryMovieClientTest, NothingIsDeliveredBeyondTheLimit) {
  FakeStream stream;
  stream.movies = 4;
  stream.status = grpc::Status(grpc::StatusCode::CANCELLED, "as you wish");
  QueryFake(/*limit=*/2, &stream);
  EXPECT_THAT(mids_, ElementsAre(1, 2))
      << "With a limit of 2, on_movie is called twice. Movies 3 and 4 were on "
         "their way when the call was cancelled: Read() may still yield such, "
         "and nobody wants them.";
}

TEST_F(QueryMovieClientTest, ACancelledCallIsFinishedToo) {
  FakeStream stream;
  stream.movies = 4;
  stream.status = grpc::Status(grpc::StatusCode::CANCELLED, "as you wish");
  const grpc::Status status = QueryFake(/*limit=*/2, &stream);
  EXPECT_EQ(stream.finishes, 1)
      << "Finish() was called " << stream.finishes
      << " times. It ends every call on the client's side, once, also one that "
         "was cancelled: only then has gRPC let go of the ClientContext.";
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(QueryMovieClientTest, AnErrorAtTheLimitIsStillAnError) {
  FakeStream stream;
  stream.movies = 2;
  stream.status = grpc::Status(grpc::StatusCode::DATA_LOSS, "the disk is gone");
  const grpc::Status status = QueryFake(/*limit=*/2, &stream);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS)
      << "The limit was reached, and the server broke off before it learned of "
         "the cancellation. Only CANCELLED is what was asked for; Finish() "
         "said \""
      << stream.status.error_message() << "\".";
}

}  // namespace
}  // namespace movies
