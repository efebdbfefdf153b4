#include "relay_query_movie.h"

#include <atomic>
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

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kDidNotArrive[] =
    "The call did not arrive at the last service: each service on the way has "
    "to make a call to the next.";

constexpr char kDidNotComeBack[] =
    "The last service wrote a movie, and it did not reach the client, though "
    "the stream goes on: see EachMovieGoesOnBeforeTheNextComes.";

v1::Movie MakeMovie(int mid) {
  v1::Movie movie;
  movie.set_mid(mid);
  return movie;
}

// The time that a service has for its answer.
std::string ForPeople(absl::Duration left) {
  // gRPC's "no deadline" is the year 2262.
  if (left > absl::Hours(24 * 365)) return "no deadline";
  return absl::FormatDuration(left);
}

// The last service of the chain. Its answer is up to the test.
class BackService : public v1::MoviesService::Service {
 public:
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    const bool first = calls++ == 0;
    if (first) {
      query = request->query();
      left = absl::FromChrono(context->deadline()) - absl::Now();
      metadata = CopyMetadata(context->client_metadata());
      called.Notify();
    }
    grpc::Status status = script(*context, *writer);
    if (first) returned.Notify();
    return status;
  }

  std::function<grpc::Status(const grpc::ServerContext&,
                             grpc::ServerWriter<v1::Movie>&)>
      script = [](auto&...) { return grpc::Status::OK; };
  std::atomic<int> calls{0};
  absl::Notification called;
  // What the first call brought; to be read once `called` is notified.
  std::string query;
  absl::Duration left;
  Metadata metadata;
  absl::Notification returned;
};

// A writer that takes so many movies and no more.
class LimitedWriter : public grpc::ServerWriterInterface<v1::Movie> {
 public:
  LimitedWriter(grpc::ServerWriterInterface<v1::Movie>* to, int room)
      : to_(to), room_(room) {}

  using grpc::internal::WriterInterface<v1::Movie>::Write;
  bool Write(const v1::Movie& movie, grpc::WriteOptions options) override {
    ++attempts;
    return attempts <= room_ && to_->Write(movie, options);
  }
  void SendInitialMetadata() override { to_->SendInitialMetadata(); }

  int attempts = 0;

 private:
  grpc::ServerWriterInterface<v1::Movie>* const to_;
  const int room_;
};

// A service that answers by RelayQueryMovie.
class RelayService : public v1::MoviesService::Service {
 public:
  explicit RelayService(std::unique_ptr<v1::MoviesService::StubInterface> next)
      : next_(std::move(next)) {}

  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    LimitedWriter limited(writer, room);
    const grpc::Status result =
        RelayQueryMovie(*next_, *context, next_call, *request, limited);
    // A relay that asks the next service twice gets here twice.
    if (calls++ == 0) {
      status = result;
      attempts = limited.attempts;
      returned.Notify();
    }
    return result;
  }

  // How many movies the writer takes.
  int room = 1'000'000;
  NextCall next_call;
  std::atomic<int> calls{0};
  absl::Notification returned;
  // What the first call came to; to be read once `returned` is notified.
  grpc::Status status;
  int attempts = 0;

 private:
  const std::unique_ptr<v1::MoviesService::StubInterface> next_;
};

// A client, and three services in a row: front calls middle calls back.
class RelayQueryMovieTest : public ::testing::Test {
 protected:
  // Starts the call. However the relay goes wrong, the deadline ends it.
  void Call(absl::Duration timeout = 2 * support::Patience()) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    v1::MovieQueryParams request;
    request.set_query("robot");
    reader_ = client_->QueryMovie(&context_, request);
  }

  // The ID of the next movie, or 0 if there are no more.
  int Read() {
    v1::Movie movie;
    return reader_->Read(&movie) ? movie.mid() : 0;
  }

  // The IDs of all movies that are still to come.
  std::vector<int> ReadAll() {
    std::vector<int> mids;
    for (v1::Movie movie; reader_->Read(&movie); movie.Clear()) {
      mids.push_back(movie.mid());
    }
    return mids;
  }

  // For the scripts.
  bool cancelled_ = false;
  absl::Notification first_read_;
  bool in_time_ = false;
  absl::Notification release_;

  BackService back_;
  support::TestServer back_server_{&back_};
  RelayService middle_{v1::MoviesService::NewStub(back_server_.NewChannel())};
  support::TestServer middle_server_{&middle_};
  RelayService front_{v1::MoviesService::NewStub(middle_server_.NewChannel())};
  support::TestServer front_server_{&front_};
  std::unique_ptr<v1::MoviesService::Stub> client_ =
      v1::MoviesService::NewStub(front_server_.NewChannel());
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Movie>> reader_;
};

TEST_F(RelayQueryMovieTest, PassesEveryMovieOnInOrder) {
  back_.script = [](const grpc::ServerContext&,
                    grpc::ServerWriter<v1::Movie>& writer) {
    for (int mid : {1, 2, 3}) writer.Write(MakeMovie(mid));
    return grpc::Status::OK;
  };
  Call();
  EXPECT_THAT(ReadAll(), ElementsAre(1, 2, 3))
      << "The last service wrote movies 1, 2 and 3. The middle one is its "
         "client: it reads a stream, with a ClientContext that belongs to the "
         "call that it answers, and writes another. If it wrote a movie that "
         "did not reach the client, something holds it back.";
  const grpc::Status status = reader_->Finish();
  EXPECT_TRUE(status.ok()) << "The last service ended the stream with OK, and "
                              "the client got \""
                           << status.error_message() << "\".";
  EXPECT_EQ(back_.query, "robot") << "The request goes on as it came.";
}

TEST_F(RelayQueryMovieTest, EachMovieGoesOnBeforeTheNextComes) {
  back_.script = [this](const grpc::ServerContext&,
                        grpc::ServerWriter<v1::Movie>& writer) {
    writer.Write(MakeMovie(1));
    in_time_ = first_read_.WaitForNotificationWithTimeout(support::Patience());
    writer.Write(MakeMovie(2));
    return grpc::Status::OK;
  };
  Call();
  EXPECT_EQ(Read(), 1)
      << "The last service wrote a movie, and it did not reach the client.";
  first_read_.Notify();
  ReadAll();
  reader_->Finish();
  EXPECT_TRUE(in_time_)
      << "The last service waits with movie 2 until the client has read movie "
         "1, which was written and did not come: something on the way collects "
         "the stream, or holds it back to send more at once. A relay that "
         "collects needs memory for all of it, and its caller waits for "
         "the last movie to see the first.";
}

TEST_F(RelayQueryMovieTest, BringsBackTheStatusThatEndedTheStream) {
  back_.script = [](const grpc::ServerContext&,
                    grpc::ServerWriter<v1::Movie>& writer) {
    for (int mid : {1, 2}) writer.Write(MakeMovie(mid));
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "the disk is gone",
                        "details");
  };
  Call();
  EXPECT_THAT(ReadAll(), ElementsAre(1, 2)) << "What did arrive goes on.";
  const grpc::Status status = reader_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS)
      << "The last service broke off with DATA_LOSS after two movies, and the "
         "client got code "
      << status.error_code() << " \"" << status.error_message()
      << "\". To the relay's Read() that looks like a good end.";
  EXPECT_EQ(status.error_message(), "the disk is gone")
      << "The message is part of the status.";
  EXPECT_EQ(status.error_details(), "details")
      << "A status is a code, a message and details.";
  EXPECT_LE(back_.calls, 1)
      << "The next service was called more than once: one call in, one call "
         "out.";
}

TEST_F(RelayQueryMovieTest, CancellingTheFirstCallCancelsTheLast) {
  back_.script = [this](const grpc::ServerContext& context,
                        grpc::ServerWriter<v1::Movie>& writer) {
    writer.Write(MakeMovie(1));
    cancelled_ = support::WaitUntilCancelled(context, support::Patience());
    return grpc::Status::OK;
  };
  Call();
  const int first = Read();
  context_.TryCancel();
  const grpc::Status status = reader_->Finish();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  ASSERT_EQ(first, 1) << kDidNotComeBack;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED)
      << "The client cancelled, and got code " << status.error_code() << " \""
      << status.error_message() << "\".";
  ASSERT_TRUE(
      back_.returned.WaitForNotificationWithTimeout(2 * support::Patience()));
  EXPECT_TRUE(cancelled_)
      << "The client read one movie and cancelled, and the last service's "
         "IsCancelled() stayed false. The relay stands in Read() meanwhile and "
         "cannot notice: the new call has to be a child of the caller's.";
}

TEST_F(RelayQueryMovieTest, NobodyWaitsAfterACancellation) {
  // A service that does not look at IsCancelled(), and works until told.
  back_.script = [this](const grpc::ServerContext&,
                        grpc::ServerWriter<v1::Movie>& writer) {
    writer.Write(MakeMovie(1));
    release_.WaitForNotificationWithTimeout(2 * support::Patience());
    return grpc::Status::OK;
  };
  Call();
  const int first = Read();
  context_.TryCancel();
  reader_->Finish();
  if (first != 1) release_.Notify();
  ASSERT_EQ(first, 1) << kDidNotComeBack;
  EXPECT_TRUE(
      front_.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The client has gone, and the front service still relays.";
  EXPECT_TRUE(
      middle_.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The client has gone, and the middle service still waits for the next "
         "movie. A child call ends with its parent, whatever the server at its "
         "other end does.";
  release_.Notify();
}

TEST_F(RelayQueryMovieTest, AWriterThatTakesNoMoreStopsTheNextService) {
  back_.script = [this](const grpc::ServerContext& context,
                        grpc::ServerWriter<v1::Movie>& writer) {
    for (int mid : {1, 2, 3}) writer.Write(MakeMovie(mid));
    cancelled_ = support::WaitUntilCancelled(context, support::Patience());
    return grpc::Status::OK;
  };
  middle_.room = 2;
  Call();
  ReadAll();
  reader_->Finish();
  ASSERT_TRUE(
      middle_.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The middle service has not returned.";
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  ASSERT_TRUE(
      back_.returned.WaitForNotificationWithTimeout(2 * support::Patience()));
  EXPECT_TRUE(cancelled_)
      << "The middle service's writer took two movies and refused the third. "
         "The last service was not told, and worked on. Its caller is still "
         "there, so nothing is inherited here: the relay has to cancel.";
  EXPECT_EQ(middle_.attempts, 3)
      << "Once a Write() is false, every later one would be.";
  EXPECT_EQ(middle_.status.error_code(), grpc::StatusCode::CANCELLED)
      << "The stream was not relayed to its end, and the relay returned code "
      << middle_.status.error_code() << " \"" << middle_.status.error_message()
      << "\".";
}

TEST_F(RelayQueryMovieTest, CarriesTheDeadlinesAndTheMetadata) {
  front_.next_call.metadata = {{"x-request-id", "42"},
                               {"x-via", "gateway"},
                               {"x-via", "front"},
                               {"x-trace-bin", std::string("a\0b", 3)}};
  middle_.next_call = front_.next_call;
  middle_.next_call.deadline = absl::Now() + absl::Seconds(30);
  Call(absl::Seconds(60));
  ReadAll();
  reader_->Finish();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  EXPECT_LE(back_.left, absl::Seconds(30.3))
      << "The client waits 60 s and the middle service 30 s, by "
         "call.deadline: the earlier one counts.";
  EXPECT_THAT(back_.metadata, Contains(Pair("x-request-id", "42")))
      << "call.metadata has to be added to the call.";
  EXPECT_EQ(back_.metadata.count("x-via"), 2u)
      << "call.metadata has two values for x-via: metadata is a multimap.";
  EXPECT_THAT(back_.metadata,
              Contains(Pair("x-trace-bin", std::string("a\0b", 3))))
      << "A -bin value is any bytes, here three, and the second is null.";
}

TEST_F(RelayQueryMovieTest, ALongerDeadlineIsNoneToGive) {
  front_.next_call.deadline = absl::Now() + absl::Hours(1);
  middle_.next_call.deadline = absl::Now() + absl::Hours(1);
  Call(absl::Seconds(60));
  ReadAll();
  reader_->Finish();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  EXPECT_LE(back_.left, absl::Seconds(60.3))
      << "The client waits 60 s, and the last service believes that it has "
      << ForPeople(back_.left)
      << ". The deadline of the caller's call counts too.";
}

// A stream without a server, of movies 1, 2, 3, … It ends with OK, whatever
// becomes of the call meanwhile.
class FakeReader : public grpc::ClientReaderInterface<v1::Movie> {
 public:
  FakeReader(int movies, int* finishes)
      : movies_(movies), finishes_(*finishes) {}

  bool Read(v1::Movie* movie) override {
    if (reads_ == movies_) return false;
    *movie = MakeMovie(++reads_);
    return true;
  }
  grpc::Status Finish() override {
    ++finishes_;
    return grpc::Status::OK;
  }
  bool NextMessageSize(uint32_t*) override { return false; }
  void WaitForInitialMetadata() override {}

 private:
  const int movies_;
  int reads_ = 0;
  int& finishes_;
};

TEST(RelayQueryMovieFinishTest, ACallThatIsGivenUpIsFinishedToo) {
  int finishes = 0;
  auto stub =
      std::make_unique<::testing::NiceMock<v1::MockMoviesServiceStub>>();
  ON_CALL(*stub, QueryMovieRaw).WillByDefault([&finishes](auto...) {
    return new FakeReader(/*movies=*/3, &finishes);
  });
  RelayService middle(std::move(stub));
  middle.room = 1;
  support::TestServer server(&middle);
  auto client = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + support::Patience()));
  auto reader = client->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  while (reader->Read(&movie)) {
  }
  reader->Finish();
  ASSERT_TRUE(
      middle.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The middle service has not returned.";
  EXPECT_EQ(finishes, 1)
      << "The relay's writer took one movie of three, and Finish() was called "
      << finishes
      << " times on the stream of the next service. It ends every call on the "
         "client's side, once.";
  EXPECT_EQ(middle.status.error_code(), grpc::StatusCode::CANCELLED)
      << "The next service's stream ended with OK here. Of the relay's own "
         "stream, which broke off after one movie, that says nothing; the "
         "relay returned code "
      << middle.status.error_code() << " \"" << middle.status.error_message()
      << "\".";
}

}  // namespace
}  // namespace movies
