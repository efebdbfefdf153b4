// A stream for clients without gRPC: a line of JSON for each message, sent when
// the message arrives. The media type is application/x-ndjson.
//
//   {"result":{"mid":1,"movieName":"Metropolis (1927)", …}}
//   {"result":{"mid":7, …}}
//   {"error":{"code":14,"message":"the catalogue went away", …}}
//
// The last line is there if the call failed: by then the HTTP status has been
// sent long ago, and it was 200.

#ifndef STREAM_LINES_H_
#define STREAM_LINES_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "request_stream.h"
#include "support/http_server.h"

namespace movies {

// How StreamLines speaks. The functions are called from any thread, one at a
// time, and go when the call is over.
struct LineFormat {
  // Returns a message as JSON, without a line break in it.
  std::function<absl::StatusOr<std::string>(const grpc::ByteBuffer&)> to_json;
  // Returns the answer to a call that failed. Its body is JSON.
  std::function<support::HttpResponse(const grpc::Status&)> to_error;
  // Returns more headers for the answer, from the call's metadata; may be null.
  std::function<std::vector<support::HttpHeader>(const grpc::ClientContext&)>
      to_headers;
};

// Makes one call, and answers an HTTP request with what it streams.
//
// It reads the next message only when the HTTP client has taken the one before
// it. If the client is slow, gRPC's window fills and the service waits: the
// gateway keeps one message, however long the stream. If the client is gone,
// the call is cancelled.
//
// A call that fails before its first message is answered as to_error() says,
// with an HTTP status of its own. So the head of the answer waits for the first
// message.
class StreamLines final : public RequestStream {
 public:
  // Starts the call. The object deletes itself when the answer is complete and
  // the call is over.
  static void Start(std::shared_ptr<support::HttpExchange> exchange,
                    OutgoingCall call, LineFormat format,
                    grpc::GenericStub& stub);

  // The service's metadata is there, or the call has failed: the first read.
  void OnReadInitialMetadataDone(bool ok) override;

  // A read is done. If `ok`, message_ is the next message. If not, there are no
  // more, and OnDone() will say why.
  void OnReadDone(bool ok) override;

  // The call is over and the hold is removed: the end of the answer.
  void OnDone(const grpc::Status& status) override;

 private:
  StreamLines(std::shared_ptr<support::HttpExchange> exchange,
              OutgoingCall call, LineFormat format);
  // Only OnDone() deletes.
  ~StreamLines() override = default;

  // Sends the head of the answer, unless it was sent.
  void StartAnswer();

  // The client is told `status`, whatever the call's own will be. Cancels it.
  void Fail(const absl::Status& status);

  const std::shared_ptr<support::HttpExchange> exchange_;
  const LineFormat format_;
  grpc::ByteBuffer message_;
  bool answer_started_ = false;
  // OK, unless Fail() was called.
  grpc::Status failure_;
};

}  // namespace movies

#endif  // STREAM_LINES_H_
