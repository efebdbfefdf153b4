#include "support/http_server.h"

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"

namespace support {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// What is kept of requests that a client sends before it has its answer.
constexpr std::size_t kPipelinedBytes = 64 * 1024;
// How long, and for how much, a refused client is listened to, so that it reads
// the answer before it learns that the connection is closed.
constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr std::size_t kLingerBytes = 1024 * 1024;
constexpr absl::Duration kAcceptAgain = absl::Milliseconds(100);

std::chrono::nanoseconds Nanoseconds(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

// Returns the bytes of a message, or of its head alone.
template <typename Body>
std::string Serialize(http::response<Body>& message, bool head_only) {
  http::response_serializer<Body> serializer(message);
  serializer.split(head_only);
  std::string bytes;
  error_code error;
  while (!error && !serializer.is_done() &&
         !(head_only && serializer.is_header_done())) {
    serializer.next(error, [&](error_code& failed, const auto& buffers) {
      failed = {};
      bytes += beast::buffers_to_string(buffers);
      serializer.consume(beast::buffer_bytes(buffers));
    });
  }
  return bytes;
}

HttpResponse PlainError(int status, absl::string_view message) {
  return {status,
          {{"Content-Type", "text/plain; charset=utf-8"}},
          absl::StrCat(message, "\n")};
}

class Session;

// What sessions and exchanges share; outlives the server as long as one of them
// does.
class Core {
 public:
  Core(const HttpServer::Options& options, HttpServer::Handler handler)
      : options(options), handler(std::move(handler)) {}

  const HttpServer::Options options;
  const HttpServer::Handler handler;
  asio::io_context io;
  std::atomic<int> requests{0};

  // Runs `work` there; drops it once the server has stopped, so that its
  // threads come to an end.
  template <typename Work>
  void Post(const beast::tcp_stream::executor_type& executor, Work work) {
    absl::MutexLock lock(&mutex_);
    if (!stopped_) asio::post(executor, std::move(work));
  }

  // Returns false if the server has stopped.
  bool Add(Session* session, std::weak_ptr<Session> weak) {
    absl::MutexLock lock(&mutex_);
    if (!stopped_) sessions_.emplace(session, std::move(weak));
    return !stopped_;
  }

  void Remove(Session* session) {
    absl::MutexLock lock(&mutex_);
    sessions_.erase(session);
  }

  int Connections() {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(sessions_.size());
  }

  // Returns the sessions that are left.
  std::vector<std::shared_ptr<Session>> Stop() {
    std::vector<std::shared_ptr<Session>> left;
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    for (const auto& [_, session] : sessions_) {
      if (auto alive = session.lock()) left.push_back(std::move(alive));
    }
    return left;
  }

 private:
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions_
      ABSL_GUARDED_BY(mutex_);
};

// One connection. Its functions run on its strand, but for those that say so.
class Session : public std::enable_shared_from_this<Session> {
 public:
  static void Start(const std::shared_ptr<Core>& core, tcp::socket socket) {
    auto session = std::make_shared<Session>(core, std::move(socket));
    if (!core->Add(session.get(), session)) return;
    core->Post(session->executor(), [session] { session->AwaitRequest(); });
  }

  Session(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        stream_(std::move(socket)),
        timer_(stream_.get_executor()) {}

  ~Session() { core_->Remove(this); }

  // May be called on any thread, as executor() may.
  template <typename Work>
  void Post(Work work) {
    core_->Post(executor(), std::move(work));
  }

  beast::tcp_stream::executor_type executor() { return stream_.get_executor(); }

  void Close();

  // The answer to exchange `id`; nothing, if that is not the one at hand.
  void Respond(int id, HttpResponse response);
  void StartAnswer(int id, int status, std::vector<HttpHeader> headers);
  void WritePart(int id, std::string part, std::function<void(bool)> done);
  void FinishAnswer(int id);
  void SetGone(int id, std::function<void()> gone);
  void Abandon(int id);

 private:
  struct Outgoing {
    std::string bytes;
    std::function<void(bool)> done;
  };

  void AwaitRequest();
  void StartReadTimer();
  void StopReadTimer();
  void ReadHeader();
  void ReadBody();
  void Refuse(int status, absl::string_view message);
  void RefuseUnread(error_code error);
  void Handle();
  void Watch();
  void Send(std::string bytes, std::function<void(bool)> done);
  void SendNext();
  void AnswerComplete();
  void NextRequest();
  void LingerOn();
  template <typename Body>
  http::response<Body> Head(int status, const std::vector<HttpHeader>& headers);

  const std::shared_ptr<Core> core_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  asio::steady_timer timer_;
  bool reading_ = false;
  bool late_ = false;
  bool closed_ = false;

  // The request at hand.
  int id_ = 0;
  bool answering_ = false;  // From the request to the end of its answer.
  bool ending_ = false;     // The end of the answer is on its way.
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool head_ = false;
  unsigned version_ = 11;
  std::function<void()> gone_;

  bool watching_ = false;
  bool lingering_ = false;
  std::size_t lingered_ = 0;
  std::chrono::steady_clock::time_point linger_until_;
  std::deque<Outgoing> outgoing_;
};

class Exchange : public HttpExchange {
 public:
  Exchange(std::shared_ptr<Session> session, int id, HttpRequest request)
      : session_(std::move(session)), id_(id), request_(std::move(request)) {}

  ~Exchange() override {
    session_->Post([s = session_, id = id_] { s->Abandon(id); });
  }

  const HttpRequest& request() const override { return request_; }

  void Respond(HttpResponse response) override {
    session_->Post([s = session_, id = id_, r = std::move(response)]() mutable {
      s->Respond(id, std::move(r));
    });
  }

  void Start(int status, std::vector<HttpHeader> headers) override {
    session_->Post(
        [s = session_, id = id_, status, h = std::move(headers)]() mutable {
          s->StartAnswer(id, status, std::move(h));
        });
  }

  void Write(std::string part, std::function<void(bool)> done) override {
    // Told even if the work is dropped: the last of it to go tells.
    auto told = std::make_shared<Told>(std::move(done));
    session_->Post(
        [s = session_, id = id_, p = std::move(part), told]() mutable {
          s->WritePart(id, std::move(p), [told](bool ok) { told->Tell(ok); });
        });
  }

  void Finish() override {
    session_->Post([s = session_, id = id_] { s->FinishAnswer(id); });
  }

  void OnGone(std::function<void()> gone) override {
    session_->Post([s = session_, id = id_, g = std::move(gone)]() mutable {
      s->SetGone(id, std::move(g));
    });
  }

 private:
  // A function that is called once, with false at the latest when it is
  // dropped.
  class Told {
   public:
    explicit Told(std::function<void(bool)> done) : done_(std::move(done)) {}
    ~Told() { Tell(false); }
    void Tell(bool ok) {
      if (done_) std::exchange(done_, nullptr)(ok);
    }

   private:
    std::function<void(bool)> done_;
  };

  const std::shared_ptr<Session> session_;
  const int id_;
  const HttpRequest request_;
};

void Session::AwaitRequest() {
  if (buffer_.size() > 0) {
    ReadHeader();
    return;
  }
  stream_.expires_after(Nanoseconds(core_->options.idle_timeout));
  stream_.async_read_some(
      buffer_.prepare(4096),
      [s = shared_from_this()](error_code error, std::size_t bytes) {
        if (error) {
          s->Close();
          return;
        }
        s->buffer_.commit(bytes);
        s->ReadHeader();
      });
}

void Session::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(core_->options.max_header_bytes);
  parser_->body_limit(core_->options.max_body_bytes);
  StartReadTimer();
  http::async_read_header(
      stream_, buffer_, *parser_,
      [s = shared_from_this()](error_code error, std::size_t) {
        if (error) {
          s->RefuseUnread(error);
          return;
        }
        if (beast::iequals(s->parser_->get()[http::field::expect],
                           "100-continue")) {
          s->Send("HTTP/1.1 100 Continue\r\n\r\n", [s](bool ok) {
            if (!ok) return;
            s->ReadBody();
          });
          return;
        }
        s->ReadBody();
      });
}

// Bounds the whole request, and not by the stream's own timer: that closes the
// connection, and the client is to be told why.
void Session::StartReadTimer() {
  stream_.expires_never();
  reading_ = true;
  late_ = false;
  timer_.expires_after(Nanoseconds(core_->options.read_timeout));
  timer_.async_wait([s = shared_from_this()](error_code error) {
    if (error || !s->reading_ ||
        s->timer_.expiry() > std::chrono::steady_clock::now()) {
      return;
    }
    s->late_ = true;
    s->stream_.socket().cancel();
  });
}

void Session::StopReadTimer() {
  reading_ = false;
  timer_.cancel();
}

void Session::ReadBody() {
  http::async_read(stream_, buffer_, *parser_,
                   [s = shared_from_this()](error_code error, std::size_t) {
                     if (error) {
                       s->RefuseUnread(error);
                       return;
                     }
                     s->Handle();
                   });
}

// Answers a request that could not be read, if there is anybody to answer.
void Session::RefuseUnread(error_code error) {
  StopReadTimer();
  const HttpServer::Options& options = core_->options;
  if (late_) {
    Refuse(408, absl::StrCat("the request took longer than ",
                             absl::FormatDuration(options.read_timeout)));
  } else if (error == http::error::header_limit) {
    Refuse(431,
           absl::StrCat("the request line and the headers are longer than ",
                        options.max_header_bytes, " bytes"));
  } else if (error == http::error::body_limit) {
    Refuse(413, absl::StrCat("the body is longer than ", options.max_body_bytes,
                             " bytes"));
  } else if (error == http::error::end_of_stream ||
             error == http::error::partial_message ||
             error.category() !=
                 http::make_error_code(http::error::end_of_stream).category()) {
    Close();
  } else {
    Refuse(400, absl::StrCat("this is not HTTP: ", error.message()));
  }
}

void Session::Refuse(int status, absl::string_view message) {
  keep_alive_ = false;
  version_ = 11;
  head_ = false;
  HttpResponse response = core_->options.error
                              ? core_->options.error(status, message)
                              : PlainError(status, message);
  if (status == 503) response.headers.push_back({"Retry-After", "1"});
  answering_ = true;
  ++core_->requests;
  Respond(id_, std::move(response));
}

void Session::Handle() {
  auto& message = parser_->get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.push_back(
        {std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  keep_alive_ = message.keep_alive();
  version_ = message.version();
  head_ = message.method() == http::verb::head;
  parser_.reset();
  StopReadTimer();

  if (core_->requests >= core_->options.max_requests) {
    Refuse(503, "too many requests are being answered; try again");
    return;
  }
  ++core_->requests;
  answering_ = true;
  auto exchange =
      std::make_shared<Exchange>(shared_from_this(), ++id_, std::move(request));
  if (!watching_) Watch();
  core_->handler(std::move(exchange));
}

// Reads on while an answer is awaited: that is how one hears that the client is
// gone. What comes is the next request.
void Session::Watch() {
  if (buffer_.size() >= kPipelinedBytes) return;
  watching_ = true;
  stream_.socket().async_read_some(
      buffer_.prepare(4096),
      [s = shared_from_this()](error_code error, std::size_t bytes) {
        s->watching_ = false;
        s->buffer_.commit(bytes);
        if (s->closed_) return;
        // The answer may have been completed meanwhile, which cancels this.
        const bool cancelled =
            error == asio::error::operation_aborted && !s->answering_;
        if (error && !cancelled) {
          s->Close();
        } else if (s->answering_) {
          s->Watch();
        } else if (s->lingering_) {
          s->LingerOn();
        } else {
          s->AwaitRequest();
        }
      });
}

template <typename Body>
http::response<Body> Session::Head(int status,
                                   const std::vector<HttpHeader>& headers) {
  http::response<Body> head(static_cast<http::status>(status), version_);
  for (const HttpHeader& header : headers) {
    head.insert(header.name, header.value);
  }
  head.set(http::field::date,
           absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(),
                            absl::UTCTimeZone()));
  head.keep_alive(keep_alive_);
  return head;
}

void Session::Respond(int id, HttpResponse response) {
  if (id != id_ || !answering_ || closed_) return;
  auto message = Head<http::string_body>(response.status, response.headers);
  message.body() = std::move(response.body);
  message.prepare_payload();
  ending_ = true;
  Send(Serialize(message, head_),
       [s = shared_from_this()](bool) { s->AnswerComplete(); });
}

void Session::StartAnswer(int id, int status, std::vector<HttpHeader> headers) {
  if (id != id_ || !answering_ || closed_) return;
  chunked_ = version_ >= 11;
  // Without chunks, the end of the connection is the end of the answer.
  if (!chunked_) keep_alive_ = false;
  auto message = Head<http::empty_body>(status, headers);
  if (chunked_) message.chunked(true);
  Send(Serialize(message, true), nullptr);
}

void Session::WritePart(int id, std::string part,
                        std::function<void(bool)> done) {
  if (id != id_ || !answering_ || closed_) {
    done(false);
    return;
  }
  if (head_ || part.empty()) {
    done(true);
    return;
  }
  if (chunked_) {
    part = beast::buffers_to_string(
        http::make_chunk(asio::const_buffer(part.data(), part.size())));
  }
  Send(std::move(part), std::move(done));
}

void Session::FinishAnswer(int id) {
  if (id != id_ || !answering_ || closed_) return;
  ending_ = true;
  Send(chunked_ && !head_ ? beast::buffers_to_string(http::make_chunk_last())
                          : std::string(),
       [s = shared_from_this()](bool) { s->AnswerComplete(); });
}

void Session::SetGone(int id, std::function<void()> gone) {
  if (id == id_ && answering_ && !closed_) {
    gone_ = std::move(gone);
  } else if (closed_) {
    gone();
  }
}

void Session::Abandon(int id) {
  if (id == id_ && answering_ && !ending_) Close();
}

void Session::Send(std::string bytes, std::function<void(bool)> done) {
  outgoing_.push_back({std::move(bytes), std::move(done)});
  if (outgoing_.size() == 1) SendNext();
}

void Session::SendNext() {
  stream_.expires_after(Nanoseconds(core_->options.write_timeout));
  asio::async_write(stream_, asio::buffer(outgoing_.front().bytes),
                    [s = shared_from_this()](error_code error, std::size_t) {
                      if (s->closed_) return;  // Close() has told them all.
                      if (error) {
                        s->Close();
                        return;
                      }
                      s->stream_.expires_never();
                      const std::function<void(bool)> done =
                          std::move(s->outgoing_.front().done);
                      s->outgoing_.pop_front();
                      if (!s->outgoing_.empty()) s->SendNext();
                      if (done) done(true);
                    });
}

void Session::AnswerComplete() {
  if (closed_ || !answering_) return;
  answering_ = false;
  --core_->requests;
  gone_ = nullptr;
  chunked_ = false;
  ending_ = false;
  if (!keep_alive_) {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    lingering_ = true;
    linger_until_ = std::chrono::steady_clock::now() + Nanoseconds(kLinger);
  }
  if (watching_) {
    stream_.socket().cancel();  // Watch() goes on from there.
  } else if (lingering_) {
    LingerOn();
  } else {
    AwaitRequest();
  }
}

// A connection that is closed with bytes unread is reset, and the answer may be
// lost with it. So what still comes is read and thrown away, for a while.
void Session::LingerOn() {
  lingered_ += buffer_.size();
  buffer_.clear();
  if (lingered_ > kLingerBytes) {
    Close();
    return;
  }
  stream_.expires_at(linger_until_);
  stream_.async_read_some(
      buffer_.prepare(4096),
      [s = shared_from_this()](error_code error, std::size_t bytes) {
        s->buffer_.commit(bytes);
        if (error) {
          s->Close();
        } else {
          s->LingerOn();
        }
      });
}

void Session::Close() {
  if (closed_) return;
  closed_ = true;
  StopReadTimer();
  error_code ignored;
  stream_.socket().close(ignored);
  for (Outgoing& outgoing : outgoing_) {
    // Its bytes may still be in use: the write that was cut short holds them.
    if (outgoing.done) std::exchange(outgoing.done, nullptr)(false);
  }
  if (!answering_) return;
  answering_ = false;
  --core_->requests;
  if (gone_) std::exchange(gone_, nullptr)();
}

class Server : public HttpServer {
 public:
  Server(std::shared_ptr<Core> core, tcp::acceptor acceptor)
      : core_(std::move(core)),
        acceptor_(std::move(acceptor)),
        accept_again_(acceptor_.get_executor()),
        port_(acceptor_.local_endpoint().port()) {}

  ~Server() override {
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
      accept_again_.cancel();
    });
    for (const auto& session : core_->Stop()) {
      asio::post(session->executor(), [session] { session->Close(); });
    }
    // Each thread ends when nothing is left to be done.
    for (std::thread& thread : threads_) thread.join();
  }

  void Run() {
    asio::post(acceptor_.get_executor(), [this] { Accept(); });
    for (int i = 0; i < core_->options.threads; ++i) {
      threads_.emplace_back([core = core_.get()] { core->io.run(); });
    }
  }

  int port() const override { return port_; }

 private:
  void Accept() {
    if (!acceptor_.is_open()) return;
    if (core_->Connections() >= core_->options.max_connections) {
      AcceptLater();
      return;
    }
    acceptor_.async_accept(asio::make_strand(core_->io),
                           [this](error_code error, tcp::socket socket) {
                             if (!acceptor_.is_open()) return;
                             if (error) {  // For instance, no file descriptors.
                               AcceptLater();
                               return;
                             }
                             Session::Start(core_, std::move(socket));
                             Accept();
                           });
  }

  void AcceptLater() {
    accept_again_.expires_after(Nanoseconds(kAcceptAgain));
    accept_again_.async_wait([this](error_code) { Accept(); });
  }

  const std::shared_ptr<Core> core_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_again_;
  const int port_;
  std::vector<std::thread> threads_;
};

absl::StatusOr<tcp::endpoint> ParseAddress(const std::string& address) {
  const auto invalid = [&address] {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", address,
                     "\" is not an address with a port, such as "
                     "127.0.0.1:8080 or [::1]:8080"));
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return invalid();
  absl::string_view host = absl::string_view(address).substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") != absl::ConsumeSuffix(&host, "]")) {
    return invalid();
  }
  int port;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return invalid();
  }
  error_code error;
  const auto ip = asio::ip::make_address(std::string(host), error);
  if (error) return invalid();
  return tcp::endpoint(ip, static_cast<unsigned short>(port));
}

}  // namespace

absl::string_view HttpRequest::header(absl::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const Options& options, Handler handler) {
  const absl::StatusOr<tcp::endpoint> endpoint = ParseAddress(options.address);
  if (!endpoint.ok()) return endpoint.status();
  auto core = std::make_shared<Core>(options, std::move(handler));
  tcp::acceptor acceptor(asio::make_strand(core->io));
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", options.address, ": ", error.message()));
  }
  auto server = std::make_unique<Server>(std::move(core), std::move(acceptor));
  server->Run();
  return server;
}

}  // namespace support
