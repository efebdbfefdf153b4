#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <grpcpp/server_posix.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace movies {

absl::StatusOr<std::unique_ptr<Backend>> Backend::Start(
    grpc::Service* service) {
  auto backend = absl::WrapUnique(new Backend());
  const asio::ip::tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
  asio::error_code error;
  backend->acceptor_.open(any_port.protocol(), error);
  if (!error) backend->acceptor_.bind(any_port, error);
  if (!error) {
    backend->acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on 127.0.0.1: ", error.message()));
  }
  backend->address_ = absl::StrCat(
      "127.0.0.1:", backend->acceptor_.local_endpoint(error).port());

  grpc::ServerBuilder builder;
  // There are many of them, so few threads each.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  builder.RegisterService(service);
  backend->server_ = builder.BuildAndStart();
  if (backend->server_ == nullptr) {
    return absl::UnavailableError("gRPC cannot start a server");
  }
  backend->Accept();
  backend->thread_ = std::thread([io = &backend->io_] { io->run(); });
  return backend;
}

Backend::~Backend() { Die(); }

void Backend::Leave(absl::Duration patience) {
  if (server_ == nullptr) return;
  StopAccepting();
  const absl::Time give_up = absl::Now() + patience;
  for (asio::ip::tcp::socket& connection : connections_) {
    const absl::Duration left =
        std::max(give_up - absl::Now(), absl::ZeroDuration());
    pollfd closed_by_client = {connection.native_handle(), POLLRDHUP, 0};
    // A signal may interrupt it.
    while (poll(&closed_by_client, 1,
                static_cast<int>(absl::ToInt64Milliseconds(left))) < 0 &&
           errno == EINTR) {
    }
  }
  ShutDown();
}

void Backend::Die() {
  if (server_ == nullptr) return;
  StopAccepting();
  for (asio::ip::tcp::socket& connection : connections_) {
    asio::error_code ignored;
    connection.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }
  ShutDown();  // What it says now reaches nobody.
}

void Backend::Accept() {
  acceptor_.async_accept(
      [this](asio::error_code error, asio::ip::tcp::socket connection) {
        if (!acceptor_.is_open()) return;
        // Whatever is wrong with this one, the next may be better.
        if (!error) connection.non_blocking(true, error);
        if (error) return Accept();
        // gRPC owns what it is given, so it gets a copy.
        const int copy = fcntl(connection.native_handle(), F_DUPFD_CLOEXEC, 0);
        if (copy >= 0) {
          grpc::AddInsecureChannelFromFd(server_.get(), copy);
          connections_.push_back(std::move(connection));
        }
        Accept();
      });
}

void Backend::StopAccepting() {
  asio::post(io_, [this] {
    asio::error_code ignored;
    acceptor_.close(ignored);
  });
  thread_.join();
}

void Backend::ShutDown() {
  server_->Shutdown(absl::ToChronoTime(absl::Now()));
  server_->Wait();
  server_.reset();
}

}  // namespace movies
