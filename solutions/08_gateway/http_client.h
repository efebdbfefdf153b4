// A small HTTP/1.1 client on Boost.Beast, for this lesson's programs and tests.
// It waits for its answers: a thread makes one request at a time.
//
//   HttpClient client("127.0.0.1:8080");
//   absl::StatusOr<support::HttpResponse> response =
//       client.Send({"GET", "/v1/movies/1", {}, ""});

#ifndef HTTP_CLIENT_H_
#define HTTP_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "support/http_server.h"

namespace movies {

// One connection, kept as long as the server keeps it. Not thread-safe.
class HttpClient {
 public:
  // Told of each part of a body as it arrives; returns whether to go on.
  using OnPart = std::function<bool(absl::string_view part)>;

  // Connects with the first request. `address` is "HOST:PORT", HOST an address.
  explicit HttpClient(std::string address);
  ~HttpClient();

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends a request and waits for the whole answer. Host and Content-Length are
  // added. `on_part`, if there is one, gets the body, and the response's is
  // empty; if it returns false, the connection is closed.
  //
  // UNAVAILABLE, with the system's words, if the server cannot be reached or
  // breaks off; DEADLINE_EXCEEDED if nothing comes for `patience`; CANCELLED if
  // `on_part` returned false; INVALID_ARGUMENT for an address that is none.
  absl::StatusOr<support::HttpResponse> Send(
      const support::HttpRequest& request, const OnPart& on_part = nullptr,
      absl::Duration patience = absl::Seconds(30));

  // Closes the connection, answer or not.
  void Close();

 private:
  class Connection;

  const std::string address_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace movies

#endif  // HTTP_CLIENT_H_
