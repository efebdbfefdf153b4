#include "relay_get_movie.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr char kDidNotArrive[] =
    "The call did not arrive at the last service: each service on the way has "
    "to make a call to the next.";

// The time that a service has for its answer.
std::string ForPeople(absl::Duration left) {
  // gRPC's "no deadline" is the year 2262.
  if (left > absl::Hours(24 * 365)) return "no deadline";
  return absl::FormatDuration(left);
}

// The last service of the chain. Its answer is up to the test.
class BackService : public v1::MoviesService::Service {
 public:
  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    const bool first = calls++ == 0;
    if (first) {
      deadline = absl::FromChrono(context->deadline());
      left = deadline - absl::Now();
      metadata = CopyMetadata(context->client_metadata());
      called.Notify();
    }
    grpc::Status status = script(context, *request, response);
    if (first) returned.Notify();
    return status;
  }

  std::function<grpc::Status(grpc::ServerContext*, const v1::MovieID&,
                             v1::Movie*)>
      script = [](auto...) { return grpc::Status::OK; };
  std::atomic<int> calls{0};
  absl::Notification called;
  // What the first call brought; to be read once `called` is notified.
  absl::Time deadline;
  absl::Duration left;
  Metadata metadata;
  absl::Notification returned;
};

// A service that answers by RelayGetMovie.
class RelayService : public v1::MoviesService::Service {
 public:
  explicit RelayService(std::unique_ptr<v1::MoviesService::Stub> next)
      : next_(std::move(next)) {}

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    grpc::Status status = RelayGetMovie(*next_, *context, next_call(*context),
                                        *request, response);
    if (calls++ == 0) returned.Notify();
    return status;
  }

  // What to do with the next call.
  std::function<NextCall(const grpc::ServerContext&)> next_call =
      [](const grpc::ServerContext&) { return NextCall(); };
  std::atomic<int> calls{0};
  absl::Notification returned;

 private:
  const std::unique_ptr<v1::MoviesService::Stub> next_;
};

// A client, and three services in a row: front calls middle calls back.
class RelayGetMovieTest : public ::testing::Test {
 protected:
  grpc::Status Call() {
    v1::MovieID request;
    request.set_mid(7);
    return client_->GetMovie(&context_, request, &movie_);
  }

  // What both relays do with the next call.
  void SetNextCall(std::function<NextCall(const grpc::ServerContext&)> f) {
    front_.next_call = f;
    middle_.next_call = f;
  }

  // Makes the call, and cancels it when it has arrived at the last service.
  // Returns whether it has.
  bool CallAndCancel() {
    std::future<grpc::Status> status =
        std::async(std::launch::async, [this] { return Call(); });
    const bool arrived =
        back_.called.WaitForNotificationWithTimeout(support::Patience());
    context_.TryCancel();
    status.get();
    return arrived;
  }

  // For the scripts.
  bool cancelled_ = false;
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
  v1::Movie movie_;
};

TEST_F(RelayGetMovieTest, BringsTheAnswerBack) {
  back_.script = [](grpc::ServerContext*, const v1::MovieID& request,
                    v1::Movie* response) {
    response->set_mid(request.mid());
    response->set_movie_name("Metropolis (1927)");
    return grpc::Status::OK;
  };
  const grpc::Status status = Call();
  ASSERT_TRUE(status.ok())
      << "The last service answered with a movie, and the client got \""
      << status.error_message()
      << "\". A service in the middle is a server to the one and a client to "
         "the other: it makes a call with a ClientContext, one that belongs to "
         "the call that is being answered.";
  EXPECT_EQ(movie_.mid(), 7) << "The request goes on as it came.";
  EXPECT_EQ(movie_.movie_name(), "Metropolis (1927)");
}

TEST_F(RelayGetMovieTest, BringsTheStatusBackAsItIs) {
  back_.script = [](auto...) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no movie has the ID 7",
                        "details");
  };
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND)
      << "The last service said NOT_FOUND, and the client got code "
      << status.error_code() << " \"" << status.error_message()
      << "\". The request went on unchanged, so the last service's NOT_FOUND "
         "answers the first caller.";
  EXPECT_EQ(status.error_message(), "no movie has the ID 7")
      << "The message is part of the status.";
  EXPECT_EQ(status.error_details(), "details")
      << "A status is a code, a message and details.";
  EXPECT_LE(back_.calls, 1)
      << "The next service was called more than once: one call in, one call "
         "out.";
}

TEST_F(RelayGetMovieTest, TheLastServiceSeesTheFirstCallersDeadline) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  Call();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  // On the wire a deadline is the time left, here rounded up to tenths of a
  // second, once per hop.
  EXPECT_LE(back_.left, absl::Seconds(60.3))
      << "The client waits 60 s, and the last service believes that it has "
      << ForPeople(back_.left)
      << ". The deadline of a call that is being answered has to go along with "
         "the calls that are made for it.";
}

TEST_F(RelayGetMovieTest, ALongerDeadlineIsNoneToGive) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  SetNextCall([](const grpc::ServerContext&) {
    NextCall call;
    call.deadline = absl::Now() + absl::Hours(1);
    return call;
  });
  Call();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  EXPECT_LE(back_.left, absl::Seconds(60.3))
      << "call.deadline was an hour away and the client waits 60 s: the "
         "earlier "
         "one counts. The last service believes that it has "
      << ForPeople(back_.left)
      << ", and would work long after the client has gone.";
}

TEST_F(RelayGetMovieTest, TheDeadlineShrinksFromHopToHop) {
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  context_.set_deadline(absl::ToChronoTime(deadline));
  // Each of the two keeps 10 s for itself: far more than a hop takes even on a
  // machine that has much else to do.
  SetNextCall([](const grpc::ServerContext& context) {
    NextCall call;
    call.deadline = absl::FromChrono(context.deadline()) - absl::Seconds(10);
    return call;
  });
  Call();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  EXPECT_LE(back_.deadline, deadline - absl::Seconds(10))
      << "Two services kept 10 s each, by call.deadline. The last service's "
         "deadline should lie well before the first caller's, and is "
      << back_.deadline - deadline << " after it.";
}

TEST_F(RelayGetMovieTest, WithoutADeadlineThereIsStillTheServicesOwn) {
  middle_.next_call = [](const grpc::ServerContext&) {
    NextCall call;
    call.deadline = absl::Now() + absl::Milliseconds(100);
    return call;
  };
  back_.script = [](grpc::ServerContext* context, const v1::MovieID&,
                    v1::Movie*) {
    support::WaitUntilCancelled(*context, support::Patience());
    return grpc::Status::OK;
  };
  const grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "The client set no deadline, the middle service one of 100 ms, by "
         "call.deadline, and the last service does not answer. The client got "
         "code "
      << status.error_code() << " \"" << status.error_message() << "\".";
}

TEST_F(RelayGetMovieTest, CancellingTheFirstCallCancelsTheLast) {
  back_.script = [this](grpc::ServerContext* context, const v1::MovieID&,
                        v1::Movie*) {
    cancelled_ = support::WaitUntilCancelled(*context, support::Patience());
    return grpc::Status::OK;
  };
  ASSERT_TRUE(CallAndCancel()) << kDidNotArrive;
  ASSERT_TRUE(
      back_.returned.WaitForNotificationWithTimeout(2 * support::Patience()));
  EXPECT_TRUE(cancelled_)
      << "The client cancelled, and the last service's IsCancelled() stayed "
         "false: it works on for nobody. A call is cancelled with the one that "
         "it is made for only if it is that one's child; a deadline that was "
         "copied does not make it one.";
}

TEST_F(RelayGetMovieTest, NobodyWaitsAfterACancellation) {
  // A service that does not look at IsCancelled(), and works until told.
  back_.script = [this](auto...) {
    release_.WaitForNotificationWithTimeout(2 * support::Patience());
    return grpc::Status::OK;
  };
  const bool arrived = CallAndCancel();
  EXPECT_TRUE(arrived) << kDidNotArrive;
  EXPECT_TRUE(
      front_.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The client cancelled, and the front service still waits.";
  EXPECT_TRUE(
      middle_.returned.WaitForNotificationWithTimeout(support::Patience()))
      << "The client cancelled, and the middle service still waits for the "
         "last one, which does not look whether it is cancelled. A child call "
         "ends with its parent, whatever the server at its other end does.";
  release_.Notify();
}

TEST_F(RelayGetMovieTest, CarriesTheMetadataOfTheNextCall) {
  context_.AddMetadata("x-secret", "for the front only");
  SetNextCall([](const grpc::ServerContext&) {
    NextCall call;
    call.metadata = {{"x-request-id", "42"},
                     {"x-via", "gateway"},
                     {"x-via", "front"},
                     {"x-trace-bin", std::string("a\0b", 3)}};
    return call;
  });
  Call();
  ASSERT_TRUE(back_.called.HasBeenNotified()) << kDidNotArrive;
  EXPECT_THAT(back_.metadata, Contains(Pair("x-request-id", "42")))
      << "call.metadata has to be added to the call, which takes nothing else "
         "from its parent but the deadline and the cancellation.";
  EXPECT_EQ(back_.metadata.count("x-via"), 2u)
      << "call.metadata has two values for x-via: metadata is a multimap.";
  EXPECT_THAT(back_.metadata,
              Contains(Pair("x-trace-bin", std::string("a\0b", 3))))
      << "A -bin value is any bytes, here three, and the second is null.";
  EXPECT_THAT(back_.metadata, Not(Contains(Key("x-secret"))))
      << "The client sent x-secret to the front service. Only what is in "
         "call.metadata may go on.";
}

}  // namespace
}  // namespace movies
