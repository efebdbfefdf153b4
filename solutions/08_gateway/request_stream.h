// The client's end of a call that is made for an HTTP request: it sends all
// messages, one by one, whatever kind of call it is.

#ifndef REQUEST_STREAM_H_
#define REQUEST_STREAM_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/http_server.h"

namespace movies {

// What to send, by a generic stub.
struct OutgoingCall {
  // Gone when nothing of the call is left, after all that is declared below:
  // somebody may wait for that to let go of the channel. Its last reference
  // must not go on a thread of gRPC's, which would wait for itself then; and
  // each context has one.
  std::shared_ptr<void> alive;
  // "/movies.v1.MoviesService/QueryMovie"
  std::string method;
  // With the deadline and metadata. Shared, because the HTTP exchange cancels
  // the call with it, even when that is over.
  std::shared_ptr<grpc::ClientContext> context;
  // Serialized messages: one, or any number if the client streams.
  std::vector<grpc::ByteBuffer> requests;
};

// A reactor that writes. What it reads, and what it makes of the status, is up
// to the class derived from it, which deletes itself in OnDone().
//
// On the wire a call with one message is like a stream of one, so this serves
// all four kinds of call.
class RequestStream
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  RequestStream(const RequestStream&) = delete;
  RequestStream& operator=(const RequestStream&) = delete;

  // The last write, or the one before it, has left; or the call is over.
  void OnWriteDone(bool ok) final {
    if (ok) WriteNext();
  }

 protected:
  explicit RequestStream(OutgoingCall call) : call_(std::move(call)) {}

  grpc::ClientContext& context() { return *call_.context; }

  // Makes the call known to gRPC; comes before StartRead() and AddHold().
  void Prepare(grpc::GenericStub& stub) {
    stub.PrepareBidiStreamingCall(call_.context.get(), call_.method, {}, this);
  }

  // Starts the call and its writes. If the client of `exchange` goes away, the
  // call is cancelled. The object may be gone when this returns.
  void StartCallFor(std::shared_ptr<support::HttpExchange> exchange) {
    // Whatever becomes of this object, the context is there for OnGone().
    const std::shared_ptr<grpc::ClientContext> context = call_.context;
    WriteNext();
    StartCall();
    exchange->OnGone([context] { context->TryCancel(); });
  }

 private:
  // Starts the next write; the last one half-closes.
  void WriteNext() {
    if (call_.requests.empty()) {
      StartWritesDone();
    } else if (next_ + 1 == call_.requests.size()) {
      StartWriteLast(&call_.requests[next_++], {});
    } else if (next_ < call_.requests.size()) {
      StartWrite(&call_.requests[next_++]);
    }
  }

  OutgoingCall call_;
  std::size_t next_ = 0;
};

}  // namespace movies

#endif  // REQUEST_STREAM_H_
