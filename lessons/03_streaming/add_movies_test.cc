#include "add_movies.h"

#include <grpc/grpc.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

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

// A server whose end of AddMovies is up to the test.
class ScriptedService : public v1::MoviesService::Service {
 public:
  using Script = std::function<grpc::Status(grpc::ServerReader<v1::Movie>&,
                                            v1::AddMoviesSummary&)>;

  explicit ScriptedService(Script script) : script_(std::move(script)) {}

  grpc::Status AddMovies(grpc::ServerContext*,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* summary) override {
    return script_(*reader, *summary);
  }

 private:
  const Script script_;
};

// Yields movies 1 to `count` with descriptions of `bytes` letters, and counts
// how many were taken.
class CountedSource {
 public:
  CountedSource(int count, int bytes)
      : count_(count), description_(bytes, 'x') {}

  bool operator()(v1::Movie* movie) {
    if (taken_ == count_) return false;
    movie->set_mid(++taken_);
    movie->set_movie_description(description_);
    return true;
  }

  int taken() const { return taken_; }

 private:
  const int count_;
  const std::string description_;
  int taken_ = 0;
};

// Uploads to a server that plays `script`.
grpc::Status Upload(CountedSource& source, ScriptedService::Script script,
                    v1::AddMoviesSummary* summary) {
  ScriptedService service(std::move(script));
  support::TestServerOptions options;
  options.configure = [](grpc::ServerBuilder& builder) {
    // The window stays at 64 kB, and does not grow with the traffic.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  };
  support::TestServer server(&service, options);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  return AddMovies(*stub, std::ref(source), absl::Now() + Patience(), summary);
}

TEST(AddMoviesTest, TheServerReadsEveryMovieInOrder) {
  CountedSource source(/*count=*/3, /*bytes=*/10);
  std::vector<int> mids;
  v1::AddMoviesSummary summary;
  const grpc::Status status = Upload(
      source,
      [&](grpc::ServerReader<v1::Movie>& reader, v1::AddMoviesSummary&) {
        v1::Movie movie;
        while (reader.Read(&movie)) mids.push_back(movie.mid());
        return grpc::Status::OK;
      },
      &summary);
  EXPECT_THAT(mids, ElementsAre(1, 2, 3))
      << "The server should have read movies 1, 2 and 3. A client stream is "
         "many messages of one call: one Write() for each on the writer that "
         "the stub returned.";
  EXPECT_TRUE(status.ok())
      << "AddMovies returned \"" << status.error_message()
      << "\". If the call ran into its deadline: the server reads on until the "
         "client says that no more will come. That is WritesDone().";
}

TEST(AddMoviesTest, TheAnswerIsTheServers) {
  CountedSource source(/*count=*/3, /*bytes=*/10);
  v1::AddMoviesSummary summary;
  const grpc::Status status = Upload(
      source,
      [&](grpc::ServerReader<v1::Movie>& reader,
          v1::AddMoviesSummary& response) {
        v1::Movie movie;
        while (reader.Read(&movie)) {
        }
        response.set_added(1);
        response.set_replaced(2);
        return grpc::Status::OK;
      },
      &summary);
  EXPECT_TRUE(status.ok())
      << "AddMovies returned \"" << status.error_message()
      << "\". If the call ran into its deadline: the server answers once the "
         "client has half-closed with WritesDone().";
  EXPECT_EQ(summary.added(), 1)
      << "Only the server knows which movies were new. Its one answer arrives "
         "with Finish(), in the message that the call was started with.";
  EXPECT_EQ(summary.replaced(), 2);
}

TEST(AddMoviesTest, NoMoviesAtAllGetAnAnswerToo) {
  CountedSource source(/*count=*/0, /*bytes=*/10);
  v1::AddMoviesSummary summary;
  const grpc::Status status = Upload(
      source,
      [&](grpc::ServerReader<v1::Movie>& reader, v1::AddMoviesSummary&) {
        v1::Movie movie;
        EXPECT_FALSE(reader.Read(&movie));
        return grpc::Status::OK;
      },
      &summary);
  EXPECT_TRUE(status.ok())
      << "There was nothing to upload, and AddMovies returned \""
      << status.error_message()
      << "\". An empty stream is half-closed too, and answered.";
}

TEST(AddMoviesTest, AnEarlyRefusalStopsTheUpload) {
  // 20 MB, far more than the server's window: most of them cannot have left
  // before the server refuses the third.
  CountedSource source(/*count=*/5'000, /*bytes=*/4'000);
  v1::AddMoviesSummary summary;
  const grpc::Status status = Upload(
      source,
      [](grpc::ServerReader<v1::Movie>& reader, v1::AddMoviesSummary&) {
        v1::Movie movie;
        for (int i = 0; i < 3; ++i) reader.Read(&movie);
        return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                            "movie 3 has no name");
      },
      &summary);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "The server refused movie 3 and said why; AddMovies returned \""
      << status.error_message()
      << "\". That Write() fails only tells that the call is over; Finish() "
         "returns the reason.";
  EXPECT_EQ(status.error_message(), "movie 3 has no name");
  EXPECT_LT(source.taken(), 5'000)
      << "The server refused movie 3, and the upload went on to the last of "
         "5000 movies. Look at what Write() returns.";
}

}  // namespace
}  // namespace movies
