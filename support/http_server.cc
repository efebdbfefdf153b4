#include "support/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"

namespace support {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Error = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Strand = asio::strand<Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Strand>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               Strand>;

// What is read at once of a request that may follow.
constexpr std::size_t kReadBytes = 4096;
// What a buffer holds beyond a request's head: a chunk's head, or trailers.
constexpr std::size_t kBodyBufferBytes = 64 * 1024;
// How long an answer that ends a connection may be read, once sent.
constexpr absl::Duration kLingerTimeout = absl::Seconds(2);
// Until a read that could not be cancelled is cancelled again.
constexpr absl::Duration kCancelPause = absl::Milliseconds(10);
// Until a system that has no file descriptor left may have one.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);

std::chrono::steady_clock::duration ToSteady(absl::Duration duration) {
  // The clock cannot add what is infinite.
  return absl::ToChronoNanoseconds(std::max(
      absl::ZeroDuration(), std::min(duration, absl::Hours(24 * 365))));
}

std::string HttpDate(absl::Time time) {
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", time,
                          absl::UTCTimeZone());
}

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
}

// What a header may be; anything else would end it, and begin another.
bool CanTravel(const HttpHeader& header) {
  return !header.name.empty() &&
         std::all_of(header.name.begin(), header.name.end(),
                     IsTokenCharacter) &&
         std::none_of(header.value.begin(), header.value.end(), [](char c) {
           return absl::ascii_iscntrl(c) && c != '\t';
         });
}

bool IsServersOwn(absl::string_view name) {
  for (absl::string_view own :
       {"Connection", "Content-Length", "Date", "Transfer-Encoding"}) {
    if (absl::EqualsIgnoreCase(name, own)) return true;
  }
  return false;
}

// True if the answer to a request has a body, HEAD aside.
bool HasBody(int status) { return status != 204 && status != 304; }

// What is sent at once, and who wants to know when it was.
struct Outgoing {
  std::string head;
  std::string body;
  std::string tail;
  std::function<void(bool)> done;
  // The answer is complete with it.
  bool last = false;
};

class Connection;

// What the server's connections share. It lives as long as any of them, so also
// as long as any exchange.
struct Core : public std::enable_shared_from_this<Core> {
  Core(const HttpServer::Options& options, HttpServer::Handler handler)
      : options(options),
        handler(std::move(handler)),
        acceptor(asio::make_strand(io)),
        accept_pause(acceptor.get_executor()) {}

  void Accept();
  void OnAccept(const Error& error, Socket socket);
  // Called once for every connection that was accepted.
  void ConnectionClosed();

  const HttpServer::Options options;
  const HttpServer::Handler handler;
  asio::io_context io;
  std::atomic<int> requests{0};

  // On the acceptor's strand.
  Acceptor acceptor;
  Timer accept_pause;
  int connections = 0;
  bool accepting = false;

  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> all
      ABSL_GUARDED_BY(mutex);
};

// One of the requests that may be answered at once, for as long as it exists.
class Slot {
 public:
  explicit Slot(std::shared_ptr<Core> core)
      : core_(std::move(core)), number_(++core_->requests) {}
  ~Slot() { --core_->requests; }

  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  bool too_many() const { return number_ > core_->options.max_requests; }

 private:
  const std::shared_ptr<Core> core_;
  const int number_;
};

// One connection: reads a request, has it answered, reads the next. All of it
// happens on the connection's strand; other threads come in through Post().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, Socket socket)
      : core_(std::move(core)),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        buffer_(core_->options.max_header_bytes + kBodyBufferBytes) {}

  ~Connection() {
    absl::MutexLock lock(&core_->mutex);
    core_->all.erase(this);
  }

  // Runs `function` on the strand, later. False if the server has stopped.
  template <typename Function>
  bool Post(Function function) {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return false;
    asio::post(socket_.get_executor(), std::move(function));
    return true;
  }

  // Posts nothing any more. Whatever was begun ends.
  void Stop() {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    stopped_ = true;
    asio::post(socket_.get_executor(),
               [self = shared_from_this()] { self->Break(); });
  }

  // The rest is for the strand.

  void Begin() {
    Error ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    NextRequest();
  }

  void Respond(std::uint64_t id, HttpResponse response,
               std::shared_ptr<Slot> slot);
  void Start(std::uint64_t id, int status, std::vector<HttpHeader> headers);
  void Write(std::uint64_t id, std::string part,
             std::function<void(bool)> done);
  void Finish(std::uint64_t id, std::shared_ptr<Slot> slot);
  void OnGone(std::uint64_t id, std::function<void()> gone);
  // The exchange is gone, its answer is not complete.
  void Drop(std::uint64_t id);

 private:
  enum class State {
    // Between two requests: the next one's first byte is awaited.
    kIdle,
    kReading,
    kAnswering,
    // The last answer is sent; what still comes is not read.
    kLingering,
    kClosed,
  };

  void NextRequest();
  // Reads what comes next, be it the first of a request, or the client's end
  // while it waits for an answer.
  void Watch();
  void OnWatched(const Error& error, std::size_t bytes);
  void ReadRequest();
  void OnHead(const Error& error);
  void SendContinue();
  void ReadBody();
  Error ParseBuffered(bool whole);
  void ReadFailed(const Error& error);
  void OnRequest();

  // Answers what the client did wrong, and ends the connection.
  void Fail(int status, absl::string_view message);
  void Send(HttpResponse response);
  std::string Head(int status, const std::vector<HttpHeader>& headers,
                   absl::optional<std::size_t> length);
  void Enqueue(Outgoing outgoing);
  void WriteNext();
  void OnWritten(const Error& error);
  void Completed();
  void TellGone();

  void Linger();
  void Drain();
  // Ends the connection, whatever it is at.
  void Break();

  void Arm(absl::Duration timeout);
  void AwaitTimer();
  void OnTimeout();

  const std::shared_ptr<Core> core_;

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;

  Socket socket_;
  Timer timer_;
  State state_ = State::kIdle;

  // Of reading. What was read and not yet understood is in `buffer_`.
  boost::beast::flat_buffer buffer_;
  absl::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  bool watching_ = false;
  bool client_ended_ = false;
  bool timed_out_ = false;

  // Of the answer. `answer_` is the exchange that may give it; 0 if none.
  std::uint64_t last_exchange_ = 0;
  std::uint64_t answer_ = 0;
  bool head_only_ = false;
  bool http_1_0_ = false;
  bool keep_alive_ = false;
  bool started_ = false;
  // The end of the connection is the end of the body.
  bool until_close_ = false;
  bool writing_ = false;
  std::deque<Outgoing> outgoing_;
  std::function<void()> gone_;
  std::shared_ptr<Slot> slot_;
};

class Exchange : public HttpExchange {
 public:
  Exchange(std::shared_ptr<Connection> connection, std::uint64_t id,
           HttpRequest request, std::shared_ptr<Slot> slot)
      : connection_(std::move(connection)),
        id_(id),
        request_(std::move(request)),
        slot_(std::move(slot)) {}

  ~Exchange() override {
    if (answered_) return;
    connection_->Post(
        [connection = connection_, id = id_] { connection->Drop(id); });
  }

  const HttpRequest& request() const override { return request_; }

  void Respond(HttpResponse response) override {
    answered_ = true;
    connection_->Post([connection = connection_, id = id_,
                       response = std::move(response),
                       slot = std::move(slot_)]() mutable {
      connection->Respond(id, std::move(response), std::move(slot));
    });
  }

  void Start(int status, std::vector<HttpHeader> headers) override {
    connection_->Post([connection = connection_, id = id_, status,
                       headers = std::move(headers)]() mutable {
      connection->Start(id, status, std::move(headers));
    });
  }

  void Write(std::string part, std::function<void(bool)> done) override {
    const bool posted =
        connection_->Post([connection = connection_, id = id_,
                           part = std::move(part), done]() mutable {
          connection->Write(id, std::move(part), std::move(done));
        });
    if (!posted && done) done(false);
  }

  void Finish() override {
    answered_ = true;
    connection_->Post([connection = connection_, id = id_,
                       slot = std::move(slot_)]() mutable {
      connection->Finish(id, std::move(slot));
    });
  }

  void OnGone(std::function<void()> gone) override {
    if (answered_) return;
    const bool posted =
        connection_->Post([connection = connection_, id = id_, gone]() mutable {
          connection->OnGone(id, std::move(gone));
        });
    if (!posted && gone) gone();
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const std::uint64_t id_;
  const HttpRequest request_;
  // Of the answer's calls, so one at a time.
  std::shared_ptr<Slot> slot_;
  std::atomic<bool> answered_{false};
};

void Core::Accept() {
  if (accepting || !acceptor.is_open()) return;
  if (connections >= options.max_connections) return;
  accepting = true;
  acceptor.async_accept(
      asio::make_strand(io),
      [this, self = shared_from_this()](const Error& error, Socket socket) {
        OnAccept(error, std::move(socket));
      });
}

void Core::OnAccept(const Error& error, Socket socket) {
  accepting = false;
  if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
  if (error == asio::error::no_descriptors ||
      error == boost::system::errc::too_many_files_open_in_system ||
      error == asio::error::no_memory ||
      error == asio::error::no_buffer_space) {
    accept_pause.expires_after(ToSteady(kAcceptPause));
    accept_pause.async_wait(
        [this, self = shared_from_this()](const Error&) { Accept(); });
    return;
  }
  if (!error) {
    auto connection =
        std::make_shared<Connection>(shared_from_this(), std::move(socket));
    {
      absl::MutexLock lock(&mutex);
      if (stopped) return;
      all.emplace(connection.get(), connection);
    }
    ++connections;
    connection->Post([connection] { connection->Begin(); });
  }
  Accept();
}

void Core::ConnectionClosed() {
  asio::post(acceptor.get_executor(), [this, self = shared_from_this()] {
    --connections;
    Accept();
  });
}

void Connection::NextRequest() {
  state_ = State::kIdle;
  if (buffer_.size() == 0) {
    if (client_ended_) return Break();
    Arm(core_->options.idle_timeout);
    if (!watching_) Watch();
  } else if (watching_) {
    // Only one may read; OnWatched() goes on.
    socket_.cancel();
  } else {
    ReadRequest();
  }
}

void Connection::Watch() {
  watching_ = true;
  socket_.async_read_some(
      buffer_.prepare(kReadBytes),
      [self = shared_from_this()](const Error& error, std::size_t bytes) {
        self->OnWatched(error, bytes);
      });
}

void Connection::OnWatched(const Error& error, std::size_t bytes) {
  watching_ = false;
  if (state_ == State::kClosed) return;
  buffer_.commit(bytes);
  if (error == asio::error::eof) {
    client_ended_ = true;
  } else if (error && error != asio::error::operation_aborted) {
    return Break();
  }
  if (state_ == State::kAnswering) {
    if (client_ended_) {
      TellGone();
    } else if (buffer_.size() < core_->options.max_header_bytes) {
      Watch();
    }
  } else if (state_ == State::kIdle) {
    if (buffer_.size() > 0) {
      ReadRequest();
    } else {
      // The client has ended, or has been idle for too long.
      Break();
    }
  } else if (state_ == State::kLingering) {
    Drain();
  }
}

void Connection::ReadRequest() {
  state_ = State::kReading;
  Arm(core_->options.read_timeout);
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(core_->options.max_header_bytes,
                            std::numeric_limits<std::uint32_t>::max())));
  parser_->body_limit(core_->options.max_body_bytes);
  head_only_ = false;
  http_1_0_ = false;
  if (client_ended_) return OnHead(ParseBuffered(/*whole=*/false));
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, std::size_t) {
        self->OnHead(error);
      });
}

void Connection::OnHead(const Error& error) {
  if (state_ == State::kClosed) return;
  if (error) return ReadFailed(error);

  const auto& head = parser_->get();
  head_only_ = head.method() == http::verb::head;
  http_1_0_ = head.version() == 10;
  // Without these two, what one server takes for a body another may take for
  // the next request.
  for (const auto& field : head) {
    if (field.name() != http::field::transfer_encoding) continue;
    if (http_1_0_) {
      return Fail(400, "HTTP/1.0 has no Transfer-Encoding");
    }
    if (!absl::EqualsIgnoreCase(
            absl::string_view(field.value().data(), field.value().size()),
            "chunked")) {
      return Fail(501, "the only Transfer-Encoding known here is chunked");
    }
  }
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) {
    return Fail(400, "a request has exactly one Host header");
  }

  request_ = HttpRequest();
  request_.method = std::string(head.method_string());
  request_.target = std::string(head.target());
  // From a client that takes this server for a proxy: RFC 9112, section 3.2.2.
  if (absl::StartsWithIgnoreCase(request_.target, "http://")) {
    const std::size_t path = request_.target.find_first_of("/?", 7);
    request_.target =
        path == std::string::npos ? "/" : request_.target.substr(path);
    if (request_.target[0] == '?') request_.target.insert(0, "/");
  }
  // Now, because a chunked body's trailers join them.
  for (const auto& field : head) {
    request_.headers.push_back(
        {std::string(field.name_string()), std::string(field.value())});
  }

  if (parser_->is_done()) return OnRequest();
  const absl::string_view expect = request_.header("Expect");
  if (!expect.empty() && !http_1_0_) {
    if (!absl::EqualsIgnoreCase(expect, "100-continue")) {
      return Fail(417, "the only Expect known here is 100-continue");
    }
    // A client that has sent some of the body does not wait.
    if (buffer_.size() == 0 && !client_ended_) return SendContinue();
  }
  ReadBody();
}

void Connection::SendContinue() {
  static constexpr absl::string_view kContinue =
      "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(
      socket_, asio::buffer(kContinue.data(), kContinue.size()),
      [self = shared_from_this()](const Error& error, std::size_t) {
        if (self->state_ == State::kClosed) return;
        if (error) return self->ReadFailed(error);
        self->ReadBody();
      });
}

void Connection::ReadBody() {
  if (client_ended_) {
    const Error error = ParseBuffered(/*whole=*/true);
    return error ? ReadFailed(error) : OnRequest();
  }
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, std::size_t) {
        if (self->state_ == State::kClosed) return;
        if (error) return self->ReadFailed(error);
        self->OnRequest();
      });
}

// Parses the head, or the whole, of what was read before the client's end. A
// socket must not be read again after that: Asio would wait for the system to
// tell of news, and there are none.
Error Connection::ParseBuffered(bool whole) {
  Error error;
  while (!error && !(whole ? parser_->is_done() : parser_->is_header_done())) {
    if (buffer_.size() == 0) return http::error::partial_message;
    buffer_.consume(parser_->put(buffer_.data(), error));
  }
  if (error == http::error::need_more) return http::error::partial_message;
  return error;
}

void Connection::ReadFailed(const Error& error) {
  if (timed_out_) {
    return Fail(408, "the request took too long to arrive");
  }
  if (error == http::error::body_limit) {
    return Fail(413, absl::StrCat("a body has at most ",
                                  core_->options.max_body_bytes, " bytes"));
  }
  if (error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return Fail(431, absl::StrCat("the headers have at most ",
                                  core_->options.max_header_bytes, " bytes"));
  }
  const auto not_http = Error(http::error::bad_value);  // Names the category.
  if (error.category() != not_http.category() ||
      error == http::error::end_of_stream ||
      error == http::error::partial_message) {
    // Nobody is there to be told.
    return Break();
  }
  Fail(400, absl::StrCat("not HTTP: ", error.message()));
}

void Connection::OnRequest() {
  state_ = State::kAnswering;
  Arm(absl::InfiniteDuration());
  keep_alive_ = parser_->keep_alive();
  request_.body = std::move(parser_->get().body());
  parser_.reset();
  started_ = false;
  until_close_ = false;

  auto slot = std::make_shared<Slot>(core_);
  if (slot->too_many()) {
    return Fail(503, "too many requests are being answered");
  }
  answer_ = ++last_exchange_;
  if (!client_ended_ && !watching_ &&
      buffer_.size() < core_->options.max_header_bytes) {
    Watch();
  }
  core_->handler(std::make_shared<Exchange>(
      shared_from_this(), answer_, std::move(request_), std::move(slot)));
}

void Connection::Fail(int status, absl::string_view message) {
  state_ = State::kAnswering;
  keep_alive_ = false;
  timed_out_ = false;
  parser_.reset();
  answer_ = ++last_exchange_;
  HttpResponse response =
      core_->options.error
          ? core_->options.error(status, message)
          : HttpResponse{status,
                         {{"Content-Type", "text/plain; charset=utf-8"}},
                         absl::StrCat(message, "\n")};
  if (status == 503) response.headers.push_back({"Retry-After", "1"});
  Send(std::move(response));
}

std::string Connection::Head(int status, const std::vector<HttpHeader>& headers,
                             absl::optional<std::size_t> length) {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", status, " ",
      std::string(http::obsolete_reason(http::int_to_status(status))), "\r\n");
  for (const HttpHeader& header : headers) {
    if (IsServersOwn(header.name)) continue;
    absl::StrAppend(&head, header.name, ": ", header.value, "\r\n");
  }
  absl::StrAppend(&head, "Date: ", HttpDate(absl::Now()), "\r\n");
  if (!keep_alive_) {
    absl::StrAppend(&head, "Connection: close\r\n");
  } else if (http_1_0_) {
    absl::StrAppend(&head, "Connection: keep-alive\r\n");
  }
  if (HasBody(status)) {
    if (length.has_value()) {
      absl::StrAppend(&head, "Content-Length: ", *length, "\r\n");
    } else if (!http_1_0_) {
      absl::StrAppend(&head, "Transfer-Encoding: chunked\r\n");
    }
  }
  absl::StrAppend(&head, "\r\n");
  return head;
}

void Connection::Send(HttpResponse response) {
  const bool possible =
      response.status >= 200 && response.status <= 599 &&
      std::all_of(response.headers.begin(), response.headers.end(), CanTravel);
  if (!possible) {
    response = {500,
                {{"Content-Type", "text/plain; charset=utf-8"}},
                "the answer has a status or a header that HTTP has not\n"};
  }
  Outgoing outgoing;
  outgoing.head = Head(response.status, response.headers, response.body.size());
  if (!head_only_ && HasBody(response.status)) {
    outgoing.body = std::move(response.body);
  }
  outgoing.last = true;
  Enqueue(std::move(outgoing));
}

void Connection::Respond(std::uint64_t id, HttpResponse response,
                         std::shared_ptr<Slot> slot) {
  if (id != answer_) return;
  if (started_) return Break();
  started_ = true;
  gone_ = nullptr;
  slot_ = std::move(slot);
  Send(std::move(response));
}

void Connection::Start(std::uint64_t id, int status,
                       std::vector<HttpHeader> headers) {
  if (id != answer_) return;
  if (started_ || status < 200 || status > 599 ||
      !std::all_of(headers.begin(), headers.end(), CanTravel)) {
    return Break();
  }
  started_ = true;
  if (http_1_0_) {
    until_close_ = true;
    keep_alive_ = false;
  }
  if (!HasBody(status)) head_only_ = true;
  Outgoing outgoing;
  outgoing.head = Head(status, headers, absl::nullopt);
  Enqueue(std::move(outgoing));
}

void Connection::Write(std::uint64_t id, std::string part,
                       std::function<void(bool)> done) {
  if (id != answer_ || !started_) {
    if (done) done(false);
    if (id == answer_) Break();
    return;
  }
  Outgoing outgoing;
  if (!part.empty() && !head_only_) {
    if (!http_1_0_) {
      outgoing.head = absl::StrFormat("%x\r\n", part.size());
      outgoing.tail = "\r\n";
    }
    outgoing.body = std::move(part);
  }
  outgoing.done = std::move(done);
  Enqueue(std::move(outgoing));
}

void Connection::Finish(std::uint64_t id, std::shared_ptr<Slot> slot) {
  if (id != answer_) return;
  if (!started_) return Break();
  gone_ = nullptr;
  slot_ = std::move(slot);
  Outgoing outgoing;
  if (!head_only_ && !http_1_0_) outgoing.head = "0\r\n\r\n";
  outgoing.last = true;
  Enqueue(std::move(outgoing));
}

void Connection::OnGone(std::uint64_t id, std::function<void()> gone) {
  if (id == answer_ && !client_ended_) {
    gone_ = std::move(gone);
  } else if (gone) {
    gone();
  }
}

void Connection::Drop(std::uint64_t id) {
  if (id == answer_) Break();
}

void Connection::Enqueue(Outgoing outgoing) {
  outgoing_.push_back(std::move(outgoing));
  if (!writing_) WriteNext();
}

void Connection::WriteNext() {
  writing_ = true;
  Arm(core_->options.write_timeout);
  const Outgoing& next = outgoing_.front();
  asio::async_write(
      socket_,
      std::array<asio::const_buffer, 3>{asio::buffer(next.head),
                                        asio::buffer(next.body),
                                        asio::buffer(next.tail)},
      [self = shared_from_this()](const Error& error, std::size_t) {
        self->OnWritten(error);
      });
}

void Connection::OnWritten(const Error& error) {
  writing_ = false;
  Outgoing written = std::move(outgoing_.front());
  outgoing_.pop_front();
  if (error) Break();
  const bool sent = state_ != State::kClosed;
  if (sent && written.last) {
    Completed();
  } else if (sent && !outgoing_.empty()) {
    WriteNext();
  } else if (sent) {
    Arm(absl::InfiniteDuration());
  }
  if (written.done) written.done(sent);
  // Nothing follows on a connection that is closed.
  if (!sent) {
    std::deque<Outgoing> unsent = std::move(outgoing_);
    outgoing_.clear();
    for (Outgoing& outgoing : unsent) {
      if (outgoing.done) outgoing.done(false);
    }
  }
}

void Connection::Completed() {
  answer_ = 0;
  slot_ = nullptr;
  if (keep_alive_) {
    NextRequest();
  } else {
    Linger();
  }
}

void Connection::TellGone() {
  if (!gone_) return;
  const std::function<void()> gone = std::move(gone_);
  gone_ = nullptr;
  gone();
}

// A socket that is closed with unread bytes resets the connection, and the
// client may lose the answer. So the client gets its time to read it, and to
// stop sending what nobody wants any more.
void Connection::Linger() {
  state_ = State::kLingering;
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  Arm(kLingerTimeout);
  if (!watching_) Drain();
}

void Connection::Drain() {
  if (client_ended_) return Break();
  buffer_.clear();
  Watch();
}

void Connection::Break() {
  if (state_ == State::kClosed) return;
  const bool half_an_answer = until_close_ && answer_ != 0;
  state_ = State::kClosed;
  answer_ = 0;
  Error ignored;
  timer_.cancel();
  if (half_an_answer) {
    // The client must not take this end for the body's.
    socket_.set_option(Socket::linger(true, 0), ignored);
  }
  socket_.close(ignored);
  core_->ConnectionClosed();
  slot_ = nullptr;
  TellGone();
}

void Connection::Arm(absl::Duration timeout) {
  timed_out_ = false;
  if (timeout == absl::InfiniteDuration()) {
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
    return;
  }
  timer_.expires_after(ToSteady(timeout));
  AwaitTimer();
}

void Connection::AwaitTimer() {
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || self->timer_.expiry() > std::chrono::steady_clock::now()) {
      return;
    }
    self->OnTimeout();
  });
}

void Connection::OnTimeout() {
  if (state_ != State::kReading) return Break();
  timed_out_ = true;
  socket_.cancel();
  // What was read just now may wait to be handled, and then reads on.
  timer_.expires_after(ToSteady(kCancelPause));
  AwaitTimer();
}

class BeastServer : public HttpServer {
 public:
  BeastServer(std::shared_ptr<Core> core, int port)
      : core_(std::move(core)), port_(port), work_(core_->io.get_executor()) {
    asio::post(core_->acceptor.get_executor(),
               [core = core_] { core->Accept(); });
    for (int i = 0; i < std::max(1, core_->options.threads); ++i) {
      threads_.emplace_back([core = core_.get()] { core->io.run(); });
    }
  }

  ~BeastServer() override {
    std::vector<std::shared_ptr<Connection>> connections;
    {
      absl::MutexLock lock(&core_->mutex);
      core_->stopped = true;
      for (const auto& entry : core_->all) {
        if (auto connection = entry.second.lock()) {
          connections.push_back(std::move(connection));
        }
      }
    }
    asio::post(core_->acceptor.get_executor(), [core = core_] {
      Error ignored;
      core->acceptor.close(ignored);
      core->accept_pause.cancel();
    });
    for (const auto& connection : connections) connection->Stop();
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const override { return port_; }

 private:
  const std::shared_ptr<Core> core_;
  const int port_;
  asio::executor_work_guard<Executor> work_;
  std::vector<std::thread> threads_;
};

}  // namespace

absl::string_view HttpRequest::header(absl::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const Options& options, Handler handler) {
  const absl::string_view address = options.address;
  const std::size_t colon = address.rfind(':');
  absl::string_view host = address.substr(0, std::min(colon, address.size()));
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  }
  std::uint32_t port = 0;
  Error error;
  const auto ip = asio::ip::make_address(std::string(host), error);
  if (colon == absl::string_view::npos || error ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", address, "\" is not ADDRESS:PORT, such as 127.0.0.1:8080"));
  }

  auto core = std::make_shared<Core>(options, std::move(handler));
  const asio::ip::tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
  core->acceptor.open(endpoint.protocol(), error);
  if (!error) core->acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) core->acceptor.bind(endpoint, error);
  if (!error) {
    core->acceptor.listen(Acceptor::max_listen_connections, error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": ", error.message()));
  }
  const int bound = core->acceptor.local_endpoint().port();
  return std::make_unique<BeastServer>(std::move(core), bound);
}

}  // namespace support
