#include "call_method.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/test_server.h"
#include "support/wait.h"

namespace movies {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;
using ::testing::HasSubstr;

// A service that this program was not made with: it has only what a server
// would tell of it.
constexpr char kFile[] = R"pb(
  name: "cinema.proto"
  package: "cinema.v1"
  syntax: "proto3"
  dependency: "google/protobuf/timestamp.proto"
  message_type {
    name: "Question"
    field { name: "seat_number" number: 1 type: TYPE_INT32 }
    field {
      name: "hall"
      number: 2
      type: TYPE_ENUM
      type_name: ".cinema.v1.Hall"
    }
    field {
      name: "when"
      number: 3
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
    }
  }
  message_type {
    name: "Answer"
    field { name: "film" number: 1 type: TYPE_STRING }
    field { name: "price_cents" number: 2 type: TYPE_INT32 }
    field {
      name: "starts"
      number: 3
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
    }
  }
  enum_type {
    name: "Hall"
    value { name: "HALL_UNSPECIFIED" number: 0 }
    value { name: "HALL_LARGE" number: 4 }
  }
  service {
    name: "Tickets"
    method {
      name: "Find"
      input_type: ".cinema.v1.Question"
      output_type: ".cinema.v1.Answer"
    }
  }
)pb";

grpc::ByteBuffer Bytes(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// Answers every call, whatever its method, with `response` and `status`, and
// keeps what came.
class ScriptedService : public grpc::CallbackGenericService {
 public:
  // What the test sets before the call.
  std::string response;
  grpc::Status status;

  int calls() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::string method() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return method_;
  }
  std::string request() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return request_;
  }
  std::string request_id() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return request_id_;
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(ScriptedService* service,
            grpc::GenericCallbackServerContext* context)
        : service_(*service), context_(*context) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (ok) service_.Note(context_, request_);
      if (!ok || !service_.status.ok()) {
        Finish(service_.status);
        return;
      }
      response_ = Bytes(service_.response);
      StartWriteAndFinish(&response_, grpc::WriteOptions(), service_.status);
    }
    void OnDone() override { delete this; }

   private:
    ScriptedService& service_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Reactor(this, context);
  }

  void Note(const grpc::GenericCallbackServerContext& context,
            const grpc::ByteBuffer& request) ABSL_LOCKS_EXCLUDED(mutex_) {
    grpc::Slice slice;
    request.DumpToSingleSlice(&slice);
    absl::MutexLock lock(&mutex_);
    ++calls_;
    method_ = context.method();
    request_.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
    const auto header = context.client_metadata().find("x-request-id");
    if (header != context.client_metadata().end()) {
      request_id_.assign(header->second.data(), header->second.size());
    }
  }

  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string method_ ABSL_GUARDED_BY(mutex_);
  std::string request_ ABSL_GUARDED_BY(mutex_);
  std::string request_id_ ABSL_GUARDED_BY(mutex_);
};

class CallMethodTest : public ::testing::Test {
 protected:
  CallMethodTest() {
    FileDescriptorProto timestamp;
    google::protobuf::Timestamp::descriptor()->file()->CopyTo(&timestamp);
    pool_.BuildFile(timestamp);
    FileDescriptorProto cinema;
    google::protobuf::TextFormat::ParseFromString(kFile, &cinema);
    pool_.BuildFile(cinema);
    support::TestServerOptions options;
    options.configure = [this](grpc::ServerBuilder& builder) {
      builder.RegisterCallbackGenericService(&service_);
    };
    server_ = std::make_unique<support::TestServer>(
        std::vector<grpc::Service*>(), options);
    stub_ = std::make_unique<grpc::GenericStub>(server_->NewChannel());
    context_.set_deadline(
        absl::ToChronoTime(absl::Now() + support::Patience()));
  }

  // Calls cinema.v1.Tickets/Find with `json`; the answer is in response_.
  grpc::Status Call(absl::string_view json) {
    return CallMethod(*stub_, *pool_.FindMethodByName("cinema.v1.Tickets.Find"),
                      json, &context_, &response_);
  }

  DescriptorPool pool_;
  ScriptedService service_;
  grpc::ClientContext context_;
  std::string response_;

 private:
  std::unique_ptr<support::TestServer> server_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

TEST_F(CallMethodTest, TheMethodIsInThePath) {
  std::cout << "If the program ends here, GetPrototype() may have returned "
               "null: protobuf's generated factory has only the types that the "
               "program is linked with. A DynamicMessageFactory makes the "
               "others.\n"
            << std::flush;
  Call("{}");
  EXPECT_EQ(service_.method(), "/cinema.v1.Tickets/Find")
      << "The server took the call for another method's, or no call came. A "
         "method is named in the call's :path: a slash, the service's full "
         "name, a slash, and the method's own name. full_name() of a method "
         "has dots all the way.";
}

TEST_F(CallMethodTest, TheRequestTravelsAsProtobuf) {
  const grpc::Status status = Call(R"({"seatNumber": 7})");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(service_.request(), "\x08\x07")
      << "JSON is what people write. On the wire is a "
         "cinema.v1.Question, serialized: field 1, varint 7.";
}

TEST_F(CallMethodTest, EnumsByNameAndTimesAsText) {
  const grpc::Status status =
      Call(R"({"hall": "HALL_LARGE", "when": "1970-01-01T00:00:09Z"})");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(service_.request(), std::string("\x10\x04\x1a\x02\x08\x09"))
      << "protobuf's JSON mapping has enums by name and a Timestamp as text; "
         "FromJson() knows it.";
}

TEST_F(CallMethodTest, TheResponseComesAsJson) {
  service_.response = "\x0a\x0aMetropolis\x10\xe8\x07";
  const grpc::Status status = Call("{}");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_, R"({"film":"Metropolis","priceCents":1000})")
      << "The answer is of the method's output_type(), cinema.v1.Answer, with "
         "a film and a price. The same bytes are something else, or nothing, "
         "to any other type.";
}

TEST_F(CallMethodTest, AnEmptyResponseIsOne) {
  const grpc::Status status = Call("{}");
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_, "{}") << "An answer whose fields all have their default "
                                "values is no bytes at all, and a message.";
}

TEST_F(CallMethodTest, JsonThatDoesNotFitIsNotSent) {
  const grpc::Status status = Call(R"({"seatNumber": "the best"})");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "\"the best\" is no int32. CallMethod returned \""
      << status.error_message() << "\".";
  EXPECT_THAT(status.error_message(), HasSubstr("seat_number"))
      << "FromJson() says which field is at fault: return its status.";
  EXPECT_EQ(service_.calls(), 0)
      << "The server was called with whatever was left of the request. A call "
         "that nobody asked for may do harm.";
}

TEST_F(CallMethodTest, NothingIsNoJson) {
  const grpc::Status status = Call("");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "An empty text is not JSON; a message without fields is {}. Somebody "
         "forgot the request, and a default of yours would be sent for it.";
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(CallMethodTest, TheJsonEndsWhereItsViewEnds) {
  constexpr absl::string_view kText = R"({"seatNumber": 7}, {"seatNumber": 8})";
  const grpc::Status status = Call(kText.substr(0, 17));
  EXPECT_TRUE(status.ok())
      << "`json` was the first 17 characters of a longer text. A string_view "
         "has a size, and what is behind its end is not yours to read: data() "
         "alone does not know where to stop. CallMethod returned \""
      << status.error_message() << "\".";
  EXPECT_EQ(service_.request(), "\x08\x07");
}

TEST_F(CallMethodTest, AnUnknownFieldIsNotSent) {
  const grpc::Status status = Call(R"({"seat": 7})");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "A misspelt field is a mistake to report, not to leave out.";
  EXPECT_THAT(status.error_message(), HasSubstr("seat"));
  EXPECT_EQ(service_.calls(), 0);
}

TEST_F(CallMethodTest, AnErrorIsReturnedWithItsDetails) {
  service_.status =
      grpc::Status(grpc::StatusCode::NOT_FOUND, "sold out", "details");
  const grpc::Status status = Call("{}");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND)
      << "The server refused the call. There is no response then, and an empty "
         "one that says nothing would be taken for the answer.";
  EXPECT_EQ(status.error_message(), "sold out");
  EXPECT_EQ(status.error_details(), "details")
      << "A status has three parts; return it whole.";
}

TEST_F(CallMethodTest, AResponseThatIsNoneIsInternal) {
  service_.response = "\x0a\x7f";  // 127 bytes of a string, which do not come.
  const grpc::Status status = Call("{}");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL)
      << "The server said OK and sent bytes that are no cinema.v1.Answer. "
         "FromByteBuffer() says so in its status.";
}

TEST_F(CallMethodTest, AResponseThatHasNoJsonIsInternal) {
  // Starts in 253402300800 s, the first second of the year 10000.
  service_.response = "\x1a\x07\x08\x80\x83\xd1\xff\xaf\x07";
  const grpc::Status status = Call("{}");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL)
      << "The response is a cinema.v1.Answer, but its time is in the year "
         "10000, which JSON has no text for. ToJson() says so in its status, "
         "and `response_json` is no response then.";
}

TEST_F(CallMethodTest, TheDeadlineIsTheCallers) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() - absl::Seconds(1)));
  const grpc::Status status = Call("{}");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "The caller's deadline had passed before the call. Leave it as it is: "
         "only the caller knows how long it can wait.";
}

TEST_F(CallMethodTest, WhetherToWaitIsTheCallersToo) {
  grpc::GenericStub stub(grpc::CreateChannel(
      "unix:/no/such/socket", grpc::InsecureChannelCredentials()));
  const grpc::Status status =
      CallMethod(stub, *pool_.FindMethodByName("cinema.v1.Tickets.Find"), "{}",
                 &context_, &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << "No server is there, and a call says so at once, unless its context "
         "has set_wait_for_ready(): that is the caller's decision. CallMethod "
         "returned \""
      << status.error_message() << "\".";
}

TEST_F(CallMethodTest, TheContextIsTheCallers) {
  context_.AddMetadata("x-request-id", "42");
  Call("{}");
  EXPECT_EQ(service_.request_id(), "42")
      << "Metadata and deadline are in the caller's context: the call is to be "
         "made with that one.";
}

}  // namespace
}  // namespace movies
