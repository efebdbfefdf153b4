#include "support/free_port.h"

#include <asio.hpp>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace support {
namespace {

TEST(FreePortTest, IsAPortThatNobodyAskedForByNumber) {
  absl::StatusOr<int> port = FreePort();

  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_GE(*port, 1024);
  EXPECT_LE(*port, 65535);
}

TEST(FreePortTest, IsFreeForTcpAndUdp) {
  absl::StatusOr<int> port = FreePort();
  ASSERT_TRUE(port.ok()) << port.status();

  asio::io_context io;
  const auto number = static_cast<asio::ip::port_type>(*port);
  const asio::ip::address host = asio::ip::address_v4::loopback();
  // Each throws if it cannot have the port.
  EXPECT_NO_THROW(asio::ip::tcp::acceptor(io, {host, number}, false));
  EXPECT_NO_THROW(asio::ip::udp::socket(io, {host, number}));
}

}  // namespace
}  // namespace support
