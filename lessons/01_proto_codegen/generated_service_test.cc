// What grpc_cpp_plugin makes of `service MoviesService`: a base class for
// servers, a stub for clients, a mock of the stub for tests; and what protoc
// makes of it: a descriptor.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fetch_movie.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movie_service.h"
#include "movies/v1/movies.grpc.pb.h"
#include "movies/v1/movies_mock.grpc.pb.h"
#include "proto/movie_store.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using ::testing::_;
using ::testing::DoAll;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Return;
using ::testing::SetArgPointee;

TEST(GeneratedBaseClassTest, AnswersUnimplementedUntilOverridden) {
  v1::MoviesService::Service service;
  grpc::ServerContext context;
  v1::MovieID request;
  v1::Movie response;
  EXPECT_EQ(service.GetMovie(&context, &request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(service.QueryMovie(&context, nullptr, nullptr).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST(GeneratedBaseClassTest, AnOverriddenMethodAnswersCalls) {
  MovieStore store;
  MovieService service(&store);
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  absl::StatusOr<v1::Movie> movie = FetchMovie(*stub, 1, absl::Seconds(5));
  ASSERT_TRUE(movie.ok()) << movie.status();
  EXPECT_EQ(movie->movie_name(), "Metropolis (1927)");
  absl::StatusOr<v1::Movie> none = FetchMovie(*stub, 999, absl::Seconds(5));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
}

TEST(GeneratedBaseClassTest, TheOtherMethodsStayUnimplemented) {
  MovieStore store;
  MovieService service(&store);
  support::TestServer server(&service);
  auto stub = v1::MoviesService::NewStub(server.NewChannel());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  auto reader = stub->QueryMovie(&context, v1::MovieQueryParams());
  v1::Movie movie;
  EXPECT_FALSE(reader->Read(&movie));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// The mock stands in for a stub, so that a client's code can be tested without
// a server.
TEST(GeneratedMockTest, AnswersAsTheTestSays) {
  v1::MockMoviesServiceStub stub;
  v1::Movie metropolis;
  metropolis.set_movie_name("Metropolis (1927)");
  EXPECT_CALL(stub, GetMovie(_, Property(&v1::MovieID::mid, 1), _))
      .WillOnce(DoAll(SetArgPointee<2>(metropolis), Return(grpc::Status::OK)));
  absl::StatusOr<v1::Movie> movie = FetchMovie(stub, 1, absl::Seconds(5));
  ASSERT_TRUE(movie.ok()) << movie.status();
  EXPECT_EQ(movie->movie_name(), "Metropolis (1927)");
}

TEST(GeneratedMockTest, FailsAsTheTestSays) {
  v1::MockMoviesServiceStub stub;
  EXPECT_CALL(stub, GetMovie)
      .WillOnce(
          Return(grpc::Status(grpc::StatusCode::UNAVAILABLE, "nobody there")));
  absl::StatusOr<v1::Movie> movie = FetchMovie(stub, 1, absl::Seconds(5));
  EXPECT_EQ(movie.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(movie.status().message()), HasSubstr("nobody"));
}

const ServiceDescriptor& Service() {
  return *v1::Movie::descriptor()->file()->FindServiceByName("MoviesService");
}

TEST(ServiceDescriptorTest, HasTheServicesFullName) {
  EXPECT_EQ(Service().full_name(), "movies.v1.MoviesService");
  EXPECT_STREQ(v1::MoviesService::service_full_name(),
               "movies.v1.MoviesService");
}

TEST(ServiceDescriptorTest, TellsWhatEachMethodTakesReturnsAndStreams) {
  ASSERT_EQ(Service().method_count(), 5);
  const struct {
    const char* name;
    const google::protobuf::Descriptor* input;
    bool client_streaming;
    const google::protobuf::Descriptor* output;
    bool server_streaming;
  } expected[] = {
      {"GetMovie", v1::MovieID::descriptor(), false, v1::Movie::descriptor(),
       false},
      {"QueryMovie", v1::MovieQueryParams::descriptor(), false,
       v1::Movie::descriptor(), true},
      {"AddMovies", v1::Movie::descriptor(), true,
       v1::AddMoviesSummary::descriptor(), false},
      {"RateMovie", v1::MovieRating::descriptor(), false,
       v1::MovieScore::descriptor(), false},
      {"RateMovies", v1::MovieRating::descriptor(), true,
       v1::MovieScore::descriptor(), true},
  };
  for (int i = 0; i < 5; ++i) {
    const MethodDescriptor& method = *Service().method(i);
    EXPECT_EQ(method.name(), expected[i].name);
    EXPECT_EQ(method.input_type(), expected[i].input);
    EXPECT_EQ(method.client_streaming(), expected[i].client_streaming);
    EXPECT_EQ(method.output_type(), expected[i].output);
    EXPECT_EQ(method.server_streaming(), expected[i].server_streaming);
  }
}

}  // namespace
}  // namespace movies
