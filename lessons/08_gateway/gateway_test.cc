#include "gateway.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/generic/async_generic_service.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/api/annotations.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "http_client.h"
#include "movies/v1/movies.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/byte_buffer.h"
#include "support/fake_http_exchange.h"
#include "support/test_server.h"
#include "support/unserved_port.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::ServiceDescriptor;
using ::nlohmann::json;
using ::support::FakeHttpExchange;
using ::support::HttpHeader;
using ::support::HttpRequest;
using ::support::HttpResponse;
using ::support::Patience;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

const ServiceDescriptor* MoviesDescriptor() {
  return v1::Movie::descriptor()->file()->FindServiceByName("MoviesService");
}

// GetMovie of this ID fails with a detail.
constexpr int kRefusedMid = 1001;

// GetMovie of this ID never answers; it waits to be cancelled.
constexpr int kSilentMid = 1000;

// The movie service, which keeps what it is told, and can be silent.
class WatchedService : public CatalogueService {
 public:
  using CatalogueService::CatalogueService;

  grpc::Status GetMovie(grpc::ServerContext* context,
                        const v1::MovieID* request,
                        v1::Movie* response) override {
    {
      absl::MutexLock lock(&mutex_);
      metadata_.clear();
      for (const auto& [key, value] : context->client_metadata()) {
        metadata_.emplace_back(std::string(key.data(), key.size()),
                               std::string(value.data(), value.size()));
      }
      time_left_ = absl::FromChrono(context->deadline()) - absl::Now();
      ++calls_;
    }
    context->AddInitialMetadata("x-request-id", "from the service");
    context->AddInitialMetadata("x-internal", "not for everybody");
    context->AddTrailingMetadata("x-cost", "3");
    if (request->mid() == kSilentMid) return WaitUntilCancelled(context);
    if (request->mid() == kRefusedMid) {
      v1::MovieError detail;
      detail.set_reason(v1::INVALID_MOVIE);
      google::rpc::Status status;
      status.set_code(grpc::StatusCode::FAILED_PRECONDITION);
      status.set_message("not now");
      status.add_details()->PackFrom(detail);
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "not now",
                          status.SerializeAsString());
    }
    return CatalogueService::GetMovie(context, request, response);
  }

  // Asked for "silent", it sends one movie and waits to be cancelled. Asked for
  // "endless", it sends until nobody reads any more.
  grpc::Status QueryMovie(grpc::ServerContext* context,
                          const v1::MovieQueryParams* request,
                          grpc::ServerWriter<v1::Movie>* writer) override {
    v1::Movie movie;
    movie.set_mid(1);
    if (request->query() == "endless") {
      movie.set_movie_description(std::string(100'000, 'x'));
      while (writer->Write(movie)) {
      }
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;  // IsCancelled() may come to know it later.
      return grpc::Status::CANCELLED;
    }
    if (request->query() != "silent") {
      return CatalogueService::QueryMovie(context, request, writer);
    }
    writer->Write(movie);
    return WaitUntilCancelled(context);
  }

  grpc::Status AddMovies(grpc::ServerContext* context,
                         grpc::ServerReader<v1::Movie>* reader,
                         v1::AddMoviesSummary* response) override {
    {
      absl::MutexLock lock(&mutex_);
      ++calls_;
    }
    return CatalogueService::AddMovies(context, reader, response);
  }

  bool WaitUntilCalled() {
    absl::MutexLock lock(&mutex_);
    auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return calls_ > 0;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&called), Patience());
  }

  // Waits until a silent call has been cancelled. False if that takes long.
  bool WaitUntilCancelled() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), Patience());
  }

  std::vector<std::pair<std::string, std::string>> metadata() {
    absl::MutexLock lock(&mutex_);
    return metadata_;
  }
  absl::Duration time_left() {
    absl::MutexLock lock(&mutex_);
    return time_left_;
  }
  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  grpc::Status WaitUntilCancelled(grpc::ServerContext* context) {
    if (support::WaitUntilCancelled(*context, 5 * Patience())) {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
    }
    return grpc::Status::CANCELLED;
  }

  absl::Mutex mutex_;
  std::vector<std::pair<std::string, std::string>> metadata_
      ABSL_GUARDED_BY(mutex_);
  absl::Duration time_left_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Returns the values of a header, in any case.
std::vector<std::string> ValuesOf(const HttpResponse& response,
                                  absl::string_view name) {
  std::vector<std::string> values;
  for (const HttpHeader& header : response.headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) {
      values.push_back(header.value);
    }
  }
  return values;
}

json ParseJson(const std::string& text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

class GatewayTest : public ::testing::Test {
 protected:
  ~GatewayTest() override {
    for (const auto& exchange : exchanges_) {
      EXPECT_EQ(exchange->broken_rules(), "");
      exchange->Leave();
    }
  }

  void Make(Gateway::Options options = {}) {
    absl::StatusOr<std::unique_ptr<Gateway>> made = Gateway::Make(
        {MoviesDescriptor()}, server_.NewChannel(), std::move(options));
    ASSERT_TRUE(made.ok()) << made.status();
    gateway_ = *std::move(made);
  }

  // Begins a request.
  std::shared_ptr<FakeHttpExchange> Begin(HttpRequest request) {
    if (gateway_ == nullptr) Make();
    auto exchange = std::make_shared<FakeHttpExchange>(std::move(request));
    exchanges_.push_back(exchange);
    gateway_->Handle(exchange);
    return exchange;
  }

  HttpResponse Send(HttpRequest request) {
    const auto exchange = Begin(std::move(request));
    EXPECT_TRUE(exchange->WaitUntilAnswered()) << exchange->request().target;
    return exchange->answer();
  }

  HttpResponse Get(std::string target, std::vector<HttpHeader> headers = {}) {
    return Send({"GET", std::move(target), std::move(headers), ""});
  }

  HttpResponse Post(std::string target, std::string body,
                    std::string type = "application/json") {
    return Send({"POST",
                 std::move(target),
                 {{"Content-Type", std::move(type)}},
                 std::move(body)});
  }

  MovieStore store_;
  WatchedService service_{&store_};
  support::TestServer server_{&service_};
  std::unique_ptr<Gateway> gateway_;

 private:
  std::vector<std::shared_ptr<FakeHttpExchange>> exchanges_;
};

// Calls of all four kinds.

TEST_F(GatewayTest, CallsAUnaryMethod) {
  const HttpResponse response = Get("/v1/movies/1");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(ValuesOf(response, "content-type"),
              ElementsAre("application/json"));
  EXPECT_EQ(ParseJson(response.body)["mid"], 1);
  EXPECT_TRUE(ParseJson(response.body).contains("movieName")) << response.body;
}

TEST_F(GatewayTest, PutsPathAndBodyIntoOneRequest) {
  const HttpResponse response = Post("/v1/movies/1:rate", R"({"stars": 4})");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(ParseJson(response.body)["mid"], 1);
  EXPECT_EQ(ParseJson(response.body)["average"], 4);
}

TEST_F(GatewayTest, StreamsLines) {
  const HttpResponse response = Get("/v1/movies?query=robot");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(ValuesOf(response, "content-type"),
              ElementsAre("application/x-ndjson"));
  int lines = 0;
  for (absl::string_view line :
       absl::StrSplit(response.body, '\n', absl::SkipEmpty())) {
    ++lines;
    EXPECT_TRUE(ParseJson(std::string(line))["result"].contains("movieName"))
        << line;
  }
  EXPECT_EQ(lines, static_cast<int>(store_.Query("robot").size()));
}

TEST_F(GatewayTest, TakesLinesForAClientStream) {
  const HttpResponse response = Post("/v1/movies",
                                     "{\"mid\":501,\"movieName\":\"A\"}\n\n"
                                     "{\"mid\":502,\"movieName\":\"B\"}\r\n"
                                     "{\"mid\":501,\"movieName\":\"C\"}",
                                     "application/x-ndjson");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(ParseJson(response.body)["added"], 2);
  EXPECT_EQ(ParseJson(response.body)["replaced"], 1);
}

TEST_F(GatewayTest, AnEmptyBodyIsAnEmptyClientStream) {
  const HttpResponse response = Send({"POST", "/v1/movies", {}, ""});
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, Not(HasSubstr("1")));
}

TEST_F(GatewayTest, AnswersLinesWithLines) {
  const HttpResponse response = Post("/v1/movies:rate",
                                     "{\"mid\":1,\"stars\":2}\n"
                                     "{\"mid\":1,\"stars\":4}\n"
                                     "{\"mid\":1,\"stars\":9}\n",
                                     "application/x-ndjson");
  EXPECT_EQ(response.status, 200) << response.body;
  const std::vector<std::string> lines =
      absl::StrSplit(response.body, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3u) << response.body;
  EXPECT_EQ(ParseJson(lines[0])["result"]["average"], 2);
  EXPECT_EQ(ParseJson(lines[1])["result"]["average"], 3);
  EXPECT_EQ(ParseJson(lines[2])["error"]["code"], 3)
      << "Nine stars are refused: the last line says so.";
}

// What the service refuses.

TEST_F(GatewayTest, AServicesErrorIsJson) {
  const HttpResponse response = Get("/v1/movies/999");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(ValuesOf(response, "content-type"),
              ElementsAre("application/json"));
  EXPECT_EQ(ParseJson(response.body)["code"], 5) << response.body;
  EXPECT_THAT(std::string(ParseJson(response.body)["message"]),
              HasSubstr("999"));
}

TEST_F(GatewayTest, AnErrorsDetailsAreInTheJson) {
  const HttpResponse response = Get(absl::StrCat("/v1/movies/", kRefusedMid));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(ParseJson(response.body), ParseJson(R"({
    "code": 9,
    "message": "not now",
    "details": [{
      "@type": "type.googleapis.com/movies.v1.MovieError",
      "reason": "INVALID_MOVIE"
    }]
  })"))
      << response.body;
}

TEST_F(GatewayTest, AStreamThatFailsAtOnceHasItsOwnStatus) {
  const HttpResponse response = Post("/v1/movies:rate", R"({"mid":1})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(ParseJson(response.body)["code"], 3) << response.body;
}

TEST_F(GatewayTest, AServiceThatIsNotThereIs503) {
  const support::UnservedPort nobody;
  gateway_ = *Gateway::Make({MoviesDescriptor()},
                            support::LoopbackChannel(nobody.address()));
  EXPECT_EQ(Get("/v1/movies/1").status, 503);
  EXPECT_EQ(Get("/v1/movies").status, 503);
  EXPECT_EQ(Send({"POST", "/v1/movies", {}, ""}).status, 503);
}

TEST_F(GatewayTest, AMethodThatTheServiceDoesNotHaveIs501) {
  v1::MoviesService::Service nothing;
  const support::TestServer server(&nothing);
  gateway_ = *Gateway::Make({MoviesDescriptor()}, server.NewChannel());
  EXPECT_EQ(Get("/v1/movies/1").status, 501);
}

// What the gateway refuses.

TEST_F(GatewayTest, AnUnknownPathIs404) {
  for (const char* target :
       {"/", "", "*", "/v1", "/v1/movies/", "/v1/movies/1/2", "/v2/movies/1",
        "//v1/movies/1", "/v1/movies/%", "/v1/movies/1%zz", "http://",
        "http://localhost"}) {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(ParseJson(response.body)["code"], 5) << response.body;
  }
}

TEST_F(GatewayTest, AnotherMethodIs405WithAllow) {
  const HttpResponse response = Send({"DELETE", "/v1/movies/1", {}, ""});
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(ValuesOf(response, "allow"), ElementsAre("GET, HEAD"));
  EXPECT_THAT(ValuesOf(Send({"PUT", "/v1/movies", {}, ""}), "allow"),
              ElementsAre("GET, HEAD, POST"));
  EXPECT_THAT(ValuesOf(Get("/v1/movies/1:rate"), "allow"), ElementsAre("POST"));
  EXPECT_EQ(Send({"OPTIONS", "/v1/movies", {}, ""}).status, 405);
  EXPECT_EQ(Send({"get", "/v1/movies/1", {}, ""}).status, 405)
      << "The names of methods have a case.";
}

TEST_F(GatewayTest, HeadTakesTheRouteOfGet) {
  const HttpResponse response = Send({"HEAD", "/v1/movies/1", {}, ""});
  EXPECT_EQ(response.status, 200);
}

TEST_F(GatewayTest, AVariableThatDoesNotFitIs400) {
  for (const char* target :
       {"/v1/movies/x", "/v1/movies/1:no", "/v1/movies/1.5",
        "/v1/movies/99999999999", "/v1/movies/%00", "/v1/movies/1%20"}) {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr("mid")) << "The field is named.";
  }
}

TEST_F(GatewayTest, AnUnknownQueryParameterIs400) {
  const HttpResponse response = Get("/v1/movies?qeury=city");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("qeury"));
  EXPECT_EQ(Get("/v1/movies?query=%").status, 400);
}

TEST_F(GatewayTest, BadJsonIs400AndNamesTheField) {
  for (const char* body : {R"({"stras": 4})", R"({"stars": "many"})",
                           R"({"stars": 4}})", R"({"stars": )", "4", "[]"}) {
    const HttpResponse response = Post("/v1/movies/1:rate", body);
    EXPECT_EQ(response.status, 400) << body << response.body;
    EXPECT_EQ(ParseJson(response.body)["code"], 3) << response.body;
  }
  EXPECT_THAT(Post("/v1/movies/1:rate", R"({"stras": 4})").body,
              HasSubstr("stras"));
  EXPECT_THAT(Post("/v1/movies/1:rate", R"({"stars": "many"})").body,
              HasSubstr("stars"));
}

TEST_F(GatewayTest, AFormWithoutFieldsIs415) {
  EXPECT_EQ(
      Post("/v1/movies/1:rate", "", "application/x-www-form-urlencoded").status,
      415);
}

TEST_F(GatewayTest, ABodyOfAnotherTypeIs415) {
  const std::string body = R"({"stars": 4})";
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "", "application",
        "application/jsonp", "application/json; charset=latin1",
        "application/json;x", "application/x-ndjson", "*/*"}) {
    EXPECT_EQ(Post("/v1/movies/1:rate", body, type).status, 415) << type;
  }
  EXPECT_EQ(Send({"POST", "/v1/movies/1:rate", {}, body}).status, 415)
      << "A body without a type.";
  EXPECT_EQ(Send({"POST",
                  "/v1/movies/1:rate",
                  {{"Content-Type", "application/json"},
                   {"Content-Encoding", "gzip"}},
                  body})
                .status,
            415);
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(GatewayTest, JsonMayBeCalledUtf8) {
  for (const char* type :
       {"application/json", "Application/JSON; Charset=UTF-8",
        "application/json;charset=\"utf-8\""}) {
    EXPECT_EQ(Post("/v1/movies/1:rate", R"({"stars": 4})", type).status, 200)
        << type;
  }
}

TEST_F(GatewayTest, ABadLineIsNamedAndNothingIsSent) {
  const HttpResponse response = Post("/v1/movies",
                                     "{\"mid\":501,\"movieName\":\"A\"}\n"
                                     "\n"
                                     "{\"mid\":\"x\"}\n",
                                     "application/x-ndjson");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, AllOf(HasSubstr("line 3"), HasSubstr("mid")));
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(GatewayTest, TooManyMessagesAre413) {
  Gateway::Options options;
  options.max_messages = 2;
  Make(options);
  EXPECT_EQ(Post("/v1/movies:rate", "{\"mid\":1,\"stars\":1}\n{}\n{}\n").status,
            413);
}

// Deadlines.

// On its way gRPC rounds a deadline up a little.

TEST_F(GatewayTest, TheClientsTimeoutIsTheDeadline) {
  EXPECT_EQ(Get("/v1/movies/1", {{"grpc-timeout", "20S"}}).status, 200);
  EXPECT_THAT(service_.time_left(),
              AllOf(Ge(absl::Seconds(10)), Le(absl::Seconds(21))));
  EXPECT_EQ(Get("/v1/movies/1", {{"Request-Timeout", "20.5"}}).status, 200);
  EXPECT_THAT(service_.time_left(),
              AllOf(Ge(absl::Seconds(10)), Le(absl::Seconds(21))));
}

TEST_F(GatewayTest, WithoutATimeoutThereIsADefault) {
  Get("/v1/movies/1");
  EXPECT_THAT(service_.time_left(),
              AllOf(Ge(absl::Seconds(20)), Le(absl::Seconds(31))));
}

TEST_F(GatewayTest, ATimeoutHasALimit) {
  Get("/v1/movies/1", {{"grpc-timeout", "99999999H"}});
  EXPECT_THAT(service_.time_left(),
              AllOf(Ge(absl::Minutes(9)), Le(absl::Minutes(11))));
}

TEST_F(GatewayTest, ADeadlineThatPassesIs504) {
  const HttpResponse response =
      Get(absl::StrCat("/v1/movies/", kSilentMid), {{"grpc-timeout", "50m"}});
  EXPECT_EQ(response.status, 504);
  EXPECT_TRUE(service_.WaitUntilCancelled());
}

TEST_F(GatewayTest, AStreamsDeadlineIsItsLastLine) {
  // The first line has to come before it: only then is there a last one.
  HttpResponse response;
  for (const char* seconds : {"0.1", "1", "5"}) {
    response = Get("/v1/movies?query=silent", {{"Request-Timeout", seconds}});
    if (response.status == 200) break;
    EXPECT_EQ(response.status, 504) << response.body;
  }
  EXPECT_THAT(response.body, HasSubstr("{\"error\":{\"code\":4,"));
}

TEST_F(GatewayTest, ABadTimeoutIs400) {
  const HttpResponse response = Get("/v1/movies/1", {{"grpc-timeout", "soon"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("grpc-timeout"));
  EXPECT_EQ(service_.calls(), 0);
}

// Headers and metadata.

TEST_F(GatewayTest, HeadersOfTheListBecomeMetadata) {
  Get("/v1/movies/1", {{"Authorization", "Bearer 42"},
                       {"X-Request-ID", "a"},
                       {"x-request-id", "b"},
                       {"Cookie", "session=1"},
                       {"X-Other", "no"}});
  const auto metadata = service_.metadata();
  EXPECT_THAT(metadata, Contains(Pair("authorization", "Bearer 42")));
  EXPECT_THAT(metadata, Contains(Pair("x-request-id", "a")));
  EXPECT_THAT(metadata, Contains(Pair("x-request-id", "b")));
  for (const auto& [key, value] : metadata) {
    EXPECT_NE(key, "cookie");
    EXPECT_NE(key, "x-other");
  }
}

TEST_F(GatewayTest, BinaryMetadataIsBase64) {
  Gateway::Options options;
  options.request_headers = {"trace-bin"};
  Make(options);
  Get("/v1/movies/1", {{"Trace-Bin", "AAH/"}});
  EXPECT_THAT(service_.metadata(),
              Contains(Pair("trace-bin", std::string("\x00\x01\xff", 3))));
  EXPECT_EQ(Get("/v1/movies/1", {{"Trace-Bin", "!"}}).status, 400);
}

TEST_F(GatewayTest, AnIllegalValueIs400) {
  for (const char* value : {"two\nlines", "\x01", "Am\xc3\xa9lie", "\x7f"}) {
    const HttpResponse response =
        Get("/v1/movies/1", {{"Authorization", value}});
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr("authorization"));
  }
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(GatewayTest, TooMuchMetadataIs431) {
  EXPECT_EQ(
      Get("/v1/movies/1", {{"Authorization", std::string(8000, 'x')}}).status,
      431);
  EXPECT_EQ(
      Get("/v1/movies/1", {{"Authorization", std::string(7000, 'x')}}).status,
      200)
      << "What the gateway lets pass, the server takes.";
}

TEST_F(GatewayTest, MetadataOfTheListBecomesHeaders) {
  HttpResponse response = Get("/v1/movies/1");
  EXPECT_THAT(ValuesOf(response, "x-request-id"),
              ElementsAre("from the service"));
  EXPECT_THAT(ValuesOf(response, "x-internal"), IsEmpty());
  EXPECT_THAT(ValuesOf(Get("/v1/movies/999"), "x-request-id"),
              ElementsAre("from the service"))
      << "An error has headers, too.";

  Gateway::Options options;
  options.response_headers = {"x-cost"};
  Make(options);
  response = Get("/v1/movies/1");
  EXPECT_THAT(ValuesOf(response, "x-cost"), ElementsAre("3"));
  EXPECT_THAT(ValuesOf(response, "x-request-id"), IsEmpty());
}

// Clients that leave.

TEST_F(GatewayTest, AClientThatLeavesCancelsItsCall) {
  const auto exchange =
      Begin({"GET", absl::StrCat("/v1/movies/", kSilentMid), {}, ""});
  ASSERT_TRUE(service_.WaitUntilCalled());
  exchange->Leave();
  EXPECT_TRUE(service_.WaitUntilCancelled());
}

TEST_F(GatewayTest, AClientThatHasLeftAlreadyCancelsItsCall) {
  if (gateway_ == nullptr) Make();
  auto exchange = std::make_shared<FakeHttpExchange>(
      HttpRequest{"GET", absl::StrCat("/v1/movies/", kSilentMid), {}, ""});
  exchange->Leave();
  gateway_->Handle(exchange);
  // Waits for the call, which would take 30 seconds.
  const absl::Time start = absl::Now();
  gateway_.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

TEST_F(GatewayTest, AClientThatLeavesCancelsItsStream) {
  const auto exchange = Begin({"GET", "/v1/movies?query=silent", {}, ""});
  ASSERT_TRUE(exchange->WaitForParts(1));
  exchange->Leave();
  EXPECT_TRUE(service_.WaitUntilCancelled());
}

TEST_F(GatewayTest, OfAStreamsHeadNoMessageIsRead) {
  const auto exchange = Begin({"HEAD", "/v1/movies?query=silent", {}, ""});
  EXPECT_TRUE(service_.WaitUntilCancelled())
      << "The stream would go on until its deadline, for nobody.";
}

// Fixed answers.

TEST_F(GatewayTest, ServesResources) {
  Gateway::Options options;
  options.resources["/"] = {200, {{"Content-Type", "text/html"}}, "<p>"};
  Make(options);
  EXPECT_EQ(Get("/").body, "<p>");
  EXPECT_EQ(Get("/?whatever").body, "<p>");
  const HttpResponse refused = Post("/", "{}");
  EXPECT_EQ(refused.status, 405);
  EXPECT_THAT(ValuesOf(refused, "allow"), ElementsAre("GET, HEAD"));
  EXPECT_EQ(Get("/v1/movies/1").status, 200);
}

// What cannot be made.

TEST_F(GatewayTest, RefusesHeadersThatCannotBeMetadata) {
  for (const char* name : {"grpc-timeout", "Authorization", "host", ""}) {
    Gateway::Options options;
    options.request_headers = {name};
    EXPECT_EQ(Gateway::Make({MoviesDescriptor()}, server_.NewChannel(), options)
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST_F(GatewayTest, RefusesTheSameServiceTwice) {
  EXPECT_EQ(Gateway::Make({MoviesDescriptor(), MoviesDescriptor()},
                          server_.NewChannel())
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
}

// A service that this program knows from a descriptor only.

// Answers every call of every service with the messages that it gets.
class EchoService : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext*) override {
    class Reactor : public grpc::ServerGenericBidiReactor {
     public:
      Reactor() { StartRead(&message_); }
      void OnReadDone(bool ok) override {
        if (ok) {
          StartWrite(&message_);
        } else {
          Finish(grpc::Status::OK);
        }
      }
      void OnWriteDone(bool ok) override {
        if (ok) {
          StartRead(&message_);
        } else {
          Finish(grpc::Status::CANCELLED);
        }
      }
      void OnDone() override { delete this; }

     private:
      grpc::ByteBuffer message_;
    };
    return new Reactor;
  }
};

constexpr char kShelves[] = R"pb(
  name: "shelves.proto"
  package: "library"
  syntax: "proto3"
  dependency: "google/api/annotations.proto"
  message_type {
    name: "Shelf"
    field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "size" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL }
  }
  service {
    name: "Shelves"
    method {
      name: "GetShelf"
      input_type: ".library.Shelf"
      output_type: ".library.Shelf"
      options {
        [google.api.http] { get: "/v1/{name=shelves/*}" }
      }
    }
    method {
      name: "WatchShelf"
      input_type: ".library.Shelf"
      output_type: ".library.Shelf"
      server_streaming: true
      options {
        [google.api.http] { get: "/v1/{name=shelves/*}:watch" }
      }
    }
    method {
      name: "AddShelves"
      input_type: ".library.Shelf"
      output_type: ".library.Shelf"
      client_streaming: true
      options {
        [google.api.http] { post: "/v1/shelves" body: "*" }
      }
    }
    method {
      name: "Hidden"
      input_type: ".library.Shelf"
      output_type: ".library.Shelf"
    }
  }
)pb";

class DynamicGatewayTest : public ::testing::Test {
 protected:
  DynamicGatewayTest() {
    FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kShelves, &file));
    const google::protobuf::FileDescriptor* built = pool_.BuildFile(file);
    EXPECT_NE(built, nullptr);
    support::TestServerOptions options;
    options.configure = [this](grpc::ServerBuilder& builder) {
      builder.RegisterCallbackGenericService(&echo_);
    };
    server_ = std::make_unique<support::TestServer>(
        std::vector<grpc::Service*>(), options);
    auto made = Gateway::Make({built->service(0)}, server_->NewChannel());
    EXPECT_TRUE(made.ok()) << made.status();
    gateway_ = *std::move(made);
  }

  HttpResponse Send(HttpRequest request) {
    auto exchange = std::make_shared<FakeHttpExchange>(std::move(request));
    gateway_->Handle(exchange);
    EXPECT_TRUE(exchange->WaitUntilAnswered());
    EXPECT_EQ(exchange->broken_rules(), "");
    return exchange->answer();
  }

  // What google.api.http is, is generated code.
  DescriptorPool pool_{DescriptorPool::generated_pool()};
  EchoService echo_;
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(DynamicGatewayTest, CallsAServiceUnknownToTheProgram) {
  const HttpResponse response =
      Send({"GET", "/v1/shelves/horror?size=3", {}, ""});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(ParseJson(response.body),
            ParseJson(R"({"name": "shelves/horror", "size": 3})"))
      << response.body;
}

TEST_F(DynamicGatewayTest, StreamsFromAServiceUnknownToTheProgram) {
  EXPECT_EQ(Send({"GET", "/v1/shelves/horror:watch", {}, ""}).body,
            "{\"result\":{\"name\":\"shelves/horror\"}}\n");
}

TEST_F(DynamicGatewayTest, AMethodWithoutTheOptionIsNotToBeReached) {
  EXPECT_EQ(Send({"POST", "/library.Shelves/Hidden", {}, ""}).status, 404);
}

TEST_F(DynamicGatewayTest, NotExactlyOneAnswerIsTheServicesFault) {
  const auto post = [&](std::string body) {
    return Send({"POST",
                 "/v1/shelves",
                 {{"Content-Type", "application/x-ndjson"}},
                 std::move(body)});
  };
  EXPECT_EQ(post("{\"size\":1}").status, 200);
  EXPECT_EQ(post("").status, 500) << "The service sent OK and no message.";
  EXPECT_EQ(post("{}\n{}\n{}\n").status, 500) << "It sent three.";
}

// Through the network, with a server and a client.

class ServedGatewayTest : public GatewayTest {
 protected:
  void SetUp() override {
    Make();
    support::HttpServer::Options options;
    options.max_body_bytes = 1000;
    options.max_header_bytes = 1000;
    options.write_timeout = absl::Milliseconds(300);
    options.error = Gateway::Error;
    auto started = support::HttpServer::Start(
        options, [this](std::shared_ptr<support::HttpExchange> exchange) {
          gateway_->Handle(std::move(exchange));
        });
    ASSERT_TRUE(started.ok()) << started.status();
    http_server_ = *std::move(started);
    client_ = std::make_unique<HttpClient>(
        absl::StrCat("127.0.0.1:", http_server_->port()));
  }

  ~ServedGatewayTest() override { http_server_.reset(); }

  std::unique_ptr<support::HttpServer> http_server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(ServedGatewayTest, AnswersOneRequestAfterAnother) {
  for (int mid : {1, 2, 999}) {
    const auto response =
        client_->Send({"GET", absl::StrCat("/v1/movies/", mid), {}, ""});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, mid == 999 ? 404 : 200);
  }
}

TEST_F(ServedGatewayTest, ALineArrivesWhileTheStreamRuns) {
  std::string body;
  const auto response = client_->Send(
      {"GET", "/v1/movies?query=silent", {}, ""},
      [&](absl::string_view part) {
        absl::StrAppend(&body, part);
        return !absl::EndsWith(part, "\n");
      },
      Patience());
  EXPECT_EQ(response.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(body, "{\"result\":{\"mid\":1}}\n");
  // The client has closed its connection.
  EXPECT_TRUE(service_.WaitUntilCancelled());
}

TEST_F(ServedGatewayTest, AClientThatIsTooSlowCancelsItsCall) {
  // Once the first part is there, the client stops reading.
  const auto response = client_->Send(
      {"GET", "/v1/movies?query=endless", {}, ""}, [&](absl::string_view) {
        EXPECT_TRUE(service_.WaitUntilCancelled());
        return false;
      });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ServedGatewayTest, AClientThatClosesCancelsItsCall) {
  const auto response =
      client_->Send({"GET", absl::StrCat("/v1/movies/", kSilentMid), {}, ""},
                    nullptr, absl::Milliseconds(50));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  client_->Close();
  EXPECT_TRUE(service_.WaitUntilCancelled());
}

TEST_F(ServedGatewayTest, AServerThatStopsCancelsItsCalls) {
  std::future<absl::Status> status = std::async(std::launch::async, [this] {
    return client_
        ->Send({"GET", absl::StrCat("/v1/movies/", kSilentMid), {}, ""})
        .status();
  });
  ASSERT_TRUE(service_.WaitUntilCalled());
  http_server_.reset();
  gateway_.reset();
  EXPECT_TRUE(service_.WaitUntilCancelled());
  EXPECT_EQ(status.get().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServedGatewayTest, ManyClientsAtOnce) {
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::async(std::launch::async, [this] {
      HttpClient client(absl::StrCat("127.0.0.1:", http_server_->port()));
      const std::vector<HttpHeader> json = {
          {"Content-Type", "application/json"}};
      int good = 0;
      const auto count = [&](const HttpRequest& request, int status) {
        const auto response = client.Send(request);
        if (response.ok() && response->status == status) ++good;
      };
      for (int round = 0; round < 10; ++round) {
        count({"GET", "/v1/movies/1", {}, ""}, 200);
        count({"GET", "/v1/movies?query=robot", {}, ""}, 200);
        count({"POST", "/v1/movies/1:rate", json, R"({"stars": 4})"}, 200);
        count({"POST", "/v1/movies", json, ""}, 200);
        count({"GET", "/v1/movies/999", {}, ""}, 404);
      }
      return good;
    }));
  }
  for (std::future<int>& client : clients) EXPECT_EQ(client.get(), 50);
}

TEST_F(ServedGatewayTest, WhatTheHttpServerRefusesIsJson) {
  auto response = client_->Send({"POST",
                                 "/v1/movies/1:rate",
                                 {{"Content-Type", "application/json"}},
                                 std::string(2000, ' ')});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(ParseJson(response->body)["code"], 8) << response->body;

  response = client_->Send(
      {"GET", "/v1/movies", {{"X-Long", std::string(2000, 'x')}}, ""});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 431);
  EXPECT_EQ(ParseJson(response->body)["code"], 8) << response->body;
}

TEST_F(ServedGatewayTest, HeadHasNoBody) {
  for (const char* target : {"/v1/movies/1", "/v1/movies?query=robot"}) {
    const auto response = client_->Send({"HEAD", target, {}, ""});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "");
  }
}

TEST(GatewayErrorTest, IsJsonOfThatStatus) {
  const std::vector<std::pair<int, int>> codes = {
      {400, 3}, {404, 5},  {405, 12}, {408, 4},  {413, 8}, {415, 3},
      {431, 8}, {500, 13}, {501, 12}, {503, 14}, {599, 13}};
  for (const auto& [status, code] : codes) {
    const HttpResponse response = Gateway::Error(status, "why \"so\"?");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(ParseJson(response.body)["code"], code) << status;
    EXPECT_EQ(ParseJson(response.body)["message"], "why \"so\"?");
  }
}

}  // namespace
}  // namespace movies
