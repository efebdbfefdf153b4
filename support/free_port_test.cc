#include "support/free_port.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "support/tcp_proxy.h"

namespace support {
namespace {

TEST(FreePortTest, IsAPortThatNobodyAskedForByNumber) {
  absl::StatusOr<int> port = FreePort();

  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_GE(*port, 1024);
  EXPECT_LE(*port, 65535);
}

TEST(FreePortTest, IsNotOneThatIsServed) {
  absl::StatusOr<std::unique_ptr<TcpProxy>> server =
      TcpProxy::Start("127.0.0.1:1");
  ASSERT_TRUE(server.ok()) << server.status();

  for (int i = 0; i < 100; ++i) {
    absl::StatusOr<int> port = FreePort();
    ASSERT_TRUE(port.ok()) << port.status();
    EXPECT_NE(absl::StrCat("127.0.0.1:", *port), (*server)->address());
  }
}

}  // namespace
}  // namespace support
