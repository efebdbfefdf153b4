#include "query_movie_server.h"

#include <grpc/grpc.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::support::Patience;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// `count` movies, mid 1 to `count`, with descriptions of `bytes` letters.
v1::Catalogue MakeCatalogue(int count, int bytes) {
  v1::Catalogue catalogue;
  for (int mid = 1; mid <= count; ++mid) {
    v1::Movie& movie = *catalogue.add_movies();
    movie.set_mid(mid);
    movie.set_movie_name(absl::StrCat("Movie ", mid));
    movie.set_movie_description(std::string(bytes, 'x'));
  }
  return catalogue;
}

// Passes every movie on to another writer, and watches.
class WatchedWriter : public grpc::ServerWriterInterface<v1::Movie> {
 public:
  explicit WatchedWriter(grpc::ServerWriterInterface<v1::Movie>* to)
      : to_(to) {}

  using grpc::internal::WriterInterface<v1::Movie>::Write;
  bool Write(const v1::Movie& movie, grpc::WriteOptions options) override {
    if (failed) ++writes_after_failure;
    buffered = buffered || options.get_buffer_hint();
    if (before_write) before_write(++writes);
    const bool ok = to_->Write(movie, options);
    failed = failed || !ok;
    return ok;
  }
  void SendInitialMetadata() override { to_->SendInitialMetadata(); }

  // Called with the number of the write, from 1.
  std::function<void(int)> before_write;
  int writes = 0;
  bool failed = false;
  int writes_after_failure = 0;
  // Whether gRPC was told that it may keep a movie back.
  bool buffered = false;

 private:
  grpc::ServerWriterInterface<v1::Movie>* const to_;
};

// A writer without a client: takes as many movies as it is told to.
class FakeWriter : public grpc::ServerWriterInterface<v1::Movie> {
 public:
  explicit FakeWriter(int room) : room_(room) {}

  bool Write(const v1::Movie& movie, grpc::WriteOptions) override {
    attempts.push_back(movie.mid());
    return static_cast<int>(attempts.size()) <= room_;
  }
  void SendInitialMetadata() override {}

  std::vector<int> attempts;

 private:
  const int room_;
};

// A service that answers by ServeQueryMovie, and keeps what became of it.
class QueryService : public v1::MoviesService::Service {
 public:
  explicit QueryService(v1::Catalogue catalogue) : store(catalogue) {}

  grpc::Status QueryMovie(grpc::ServerContext*,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    WatchedWriter watched(writer);
    watched.before_write = before_write;
    status = ServeQueryMovie(store, *request, watched);
    writes_after_failure = watched.writes_after_failure;
    buffered = watched.buffered;
    returned.Notify();
    return status;
  }

  const MovieStore store;
  std::function<void(int)> before_write;
  // To be read once `returned` is notified.
  absl::Notification returned;
  grpc::Status status;
  int writes_after_failure = 0;
  bool buffered = false;
};

struct Answer {
  std::vector<int> mids;
  grpc::Status status;
};

Answer Query(v1::MoviesService::Stub& stub, const std::string& query) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  v1::MovieQueryParams params;
  params.set_query(query);
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub.QueryMovie(&context, params);
  Answer answer;
  v1::Movie movie;
  while (reader->Read(&movie)) answer.mids.push_back(movie.mid());
  answer.status = reader->Finish();
  return answer;
}

TEST(QueryMovieServerTest, SendsEveryMatchInOrderOfId) {
  v1::Catalogue catalogue = MakeCatalogue(5, 10);
  catalogue.mutable_movies(1)->set_movie_description("A robot dreams.");
  catalogue.mutable_movies(3)->set_movie_description("A Robot wakes.");
  QueryService service(catalogue);
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());

  const Answer answer = Query(*stub, "robot");
  EXPECT_TRUE(answer.status.ok())
      << "The stream ended with the status \"" << answer.status.error_message()
      << "\". A server stream is a handler that calls Write() once per "
         "message; "
         "the status that it returns ends the stream and goes to the client.";
  EXPECT_THAT(answer.mids, ElementsAre(2, 4))
      << "The client should have read movies 2 and 4, whose descriptions "
         "contain \"robot\".";
}

TEST(QueryMovieServerTest, NothingFoundIsAnEmptyStreamAndOk) {
  QueryService service(MakeCatalogue(5, 10));
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());

  const Answer answer = Query(*stub, "zeppelin");
  EXPECT_TRUE(answer.status.ok())
      << "The search went well and found nothing, yet the stream ended with \""
      << answer.status.error_message()
      << "\". A stream of no messages is a proper answer, not an error.";
  EXPECT_THAT(answer.mids, IsEmpty());
}

TEST(QueryMovieServerTest, EachMovieLeavesBeforeTheNextIsWritten) {
  QueryService service(MakeCatalogue(3, 10));
  absl::Notification first_read;
  bool in_time = true;
  service.before_write = [&](int write) {
    if (write == 2)
      in_time = first_read.WaitForNotificationWithTimeout(Patience() / 2);
  };
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());

  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  ASSERT_TRUE(reader->Read(&movie)) << "No movie arrived.";
  first_read.Notify();
  while (reader->Read(&movie)) {
  }
  EXPECT_TRUE(in_time)
      << "Movie 2 was held back until movie 1 had been read, and movie 1 did "
         "not arrive: something keeps it in a buffer. A plain Write() sends at "
         "once, which is why people use a stream.";
  ASSERT_TRUE(service.returned.WaitForNotificationWithTimeout(Patience()))
      << "The client has read the stream, and the handler still runs.";
  EXPECT_FALSE(service.buffered)
      << "A write had the buffer hint: gRPC may then keep the movie back until "
         "another one follows, and sometimes does. A plain Write() sends at "
         "once, which is why people use a stream.";
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok())
      << "Three movies were written, and the stream ended with the status \""
      << status.error_message() << "\".";
}

TEST(QueryMovieServerTest, StopsAtTheFirstWriteThatFails) {
  MovieStore store(MakeCatalogue(10, 10));
  FakeWriter writer(/*room=*/3);
  const grpc::Status status =
      ServeQueryMovie(store, v1::MovieQueryParams(), writer);
  ASSERT_THAT(writer.attempts, Not(IsEmpty()))
      << "Ten movies match, and Write() was never called.";
  EXPECT_THAT(writer.attempts, ElementsAre(1, 2, 3, 4))
      << "This writer takes three movies, and its fourth Write() is false: the "
         "call is over. Every further write is work for nobody.";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED)
      << "A handler that did not finish its work should not say OK: logs and "
         "metrics would count the call as a success.";
}

TEST(QueryMovieServerTest, StopsWhenTheClientCancels) {
  // 20 MB, far more than the client's window: the handler cannot be done
  // before the client, which reads one movie only, cancels.
  QueryService service(MakeCatalogue(2000, 10'000));
  support::TestServer server(&service);
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // Or the window grows.
  auto stub = v1::MoviesService::NewStub(server.NewChannel(args));

  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + Patience()));
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader =
      stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  ASSERT_TRUE(reader->Read(&movie)) << "No movie arrived.";
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);

  ASSERT_TRUE(service.returned.WaitForNotificationWithTimeout(Patience()))
      << "The client cancelled, and the handler still runs.";
  EXPECT_EQ(service.writes_after_failure, 0)
      << "The client cancelled, a Write() returned false, and the handler went "
         "on writing. Look at what Write() returns.";
  EXPECT_EQ(service.status.error_code(), grpc::StatusCode::CANCELLED)
      << "The client cancelled midway; the handler should return CANCELLED.";
}

}  // namespace
}  // namespace movies
