#include "movies_service.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::HasSubstr;

v1::Catalogue TwoMovies() {
  v1::Catalogue catalogue;
  v1::Movie* movie = catalogue.add_movies();
  movie->set_mid(1);
  movie->set_movie_name("Metropolis (1927)");
  movie->set_movie_style("science fiction");
  movie = catalogue.add_movies();
  movie->set_mid(1234);
  movie->set_movie_name("The General (1926)");
  movie->set_movie_style("comedy");
  return catalogue;
}

// A handler is a member function like any other: these tests call it without a
// server, as gRPC would with a request that came in.
class MoviesServiceTest : public ::testing::Test {
 protected:
  grpc::Status GetMovie(int mid) {
    v1::MovieID request;
    request.set_mid(mid);
    grpc::ServerContext context;
    // Through the base class, as gRPC does it.
    v1::MoviesService::Service& base = service_;
    return base.GetMovie(&context, &request, &response_);
  }

  MovieStore store_{TwoMovies()};
  MoviesService service_{&store_};
  v1::Movie response_;
};

TEST_F(MoviesServiceTest, ReturnsTheMovieWithTheRequestedId) {
  const grpc::Status status = GetMovie(1234);
  ASSERT_TRUE(status.ok())
      << "GetMovie returned code " << status.error_code() << ", \""
      << status.error_message()
      << "\". A handler returns grpc::Status::OK once it has filled in "
         "`response`; store_.Find() looks a movie up.";
  EXPECT_EQ(response_.movie_name(), "The General (1926)")
      << "GetMovie returned OK, but the client gets what `response` points to: "
         "copy the movie there.";
  EXPECT_EQ(response_.movie_style(), "comedy") << "Copy the whole movie.";
  EXPECT_EQ(response_.mid(), 1234) << "Copy the whole movie.";
}

TEST_F(MoviesServiceTest, SaysNotFoundWhenNoMovieHasTheId) {
  const grpc::Status status = GetMovie(99);
  ASSERT_FALSE(status.ok())
      << "No movie has the ID 99. An empty movie with status OK would pass for "
         "a movie without a name.";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND)
      << "Clients decide by the code. NOT_FOUND (5) says that the request is "
         "fine but the movie is not there. GetMovie returned code "
      << status.error_code() << ", \"" << status.error_message() << "\".";
}

TEST_F(MoviesServiceTest, NamesTheIdThatWasNotFound) {
  EXPECT_THAT(GetMovie(99).error_message(), HasSubstr("99"))
      << "People read the message in a log, where the request is not at hand.";
}

TEST_F(MoviesServiceTest, RefusesIdZero) {
  const grpc::Status status = GetMovie(0);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "0 is what a request carries whose ID was never set. Such a request "
         "is wrong whatever the catalogue holds: INVALID_ARGUMENT (3). "
         "GetMovie returned code "
      << status.error_code() << ", \"" << status.error_message() << "\".";
}

TEST_F(MoviesServiceTest, RefusesANegativeIdAndNamesIt) {
  const grpc::Status status = GetMovie(-7);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "No movie can have a negative ID, in no catalogue: INVALID_ARGUMENT "
         "(3). GetMovie returned code "
      << status.error_code() << ", \"" << status.error_message() << "\".";
  EXPECT_THAT(status.error_message(), HasSubstr("-7"));
}

TEST_F(MoviesServiceTest, SeesMoviesThatWereStoredLater) {
  v1::Movie movie;
  movie.set_mid(3);
  movie.set_movie_name("Nosferatu (1922)");
  store_.Put(movie);
  const grpc::Status status = GetMovie(3);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.movie_name(), "Nosferatu (1922)")
      << "The store may change while the server runs: ask it on every call.";
}

}  // namespace
}  // namespace movies
