// An HTTP/1.1 server for programs that answer from elsewhere: a handler is told
// of a request, returns at once, and the answer comes later, whole or in parts,
// from any thread. Boost.Beast reads and writes the HTTP.
//
//   auto server = support::HttpServer::Start(
//       options, [](std::shared_ptr<support::HttpExchange> exchange) {
//         exchange->Respond({200, {{"Content-Type", "text/plain"}}, "hello"});
//       });
//
// What a client can do wrong, the server answers itself: bytes that are not
// HTTP/1.0 or HTTP/1.1 (400) or that another server may understand otherwise
// (400), a body (413) or headers (431) that are too large, a request that takes
// too long to arrive (408), what it does not know of how bodies are sent (417,
// 501), more requests at once than it takes (503). Each time the connection is
// closed, once the client had its time to read the answer.

#ifndef SUPPORT_HTTP_SERVER_H_
#define SUPPORT_HTTP_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace support {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  // As sent: "GET".
  std::string method;
  // Path and query as sent, percent-encoded: "/v1/movies?query=city". A host in
  // front of them, as proxies are sent it, is left out.
  std::string target;
  // Repeated names included, and then in the order sent. Trailers are not.
  std::vector<HttpHeader> headers;
  std::string body;

  // Returns the first value of `name`, whose case does not matter, or "".
  absl::string_view header(absl::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  // Content-Length, Transfer-Encoding, Connection and Date are the server's;
  // here, they are left out. A status or a header that HTTP does not allow, for
  // instance with a line's end in it, makes the whole answer a 500.
  std::vector<HttpHeader> headers;
  std::string body;
};

// One request and its answer: Respond() once, or Start(), any number of Write()
// and Finish(). Dropped without a complete answer, it breaks the connection, so
// that the client does not take half an answer for a whole one.
//
// Thread-safe, but for the answer's calls among themselves: one at a time, in
// order. None of them blocks. Functions given to it run on a thread of the
// server's, or, once the server is gone, on the caller's; they must not block
// either.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const HttpRequest& request() const = 0;

  // Sends a whole answer.
  virtual void Respond(HttpResponse response) = 0;

  // Begins an answer of unknown length (Transfer-Encoding: chunked). Its head
  // is sent at once. A status or a header that HTTP does not allow breaks the
  // connection.
  virtual void Start(int status, std::vector<HttpHeader> headers) = 0;

  // Sends a part, at once; empty parts are left out. Calls `done(true)` when
  // the system took it, `done(false)` if the client is gone or too slow. Wait
  // for `done` before the next Write(): that is what slows the producer down to
  // its client.
  virtual void Write(std::string part, std::function<void(bool)> done) = 0;

  // Ends the answer that Start() began.
  virtual void Finish() = 0;

  // Calls `gone` once, if the client closes the connection, is too slow, or the
  // server stops, before Respond() or Finish(); at once if that has happened.
  // A client that closes only its sending side looks the same from here, so it
  // counts as gone; an answer that is given nevertheless is sent. A client that
  // sent more than `max_header_bytes` ahead is not watched. `gone` should not
  // own the exchange, which would then not be dropped.
  virtual void OnGone(std::function<void()> gone) = 0;
};

class HttpServer {
 public:
  using Handler = std::function<void(std::shared_ptr<HttpExchange>)>;

  struct Options {
    // Where to listen, "HOST:PORT"; port 0 for any free one. HOST is an
    // address.
    std::string address = "127.0.0.1:0";
    // Of the request line with all headers, and of the body.
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 4 * 1024 * 1024;
    // Requests being answered at once; those beyond get 503. One whose client
    // is gone counts until its exchange is dropped.
    int max_requests = 1000;
    // Open connections; those beyond wait to be accepted.
    int max_connections = 2000;
    // From a request's first byte to its last.
    absl::Duration read_timeout = absl::Seconds(10);
    // For the client to take one part of an answer.
    absl::Duration write_timeout = absl::Seconds(10);
    // Between two requests on a connection, and before the first.
    absl::Duration idle_timeout = absl::Seconds(60);
    // Threads that serve all connections together.
    int threads = 2;
    // Makes the answers that the server gives itself; plain text if null.
    std::function<HttpResponse(int status, absl::string_view message)> error;
  };

  // Starts to serve. `handler` runs on the server's threads and must not block.
  // INVALID_ARGUMENT for an address that is none, UNAVAILABLE, with the
  // system's words, for one on which it cannot listen.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const Options& options, Handler handler);

  // Breaks all connections, tells exchanges that their client is gone, and
  // waits for functions that still run. Exchanges may outlive the server; their
  // calls then do nothing, and `done` is told false. Not to be called by
  // functions that the server calls.
  virtual ~HttpServer() = default;

  // Returns the port that it listens on.
  virtual int port() const = 0;
};

}  // namespace support

#endif  // SUPPORT_HTTP_SERVER_H_
