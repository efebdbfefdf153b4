#include "logging_interceptor.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {
namespace {

using ::grpc::experimental::ClientRpcInfo;
using ::grpc::experimental::InterceptionHookPoints;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;
using ::grpc::experimental::ServerRpcInfo;

class ClientLoggingFactory final
    : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  ClientLoggingFactory(CallSink sink, Clock clock)
      : sink_(std::move(sink)), clock_(std::move(clock)) {}

  // gRPC owns what is returned, and deletes it with the call's ClientContext.
  Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    return new LoggingInterceptor(CallSide::kClient, info->method(), sink_,
                                  clock_);
  }

 private:
  const CallSink sink_;
  const Clock clock_;
};

class ServerLoggingFactory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  ServerLoggingFactory(CallSink sink, Clock clock)
      : sink_(std::move(sink)), clock_(std::move(clock)) {}

  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new LoggingInterceptor(CallSide::kServer, info->method(), sink_,
                                  clock_);
  }

 private:
  const CallSink sink_;
  const Clock clock_;
};

}  // namespace

std::string ToString(const CallRecord& record) {
  return absl::StrCat(
      record.side == CallSide::kClient ? "client " : "server ", record.method,
      record.code.has_value()
          ? absl::StrCat(": code ", static_cast<int>(*record.code))
          : ": no status",
      ", ", record.sent, " sent, ", record.received, " received, ",
      absl::FormatDuration(absl::Trunc(record.latency, absl::Microseconds(1))));
}

LoggingInterceptor::LoggingInterceptor(CallSide side, std::string method,
                                       CallSink sink, Clock clock)
    : side_(side),
      method_(std::move(method)),
      sink_(std::move(sink)),
      clock_(std::move(clock)),
      start_(clock_()) {}

void LoggingInterceptor::Report(std::optional<grpc::StatusCode> code) {
  reported_ = true;
  sink_({side_, method_, sent_, received_, code, clock_() - start_});
}

// TODO(06_interceptors.logging_interceptor): Ask the batch for each hook that
// tells you something, and count before you report:
// - the call starts: set started_;
// - a message leaves, or has come: count it in sent_ or received_;
// - a status is known: Report() the call with it.
// In the destructor, report a call that has started_ and is not reported_.
// Every batch must go on: Proceed() comes last.
LoggingInterceptor::~LoggingInterceptor() = default;

void LoggingInterceptor::Intercept(InterceptorBatchMethods* batch) {
  batch->Proceed();
}
// END TODO(06_interceptors.logging_interceptor)

std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
NewClientLoggingFactory(CallSink sink, Clock clock) {
  return std::make_unique<ClientLoggingFactory>(std::move(sink),
                                                std::move(clock));
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
NewServerLoggingFactory(CallSink sink, Clock clock) {
  return std::make_unique<ServerLoggingFactory>(std::move(sink),
                                                std::move(clock));
}

}  // namespace movies
