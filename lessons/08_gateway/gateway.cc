#include "gateway.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "build_request.h"
#include "call_headers.h"
#include "error_response.h"
#include "http_route.h"
#include "json_body.h"
#include "query_string.h"
#include "request_stream.h"
#include "router.h"
#include "stream_lines.h"
#include "support/byte_buffer.h"

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::Message;
using ::google::protobuf::MessageFactory;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using ::support::HttpExchange;
using ::support::HttpHeader;
using ::support::HttpRequest;
using ::support::HttpResponse;

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

// Returns the gRPC code that says about the same as an HTTP status.
grpc::StatusCode CodeFor(int http_status) {
  switch (http_status) {
    case 404:
      return grpc::StatusCode::NOT_FOUND;
    case 405:
    case 501:
    case 505:
      return grpc::StatusCode::UNIMPLEMENTED;
    case 408:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case 413:
    case 431:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case 503:
      return grpc::StatusCode::UNAVAILABLE;
    default:
      return http_status < 500 ? grpc::StatusCode::INVALID_ARGUMENT
                               : grpc::StatusCode::INTERNAL;
  }
}

struct Target {
  absl::string_view path;
  absl::string_view query;
};

// Divides what a request asks for.
Target SplitTarget(absl::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == absl::string_view::npos) return {target, ""};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

// Whether the request has a body of a type that can be understood: JSON, or
// lines of JSON.
bool HasKnownBody(const HttpRequest& request, bool lines) {
  bool known = false;
  for (const HttpHeader& header : request.headers) {
    if (absl::EqualsIgnoreCase(header.name, "content-encoding")) {
      if (!absl::EqualsIgnoreCase(header.value, "identity")) return false;
      continue;
    }
    if (!absl::EqualsIgnoreCase(header.name, "content-type")) continue;
    const std::vector<absl::string_view> parts =
        absl::StrSplit(header.value, ';');
    const absl::string_view type = absl::StripAsciiWhitespace(parts[0]);
    if (!absl::EqualsIgnoreCase(type, "application/json") &&
        !(lines && absl::EqualsIgnoreCase(type, "application/x-ndjson"))) {
      return false;
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
      // JSON is UTF-8, said or not (RFC 8259, section 8.1).
      if (!absl::EqualsIgnoreCase(parameter, "charset=utf-8") &&
          !absl::EqualsIgnoreCase(parameter, "charset=\"utf-8\"")) {
        return false;
      }
    }
    known = true;
  }
  return known;
}

void RespondJson(HttpExchange& exchange, std::vector<HttpHeader> headers,
                 std::string json) {
  headers.push_back({"Content-Type", "application/json"});
  headers.push_back({"X-Content-Type-Options", "nosniff"});
  exchange.Respond({200, std::move(headers), std::move(json)});
}

// Waits for the one answer to a stream. Deletes itself.
class LastAnswer final : public RequestStream {
 public:
  // `answered` is called once, on a thread of gRPC's.
  using Answered = std::function<void(const grpc::Status& status,
                                      const grpc::ByteBuffer& response)>;

  static void Start(std::shared_ptr<HttpExchange> exchange, OutgoingCall call,
                    grpc::GenericStub& stub, Answered answered) {
    auto* reactor = new LastAnswer(std::move(call), std::move(answered));
    reactor->Prepare(stub);
    reactor->StartRead(&reactor->response_);
    reactor->StartCallFor(std::move(exchange));
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (++responses_ == 1) {
      // The end is to be read, too, or the call would not end.
      StartRead(&unexpected_);
    } else {
      context().TryCancel();
    }
  }

  void OnDone(const grpc::Status& status) override {
    if (responses_ > 1 || (status.ok() && responses_ == 0)) {
      answered_(grpc::Status(grpc::StatusCode::INTERNAL,
                             "the service did not send exactly one answer"),
                response_);
    } else {
      answered_(status, response_);
    }
    delete this;
  }

 private:
  LastAnswer(OutgoingCall call, Answered answered)
      : RequestStream(std::move(call)), answered_(std::move(answered)) {}
  ~LastAnswer() override = default;

  const Answered answered_;
  grpc::ByteBuffer response_;
  grpc::ByteBuffer unexpected_;
  int responses_ = 0;
};

}  // namespace

// What the gateway has and its calls share.
class Gateway::Core {
 public:
  Core(Router router, std::shared_ptr<grpc::Channel> channel, Options options)
      : router_(std::move(router)),
        stub_(std::move(channel)),
        options_(std::move(options)) {}

  void Handle(std::shared_ptr<HttpExchange> exchange);

  // Waits until no call is under way.
  ~Core() {
    absl::MutexLock lock(&calls_->mutex);
    calls_->mutex.Await(absl::Condition(
        +[](int* count) { return *count == 0; }, &calls_->count));
  }

 private:
  // The request's messages, serialized. A status that is not OK says what is
  // wrong with the request.
  absl::StatusOr<std::vector<grpc::ByteBuffer>> RequestsOf(
      const HttpRequest& request, const Router::Result& found,
      absl::string_view query) const;

  // A call's context, with deadline and metadata.
  absl::StatusOr<std::shared_ptr<grpc::ClientContext>> ContextFor(
      const HttpRequest& request) const;

  // One call, one answer.
  void CallUnary(std::shared_ptr<HttpExchange> exchange, const HttpRoute& route,
                 OutgoingCall call);
  void CallClientStreaming(std::shared_ptr<HttpExchange> exchange,
                           const HttpRoute& route, OutgoingCall call);
  // One call, a stream of lines.
  void CallStreaming(std::shared_ptr<HttpExchange> exchange,
                     const HttpRoute& route, OutgoingCall call);

  void Answer(HttpExchange& exchange, const HttpRoute& route,
              const grpc::ClientContext& context, const grpc::Status& status,
              const grpc::ByteBuffer& response) const;

  absl::StatusOr<std::string> ToJson(const HttpRoute& route,
                                     const grpc::ByteBuffer& response) const;

  // An empty message: of the generated class, if the program has one.
  std::unique_ptr<Message> NewMessage(const Descriptor* type) const;

  // The calls under way. Shared, since the last of them may still hold the
  // mutex when the destructor has waited.
  struct Calls {
    absl::Mutex mutex;
    int count ABSL_GUARDED_BY(mutex) = 0;
  };

  // A call is under way as long as what this returns is somewhere.
  std::shared_ptr<void> BeginCall() {
    absl::MutexLock lock(&calls_->mutex);
    ++calls_->count;
    return std::shared_ptr<void>(nullptr, [calls = calls_](void*) {
      absl::MutexLock lock(&calls->mutex);
      --calls->count;
    });
  }

  const Router router_;
  grpc::GenericStub stub_;
  const Options options_;
  // Thread-safe.
  mutable DynamicMessageFactory dynamic_messages_;
  const std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

void Gateway::Core::Handle(std::shared_ptr<HttpExchange> exchange) {
  const HttpRequest& request = exchange->request();
  const Target target = SplitTarget(request.target);

  const auto resource = options_.resources.find(std::string(target.path));
  if (resource != options_.resources.end()) {
    if (request.method == "GET" || request.method == "HEAD") {
      exchange->Respond(resource->second);
      return;
    }
    HttpResponse refusal = Error(405, "this is there to be read: GET or HEAD");
    refusal.headers.push_back({"Allow", "GET, HEAD"});
    exchange->Respond(std::move(refusal));
    return;
  }

  const Router::Result found = router_.Find(request.method, target.path);
  if (found.route == nullptr) {
    if (found.allow.empty()) {
      exchange->Respond(Error(404, "nothing is served at this path"));
      return;
    }
    HttpResponse refusal =
        Error(405, "this path is served, and not with this HTTP method");
    refusal.headers.push_back({"Allow", absl::StrJoin(found.allow, ", ")});
    exchange->Respond(std::move(refusal));
    return;
  }
  const HttpRoute& route = *found.route;
  const MethodDescriptor& method = *route.method;

  // A body of no declared type is refused, too, and so is a type without a
  // body: a form of any page in the world can make a browser send one.
  const bool has_body =
      !request.body.empty() ||
      (!route.body.empty() && !request.header("content-type").empty());
  if (has_body && !HasKnownBody(request, method.client_streaming())) {
    exchange->Respond(Error(
        415,
        method.client_streaming()
            ? "the body is application/x-ndjson or application/json, in "
              "UTF-8 and not compressed"
            : "the body is application/json, in UTF-8 and not compressed"));
    return;
  }
  absl::StatusOr<std::vector<grpc::ByteBuffer>> messages =
      RequestsOf(request, found, target.query);
  if (!messages.ok()) {
    exchange->Respond(absl::IsResourceExhausted(messages.status())
                          ? Error(413, messages.status().message())
                          : ErrorResponse(ToGrpcStatus(messages.status())));
    return;
  }
  absl::StatusOr<std::shared_ptr<grpc::ClientContext>> context =
      ContextFor(request);
  if (!context.ok()) {
    exchange->Respond(absl::IsResourceExhausted(context.status())
                          ? Error(431, context.status().message())
                          : ErrorResponse(ToGrpcStatus(context.status())));
    return;
  }

  OutgoingCall call;
  call.alive = BeginCall();
  call.method =
      absl::StrCat("/", method.service()->full_name(), "/", method.name());
  call.context = *std::move(context);
  call.requests = *std::move(messages);
  if (method.server_streaming()) {
    CallStreaming(std::move(exchange), route, std::move(call));
  } else if (method.client_streaming()) {
    CallClientStreaming(std::move(exchange), route, std::move(call));
  } else {
    CallUnary(std::move(exchange), route, std::move(call));
  }
}

absl::StatusOr<std::vector<grpc::ByteBuffer>> Gateway::Core::RequestsOf(
    const HttpRequest& request, const Router::Result& found,
    absl::string_view query) const {
  const absl::StatusOr<QueryParameters> parameters = ParseQuery(query);
  if (!parameters.ok()) return parameters.status();
  const HttpRoute& route = *found.route;
  std::vector<grpc::ByteBuffer> messages;
  const auto add = [&](absl::string_view body) {
    const std::unique_ptr<Message> message =
        NewMessage(route.method->input_type());
    const absl::Status built =
        BuildRequest(route, found.bindings, *parameters, body, message.get());
    if (built.ok()) messages.push_back(support::ToByteBuffer(*message));
    return built;
  };
  if (!route.method->client_streaming() || route.body.empty()) {
    const absl::Status added = add(request.body);
    if (!added.ok()) return added;
    return messages;
  }
  // All lines are read before the call begins: it is made with all, or not.
  int number = 0;
  for (absl::string_view line : absl::StrSplit(request.body, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    if (messages.size() == options_.max_messages) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "a request has no more than ", options_.max_messages, " messages"));
    }
    const absl::Status added = add(line);
    if (!added.ok()) {
      return absl::Status(added.code(),
                          absl::StrCat("line ", number, ": ", added.message()));
    }
  }
  return messages;
}

absl::StatusOr<std::shared_ptr<grpc::ClientContext>> Gateway::Core::ContextFor(
    const HttpRequest& request) const {
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(request);
  if (!timeout.ok()) return timeout.status();
  auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(
      absl::Now() + (*timeout == absl::InfiniteDuration()
                         ? options_.default_timeout
                         : std::min(*timeout, options_.max_timeout))));
  const absl::Status added = AddHeaders(request, options_.request_headers,
                                        options_.max_metadata_bytes, *context);
  if (!added.ok()) return added;
  return context;
}

void Gateway::Core::CallUnary(std::shared_ptr<HttpExchange> exchange,
                              const HttpRoute& route, OutgoingCall call) {
  // All that the call needs, in one place: `out` is to go last.
  struct Call {
    OutgoingCall out;
    std::shared_ptr<HttpExchange> exchange;
    grpc::ByteBuffer response;
  };
  auto state = std::make_shared<Call>(
      Call{std::move(call), std::move(exchange), grpc::ByteBuffer()});
  state->exchange->OnGone(
      [context = state->out.context] { context->TryCancel(); });
  stub_.UnaryCall(state->out.context.get(), state->out.method, {},
                  &state->out.requests[0], &state->response,
                  [this, &route, state](const grpc::Status& status) {
                    Answer(*state->exchange, route, *state->out.context, status,
                           state->response);
                  });
}

void Gateway::Core::CallClientStreaming(std::shared_ptr<HttpExchange> exchange,
                                        const HttpRoute& route,
                                        OutgoingCall call) {
  const std::shared_ptr<grpc::ClientContext> context = call.context;
  LastAnswer::Start(
      exchange, std::move(call), stub_,
      [this, exchange, &route, context](const grpc::Status& status,
                                        const grpc::ByteBuffer& response) {
        Answer(*exchange, route, *context, status, response);
      });
}

void Gateway::Core::CallStreaming(std::shared_ptr<HttpExchange> exchange,
                                  const HttpRoute& route, OutgoingCall call) {
  LineFormat format;
  format.to_json = [this, &route](const grpc::ByteBuffer& bytes) {
    return ToJson(route, bytes);
  };
  format.to_error = ErrorResponse;
  format.to_headers = [this](const grpc::ClientContext& context) {
    return HeadersOf(context.GetServerInitialMetadata(),
                     options_.response_headers);
  };
  StreamLines::Start(std::move(exchange), std::move(call), std::move(format),
                     stub_);
}

void Gateway::Core::Answer(HttpExchange& exchange, const HttpRoute& route,
                           const grpc::ClientContext& context,
                           const grpc::Status& status,
                           const grpc::ByteBuffer& response) const {
  std::vector<HttpHeader> headers =
      HeadersOf(context.GetServerInitialMetadata(), options_.response_headers);
  for (HttpHeader& header : HeadersOf(context.GetServerTrailingMetadata(),
                                      options_.response_headers)) {
    headers.push_back(std::move(header));
  }
  grpc::Status outcome = status;
  if (outcome.ok()) {
    absl::StatusOr<std::string> json = ToJson(route, response);
    if (json.ok()) {
      RespondJson(exchange, std::move(headers), *std::move(json));
      return;
    }
    outcome = ToGrpcStatus(json.status());
  }
  HttpResponse error = ErrorResponse(outcome);
  for (HttpHeader& header : headers) error.headers.push_back(std::move(header));
  exchange.Respond(std::move(error));
}

absl::StatusOr<std::string> Gateway::Core::ToJson(
    const HttpRoute& route, const grpc::ByteBuffer& response) const {
  const std::unique_ptr<Message> message =
      NewMessage(route.method->output_type());
  const grpc::Status parsed = support::FromByteBuffer(response, message.get());
  if (!parsed.ok()) return absl::InternalError(parsed.error_message());
  return ResponseJson(route, *message);
}

std::unique_ptr<Message> Gateway::Core::NewMessage(
    const Descriptor* type) const {
  const Message* prototype = nullptr;
  if (type->file()->pool() == DescriptorPool::generated_pool()) {
    prototype = MessageFactory::generated_factory()->GetPrototype(type);
  }
  if (prototype == nullptr) prototype = dynamic_messages_.GetPrototype(type);
  return std::unique_ptr<Message>(prototype->New());
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Make(
    const std::vector<const ServiceDescriptor*>& services,
    std::shared_ptr<grpc::Channel> channel, Options options) {
  for (const auto* names :
       {&options.request_headers, &options.response_headers}) {
    for (const std::string& name : *names) {
      const absl::Status checked = CheckHeaderName(name);
      if (!checked.ok()) return checked;
    }
  }
  std::vector<HttpRoute> routes;
  for (const ServiceDescriptor* service : services) {
    absl::StatusOr<std::vector<HttpRoute>> more = RoutesOf(*service);
    if (!more.ok()) return more.status();
    for (HttpRoute& route : *more) routes.push_back(std::move(route));
  }
  absl::StatusOr<Router> router = Router::Make(std::move(routes));
  if (!router.ok()) return router.status();
  // The constructor is private.
  return std::unique_ptr<Gateway>(new Gateway(std::make_unique<Core>(
      *std::move(router), std::move(channel), std::move(options))));
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Make(
    const std::vector<const ServiceDescriptor*>& services,
    std::shared_ptr<grpc::Channel> channel) {
  return Make(services, std::move(channel), Options());
}

Gateway::Gateway(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Gateway::~Gateway() = default;

void Gateway::Handle(std::shared_ptr<HttpExchange> exchange) {
  core_->Handle(std::move(exchange));
}

HttpResponse Gateway::Error(int status, absl::string_view message) {
  HttpResponse response =
      ErrorResponse(grpc::Status(CodeFor(status), std::string(message)));
  response.status = status;
  return response;
}

}  // namespace movies
