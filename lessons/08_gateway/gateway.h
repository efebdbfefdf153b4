// HTTP/JSON for any service with google.api.http options: what stands between a
// browser and a gRPC service.
//
//   auto gateway = Gateway::Make(
//       {v1::Movie::descriptor()->file()->FindServiceByName("MoviesService")},
//       channel);
//   support::HttpServer::Options options;
//   options.error = Gateway::Error;
//   auto server = support::HttpServer::Start(
//       options, [&](std::shared_ptr<support::HttpExchange> exchange) {
//         (*gateway)->Handle(std::move(exchange));
//       });
//
// It knows the service by its descriptors alone, so it also serves one that was
// not known when the program was compiled.

#ifndef GATEWAY_H_
#define GATEWAY_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "support/http_server.h"

namespace movies {

// Thread-safe.
class Gateway {
 public:
  struct Options {
    // The headers of a request that become metadata of the call, in lower case.
    // All others end here: nobody knows what a client sends. Values of those
    // that end in "-bin" are base64.
    std::vector<std::string> request_headers = {"authorization",
                                                "x-request-id"};
    // The metadata of the service that becomes headers of the answer: its
    // initial metadata and, unless the answer is a stream, the trailing.
    std::vector<std::string> response_headers = {"x-request-id"};
    // How much metadata a request may become: the bytes of names and values,
    // and 32 for each pair. gRPC servers take 8 kB by default, with what gRPC
    // adds of its own.
    std::size_t max_metadata_bytes = 7 * 1024;
    // How long a call may take if the client does not say, and at most.
    absl::Duration default_timeout = absl::Seconds(30);
    absl::Duration max_timeout = absl::Minutes(10);
    // How many messages a client may stream in one request.
    std::size_t max_messages = 10'000;
    // Answers that are always the same, by their paths: a page, a description
    // of the API. They are for GET and HEAD, and go before any route.
    std::map<std::string, support::HttpResponse> resources;
  };

  // Calls all `services` through `channel`. Their descriptors, and the pool
  // that these are from, must outlive the gateway. A method without the option
  // is not to be reached.
  //
  // INVALID_ARGUMENT for options that http.proto forbids, as RoutesOf() says,
  // and for a header that cannot be metadata. ALREADY_EXISTS if two methods
  // want the same requests.
  static absl::StatusOr<std::unique_ptr<Gateway>> Make(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services,
      std::shared_ptr<grpc::Channel> channel, Options options);
  static absl::StatusOr<std::unique_ptr<Gateway>> Make(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services,
      std::shared_ptr<grpc::Channel> channel);

  // Waits for the calls under way. Destroy the HTTP server first: that cancels
  // them. Otherwise it takes until they are answered, or their deadlines.
  ~Gateway();

  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Answers a request, at once if it is a bad one, and otherwise when the
  // service has answered. Returns at once.
  //
  // The body is JSON, of the media type application/json. What a client
  // streams is a line of JSON for each message, application/x-ndjson. A
  // stream's answer is as StreamLines has it. All other answers are
  // application/json, whatever the client accepts.
  //
  // The header grpc-timeout, in gRPC's format ("100m" is 0.1 s), or
  // Request-Timeout, in seconds, becomes the call's deadline; of two, the
  // earlier counts.
  //
  // What the gateway itself refuses: 404 if no route has the path, 405 with
  // Allow if only other methods have it, 415 for a body of another type, 413
  // for too many messages, 431 for too much metadata, 400 for all else.
  void Handle(std::shared_ptr<support::HttpExchange> exchange);

  // Returns an answer of that HTTP status, as JSON, for what is no gRPC error:
  // made for HttpServer::Options::error.
  static support::HttpResponse Error(int status, absl::string_view message);

 private:
  class Core;

  explicit Gateway(std::unique_ptr<Core> core);

  const std::unique_ptr<Core> core_;
};

}  // namespace movies

#endif  // GATEWAY_H_
