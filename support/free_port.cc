#include "support/free_port.h"

#include <asio.hpp>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace support {

absl::StatusOr<int> FreePort() {
  asio::io_context io;
  std::error_code error;
  for (int attempt = 0; attempt < 10; ++attempt) {
    asio::ip::tcp::acceptor tcp(io);
    tcp.open(asio::ip::tcp::v4(), error);
    if (!error) {
      tcp.bind({asio::ip::address_v4::loopback(), 0}, error);
    }
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("no free port: ", error.message()));
    }
    const int port = tcp.local_endpoint().port();
    asio::ip::udp::socket udp(io);
    udp.open(asio::ip::udp::v4(), error);
    if (!error) {
      udp.bind({asio::ip::address_v4::loopback(),
                static_cast<asio::ip::port_type>(port)},
               error);
    }
    if (!error) return port;
  }
  return absl::UnavailableError(
      absl::StrCat("no port free for TCP and UDP: ", error.message()));
}

}  // namespace support
