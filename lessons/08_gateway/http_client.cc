#include "http_client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

absl::StatusOr<tcp::endpoint> EndpointOf(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  error_code error;
  asio::ip::address host;
  if (colon != absl::string_view::npos) {
    host = asio::ip::make_address(std::string(address.substr(0, colon)), error);
  }
  if (colon == absl::string_view::npos || error ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not ADDRESS:PORT"));
  }
  return tcp::endpoint(host, static_cast<std::uint16_t>(port));
}

}  // namespace

class HttpClient::Connection {
 public:
  absl::Status Connect(const tcp::endpoint& endpoint, absl::Duration patience) {
    return Wait(patience, [&](auto done) {
      stream_.async_connect(endpoint,
                            [done](error_code error) { done(error); });
    });
  }

  absl::Status Write(const http::request<http::string_body>& request,
                     absl::Duration patience) {
    return Wait(patience, [&](auto done) {
      http::async_write(stream_, request,
                        [done](error_code error, std::size_t) { done(error); });
    });
  }

  absl::Status ReadHead(http::response_parser<http::buffer_body>& parser,
                        absl::Duration patience) {
    return Wait(patience, [&](auto done) {
      http::async_read_header(
          stream_, buffer_, parser,
          [done](error_code error, std::size_t) { done(error); });
    });
  }

  // Sets `part` to the next bytes of the body, maybe none.
  absl::Status ReadPart(http::response_parser<http::buffer_body>& parser,
                        absl::Duration patience, absl::string_view& part) {
    parser.get().body().data = bytes_.data();
    parser.get().body().size = bytes_.size();
    const absl::Status read = Wait(patience, [&](auto done) {
      // As much as has come, not as much as there is room for.
      http::async_read_some(
          stream_, buffer_, parser, [done](error_code error, std::size_t) {
            done(error == http::error::need_buffer ? error_code() : error);
          });
    });
    part = absl::string_view(bytes_.data(),
                             bytes_.size() - parser.get().body().size);
    return read;
  }

 private:
  // Starts something and waits until it is done. Beast keeps time for what is
  // asynchronous only.
  template <typename Start>
  absl::Status Wait(absl::Duration patience, Start start) {
    stream_.expires_after(absl::ToChronoNanoseconds(patience));
    error_code result;
    start([&result](error_code error) { result = error; });
    io_.restart();
    io_.run();
    if (result == beast::error::timeout) {
      return absl::DeadlineExceededError("the server does not answer");
    }
    if (result) return absl::UnavailableError(result.message());
    return absl::OkStatus();
  }

  asio::io_context io_;
  beast::tcp_stream stream_{io_};
  beast::flat_buffer buffer_;
  std::array<char, 8192> bytes_;
};

HttpClient::HttpClient(std::string address) : address_(std::move(address)) {}

HttpClient::~HttpClient() = default;

void HttpClient::Close() { connection_.reset(); }

absl::StatusOr<support::HttpResponse> HttpClient::Send(
    const support::HttpRequest& request, const OnPart& on_part,
    absl::Duration patience) {
  const absl::StatusOr<tcp::endpoint> endpoint = EndpointOf(address_);
  if (!endpoint.ok()) return endpoint.status();
  // Kept for the next request only if this one ends well.
  std::unique_ptr<Connection> connection = std::move(connection_);
  if (connection == nullptr) {
    connection = std::make_unique<Connection>();
    const absl::Status connected = connection->Connect(*endpoint, patience);
    if (!connected.ok()) return connected;
  }

  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, address_);
  for (const support::HttpHeader& header : request.headers) {
    message.insert(header.name, header.value);
  }
  message.body() = request.body;
  message.prepare_payload();
  absl::Status status = connection->Write(message, patience);
  if (!status.ok()) return status;

  http::response_parser<http::buffer_body> parser;
  parser.skip(request.method == "HEAD");
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  status = connection->ReadHead(parser, patience);
  if (!status.ok()) return status;
  support::HttpResponse response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    response.headers.push_back(
        {std::string(field.name_string()), std::string(field.value())});
  }
  while (!parser.is_done()) {
    absl::string_view part;
    status = connection->ReadPart(parser, patience, part);
    if (!status.ok()) return status;
    if (part.empty()) continue;
    if (on_part == nullptr) {
      absl::StrAppend(&response.body, part);
    } else if (!on_part(part)) {
      return absl::CancelledError("the rest of the answer was not wanted");
    }
  }
  if (parser.keep_alive()) connection_ = std::move(connection);
  return response;
}

}  // namespace movies
