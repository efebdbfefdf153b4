#include "support/tcp_proxy.h"

#include <array>
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace support {
namespace {

using asio::ip::tcp;

constexpr std::size_t kBufferSize = 16 * 1024;

// How long to wait when the process has no file descriptor left for a client.
constexpr std::chrono::milliseconds kAcceptRetry{50};

absl::StatusOr<tcp::endpoint> ParseTarget(absl::string_view target) {
  const std::size_t colon = target.rfind(':');
  if (colon != absl::string_view::npos) {
    asio::error_code error;
    const asio::ip::address_v4 address =
        asio::ip::make_address_v4(std::string(target.substr(0, colon)), error);
    int port = 0;
    if (!error && absl::SimpleAtoi(target.substr(colon + 1), &port) &&
        port > 0 && port <= UINT16_MAX) {
      return tcp::endpoint(address, static_cast<std::uint16_t>(port));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("TcpProxy needs a target like \"127.0.0.1:50051\", got \"",
                   target, "\""));
}

// Sockets are only read or written when they are ready, and small messages
// leave at once, as they would without a proxy.
void Prepare(tcp::socket& socket, asio::error_code& error) {
  socket.non_blocking(true, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
}

}  // namespace

// All but the counters belongs to the proxy's thread: the public functions run
// their work there and wait for it. Nothing on that thread ever blocks.
//
// Sockets are used in two steps: wait until one is ready, then transfer what it
// has, without blocking. A black hole lies between the two, so it needs to
// cancel nothing and can lose nothing.
class TcpProxy::Impl {
 public:
  explicit Impl(const tcp::endpoint& target) : target_(target) {}

  ~Impl();

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Listens and starts the thread; called once, first.
  absl::Status Start();

  std::string address() const { return address_; }
  int accepted_connections();
  int open_connections();
  void BlackHole();
  void Restore();
  void DropConnections();
  bool WaitForConnections(int accepted, absl::Duration timeout);
  bool WaitForOpenConnections(int open, absl::Duration timeout);

 private:
  class Connection;

  // Runs `function` on the proxy's thread and returns when it is done.
  template <typename Function>
  void RunOnThread(Function function) {
    asio::post(io_, asio::use_future(std::move(function))).get();
  }

  // Accepts whoever connects from now on.
  void AwaitClients();

  // Accepts every client that has connected by now. Returns false if the system
  // could not hand one over.
  bool AcceptPending();

  // Lets go of a connection that closed.
  void Forget(const std::shared_ptr<Connection>& connection);

  void UpdateOpen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    open_ = static_cast<int>(connections_.size());
  }

  const tcp::endpoint target_;
  std::string address_;  // Constant once started.

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{
      io_.get_executor()};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_retry_{io_};
  std::set<std::shared_ptr<Connection>> connections_;
  bool black_holed_ = false;

  absl::Mutex mutex_;
  int accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;

  std::thread thread_;
};

// A client's connection and the one to the target that goes with it. Kept alive
// by the proxy until it closes, and by the handlers that wait for its sockets.
class TcpProxy::Impl::Connection
    : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl& proxy, tcp::socket client)
      : proxy_(proxy), client_(std::move(client)), upstream_(proxy.io_) {}

  // Starts the work, or goes on where a black hole interrupted it.
  void Resume();

  // Closes both sockets.
  void Close();

  // Closes both sockets so that their peers see a reset.
  void Reset();

 private:
  // One way through the proxy. `buffer[begin, end)` was read and not written.
  struct Direction {
    bool empty() const { return begin == end; }

    tcp::socket& from;
    tcp::socket& to;
    std::array<char, kBufferSize> buffer = {};
    std::size_t begin = 0;
    std::size_t end = 0;
    bool waiting = false;   // For `from` or `to` to be ready.
    bool finished = false;  // `from` half-closed, and `to` was told.
  };

  enum class Upstream { kNotDialled, kDialling, kFailed, kConnected };

  void Dial();

  // Waits for the socket whose turn it is, transfers, and so on.
  void Pump(Direction& direction);

  // Reads and writes once, as far as that goes without blocking.
  void Transfer(Direction& direction);

  Impl& proxy_;
  tcp::socket client_;
  tcp::socket upstream_;
  Upstream upstream_state_ = Upstream::kNotDialled;
  bool closed_ = false;
  Direction requests_{client_, upstream_};
  Direction responses_{upstream_, client_};
};

void TcpProxy::Impl::Connection::Resume() {
  if (closed_ || proxy_.black_holed_) return;
  switch (upstream_state_) {
    case Upstream::kNotDialled:
      Dial();
      break;
    case Upstream::kDialling:
      break;
    case Upstream::kFailed:
      Reset();
      break;
    case Upstream::kConnected:
      Pump(requests_);
      Pump(responses_);
      break;
  }
}

void TcpProxy::Impl::Connection::Dial() {
  upstream_state_ = Upstream::kDialling;
  upstream_.async_connect(proxy_.target_, [this, self = shared_from_this()](
                                              asio::error_code error) {
    if (closed_) return;
    if (!error) Prepare(upstream_, error);
    upstream_state_ = error ? Upstream::kFailed : Upstream::kConnected;
    Resume();
  });
}

void TcpProxy::Impl::Connection::Pump(Direction& direction) {
  if (closed_ || proxy_.black_holed_) return;
  if (direction.waiting || direction.finished) return;
  direction.waiting = true;
  tcp::socket& socket = direction.empty() ? direction.from : direction.to;
  socket.async_wait(
      direction.empty() ? tcp::socket::wait_read : tcp::socket::wait_write,
      [this, self = shared_from_this(),
       &direction](const asio::error_code& error) {
        direction.waiting = false;
        if (closed_ || proxy_.black_holed_) return;
        if (error) return Reset();
        Transfer(direction);
        Pump(direction);
      });
}

void TcpProxy::Impl::Connection::Transfer(Direction& direction) {
  asio::error_code error;
  if (direction.empty()) {
    direction.begin = 0;
    direction.end =
        direction.from.read_some(asio::buffer(direction.buffer), error);
  }
  if (!error && !direction.empty()) {
    direction.begin +=
        direction.to.write_some(asio::buffer(&direction.buffer[direction.begin],
                                             direction.end - direction.begin),
                                error);
  }
  if (error == asio::error::eof) {
    direction.finished = true;
    if (requests_.finished && responses_.finished) return Close();
    asio::error_code ignored;  // If `to` is gone, reading from it will tell.
    direction.to.shutdown(tcp::socket::shutdown_send, ignored);
  } else if (error && error != asio::error::would_block) {
    Reset();
  }
}

void TcpProxy::Impl::Connection::Close() {
  if (closed_) return;
  closed_ = true;
  asio::error_code ignored;
  client_.close(ignored);
  upstream_.close(ignored);
  proxy_.Forget(shared_from_this());
}

void TcpProxy::Impl::Connection::Reset() {
  asio::error_code ignored;
  for (tcp::socket* socket : {&client_, &upstream_}) {
    socket->set_option(tcp::socket::linger(true, 0), ignored);
  }
  Close();
}

TcpProxy::Impl::~Impl() {
  if (!thread_.joinable()) return;
  // With everything closed, every handler runs once more, and the thread ends
  // for want of work.
  asio::post(io_, [this] {
    asio::error_code ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel();
    while (!connections_.empty()) {
      std::shared_ptr<Connection>(*connections_.begin())->Close();
    }
    work_.reset();
  });
  thread_.join();
}

absl::Status TcpProxy::Impl::Start() {
  const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
  tcp::endpoint bound;
  asio::error_code error;
  acceptor_.open(any_port.protocol(), error);
  if (!error) acceptor_.bind(any_port, error);
  if (!error)
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) bound = acceptor_.local_endpoint(error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("TcpProxy cannot listen on 127.0.0.1: ", error.message()));
  }
  address_ = absl::StrCat("127.0.0.1:", bound.port());
  AwaitClients();
  thread_ = std::thread([this] { io_.run(); });
  return absl::OkStatus();
}

void TcpProxy::Impl::AwaitClients() {
  acceptor_.async_wait(
      tcp::acceptor::wait_read, [this](const asio::error_code& error) {
        if (error || !acceptor_.is_open()) return;  // Being destroyed.
        if (AcceptPending()) return AwaitClients();
        accept_retry_.expires_after(kAcceptRetry);
        accept_retry_.async_wait([this](const asio::error_code& error) {
          if (!error) AwaitClients();
        });
      });
}

bool TcpProxy::Impl::AcceptPending() {
  while (true) {
    asio::error_code error;
    tcp::socket client(io_);
    acceptor_.accept(client, error);
    if (error) return error == asio::error::would_block;
    Prepare(client, error);
    auto connection = std::make_shared<Connection>(*this, std::move(client));
    connections_.insert(connection);
    {
      absl::MutexLock lock(&mutex_);
      ++accepted_;
      UpdateOpen();
    }
    if (error) {
      connection->Close();
    } else {
      connection->Resume();
    }
  }
}

void TcpProxy::Impl::Forget(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  absl::MutexLock lock(&mutex_);
  UpdateOpen();
}

int TcpProxy::Impl::accepted_connections() {
  RunOnThread([this] { AcceptPending(); });
  absl::MutexLock lock(&mutex_);
  return accepted_;
}

int TcpProxy::Impl::open_connections() {
  RunOnThread([this] { AcceptPending(); });
  absl::MutexLock lock(&mutex_);
  return open_;
}

void TcpProxy::Impl::BlackHole() {
  RunOnThread([this] { black_holed_ = true; });
}

void TcpProxy::Impl::Restore() {
  RunOnThread([this] {
    black_holed_ = false;
    const auto connections = connections_;  // Some may close.
    for (const std::shared_ptr<Connection>& connection : connections) {
      connection->Resume();
    }
  });
}

void TcpProxy::Impl::DropConnections() {
  RunOnThread([this] {
    AcceptPending();
    while (!connections_.empty()) {
      std::shared_ptr<Connection>(*connections_.begin())->Reset();
    }
  });
}

bool TcpProxy::Impl::WaitForConnections(int accepted, absl::Duration timeout) {
  RunOnThread([this] { AcceptPending(); });
  auto enough = [this, accepted]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return accepted_ >= accepted;
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&enough), timeout);
}

bool TcpProxy::Impl::WaitForOpenConnections(int open, absl::Duration timeout) {
  RunOnThread([this] { AcceptPending(); });
  auto reached = [this, open]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return open_ == open;
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&reached), timeout);
}

absl::StatusOr<std::unique_ptr<TcpProxy>> TcpProxy::Start(
    absl::string_view target) {
  absl::StatusOr<tcp::endpoint> endpoint = ParseTarget(target);
  if (!endpoint.ok()) return endpoint.status();
  auto impl = std::make_unique<Impl>(*endpoint);
  absl::Status status = impl->Start();
  if (!status.ok()) return status;
  return std::unique_ptr<TcpProxy>(new TcpProxy(std::move(impl)));
}

TcpProxy::TcpProxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpProxy::~TcpProxy() = default;

std::string TcpProxy::address() const { return impl_->address(); }

int TcpProxy::accepted_connections() { return impl_->accepted_connections(); }

int TcpProxy::open_connections() { return impl_->open_connections(); }

void TcpProxy::BlackHole() { impl_->BlackHole(); }

void TcpProxy::Restore() { impl_->Restore(); }

void TcpProxy::DropConnections() { impl_->DropConnections(); }

bool TcpProxy::WaitForConnections(int accepted, absl::Duration timeout) {
  return impl_->WaitForConnections(accepted, timeout);
}

bool TcpProxy::WaitForOpenConnections(int open, absl::Duration timeout) {
  return impl_->WaitForOpenConnections(open, timeout);
}

}  // namespace support
