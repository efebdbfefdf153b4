// One line of log for each call, with its latency: an interceptor that serves
// on both sides, for unary calls and for every kind of stream.
//
//   CallSink sink = [&log](const CallRecord& record) {
//     log.Say(ToString(record));
//   };
//
//   std::vector<std::unique_ptr<
//       grpc::experimental::ClientInterceptorFactoryInterface>>
//       client_chain;
//   client_chain.push_back(NewClientLoggingFactory(sink));
//   auto channel = grpc::experimental::CreateCustomChannelWithInterceptors(
//       target, credentials, arguments, std::move(client_chain));
//
//   std::vector<std::unique_ptr<
//       grpc::experimental::ServerInterceptorFactoryInterface>>
//       server_chain;
//   server_chain.push_back(NewServerLoggingFactory(sink));
//   builder.experimental().SetInterceptorCreators(std::move(server_chain));

#ifndef LOGGING_INTERCEPTOR_H_
#define LOGGING_INTERCEPTOR_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "support/steady_clock.h"

namespace movies {

enum class CallSide { kClient, kServer };

// What is worth knowing of a call that is over. It has no place for messages or
// metadata, which may hold what no log should: passwords, tokens, names.
struct CallRecord {
  CallSide side = CallSide::kClient;
  // "/movies.v1.MoviesService/GetMovie". A server by the sync API calls every
  // method that it does not have "unknown".
  std::string method;
  // Slide: record
  // Messages that this side handed to gRPC, whether or not they arrived.
  int sent = 0;
  // Messages that arrived here.
  int received = 0;
  // How the call ended: for a client the status that it got, for a server the
  // one that it sent. Nothing if the call was let go before that.
  std::optional<grpc::StatusCode> code;
  // End slide: record
  // From the call's beginning on this side until its status was known, or until
  // it was let go.
  absl::Duration latency;
};

// "client /movies.v1.MoviesService/GetMovie: code 0, 1 sent, 1 received, 2ms".
std::string ToString(const CallRecord& record);

// Called with each record, by any thread, also by several at once. It must not
// block: the call waits meanwhile.
using CallSink = std::function<void(const CallRecord&)>;

// Tells the time, for durations alone: by default it is a clock that nobody
// sets. Must be safe to call from any thread.
using Clock = std::function<absl::Time()>;

// The interceptor of one call. gRPC runs the batches of a call's two directions
// beside each other, so Intercept() is called by several threads at once; the
// batch that starts a call comes before the others, and the status comes once.
class LoggingInterceptor final : public grpc::experimental::Interceptor {
 public:
  // The call begins now. `method` is its full name.
  LoggingInterceptor(CallSide side, std::string method, CallSink sink,
                     Clock clock);

  // Reports a call that was started and has not been reported: whoever made it
  // let it go without waiting for its status.
  //
  // A client's call may also be answered by an interceptor before this one,
  // which is then asked nothing but whether to cancel. It reports no such call:
  // for all it knows, nothing was ever sent.
  ~LoggingInterceptor() override;

  LoggingInterceptor(const LoggingInterceptor&) = delete;
  LoggingInterceptor& operator=(const LoggingInterceptor&) = delete;

  // Counts the messages and reports the call, once, as soon as its status is
  // known. Changes nothing.
  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override;

 private:
  // Hands the sink a record of the call as it is now.
  void Report(std::optional<grpc::StatusCode> code);

  const CallSide side_;
  const std::string method_;
  const CallSink sink_;
  const Clock clock_;
  const absl::Time start_;
  std::atomic<int> sent_{0};
  std::atomic<int> received_{0};
  // The call's initial metadata has been on its way out (client) or in
  // (server).
  std::atomic<bool> started_{false};
  std::atomic<bool> reported_{false};
};

// What makes a LoggingInterceptor for every call of a channel.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>
NewClientLoggingFactory(CallSink sink, Clock clock = support::SteadyNow);

// What makes a LoggingInterceptor for every call of a server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
NewServerLoggingFactory(CallSink sink, Clock clock = support::SteadyNow);

}  // namespace movies

#endif  // LOGGING_INTERCEPTOR_H_
