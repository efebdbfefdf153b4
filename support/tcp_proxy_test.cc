#include "support/tcp_proxy.h"

#include <algorithm>
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace support {
namespace {

using asio::ip::tcp;

// For what must happen. Only a broken proxy makes a test wait that long.
constexpr std::chrono::seconds kPatience{30};
constexpr absl::Duration kAbslPatience = absl::Seconds(30);

// For what must not happen. Every test that passes waits that long; a broken
// proxy takes microseconds.
constexpr std::chrono::milliseconds kSilence{30};

tcp::endpoint Endpoint(absl::string_view address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return tcp::endpoint(asio::ip::address_v4::loopback(),
                       static_cast<std::uint16_t>(port));
}

std::string Address(const tcp::endpoint& endpoint) {
  return absl::StrCat("127.0.0.1:", endpoint.port());
}

// A target that accepts, a proxy to it, and means to talk through the two.
class TcpProxyTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
        TcpProxy::Start(Address(target_.local_endpoint()));
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  tcp::socket Connect() {
    tcp::socket client(io_);
    asio::error_code error;
    client.connect(Endpoint(proxy_->address()), error);
    EXPECT_FALSE(error) << error.message();
    return client;
  }

  tcp::socket Accept() {
    tcp::socket server(io_);
    asio::error_code error = asio::error::timed_out;
    target_.async_accept(server, [&](const asio::error_code& e) { error = e; });
    Run(kPatience);
    target_.cancel();
    Run(kPatience);
    EXPECT_FALSE(error) << "the proxy did not dial: " << error.message();
    return server;
  }

  void Write(tcp::socket& socket, absl::string_view text) {
    asio::error_code error;
    asio::write(socket, asio::buffer(text.data(), text.size()), error);
    EXPECT_FALSE(error) << error.message();
  }

  // Reads `size` bytes, fewer if the stream ends; `*end` says how it ended.
  std::string Read(tcp::socket& socket, std::size_t size,
                   asio::error_code* end = nullptr) {
    std::string text(size, '\0');
    std::size_t read = 0;
    asio::error_code error;
    asio::async_read(socket, asio::buffer(&text[0], size),
                     [&](const asio::error_code& e, std::size_t n) {
                       error = e;
                       read = n;
                     });
    if (!Run(kPatience)) {
      ADD_FAILURE() << "still waiting to read " << size << " bytes";
      Cancel(socket);
    }
    if (end != nullptr) {
      *end = error;
    } else {
      EXPECT_FALSE(error) << error.message();
    }
    text.resize(read);
    return text;
  }

  // Returns how the stream ends, which must come next.
  asio::error_code ReadEnd(tcp::socket& socket) {
    asio::error_code end;
    EXPECT_EQ(Read(socket, 1, &end), "");
    return end;
  }

  // Whether nothing at all arrives: no data, no close, no connection.
  template <typename Socket>
  bool StaysSilent(Socket& socket) {
    bool silent = true;
    socket.async_wait(Socket::wait_read, [&](const asio::error_code& error) {
      silent = error == asio::error::operation_aborted;
    });
    if (!Run(kSilence)) Cancel(socket);
    return silent;
  }

  // Closes so that the peer sees a reset.
  void Reset(tcp::socket& socket) {
    socket.set_option(tcp::socket::linger(true, 0));
    socket.close();
  }

  // Whether everything that was started came to its end in time.
  bool Run(std::chrono::steady_clock::duration timeout) {
    io_.restart();
    io_.run_for(timeout);
    return io_.stopped();
  }

  template <typename Socket>
  void Cancel(Socket& socket) {
    socket.cancel();
    Run(kPatience);
  }

  asio::io_context io_;
  tcp::acceptor target_{io_,
                        tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::unique_ptr<TcpProxy> proxy_;
};

TEST_F(TcpProxyTest, ForwardsBothWays) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Write(client, "question");
  EXPECT_EQ(Read(server, 8), "question");
  Write(server, "answer");
  EXPECT_EQ(Read(client, 6), "answer");
}

TEST_F(TcpProxyTest, KeepsConnectionsApart) {
  tcp::socket client1 = Connect();
  tcp::socket server1 = Accept();
  tcp::socket client2 = Connect();
  tcp::socket server2 = Accept();
  Write(client2, "two");
  Write(client1, "one");
  EXPECT_EQ(Read(server1, 3), "one");
  EXPECT_EQ(Read(server2, 3), "two");
}

TEST_F(TcpProxyTest, ForwardsMoreThanTheBuffersOnTheWayHold) {
  std::string sent(16 << 20, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) {
    sent[i] = static_cast<char>(i * i >> 8);
  }
  std::string received;
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  asio::async_write(client, asio::buffer(sent),
                    [&](const asio::error_code& error, std::size_t) {
                      EXPECT_FALSE(error) << error.message();
                      client.shutdown(tcp::socket::shutdown_send);
                    });
  asio::async_read(server, asio::dynamic_buffer(received),
                   [](const asio::error_code& error, std::size_t) {
                     EXPECT_EQ(error, asio::error::eof) << error.message();
                   });
  EXPECT_TRUE(Run(kPatience));
  EXPECT_TRUE(received == sent);  // Not EXPECT_EQ: it would print 32 MB.
}

TEST_F(TcpProxyTest, PassesHalfCloseOnAndTheOtherHalfStaysOpen) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Write(client, "last words");
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(Read(server, 10), "last words");
  EXPECT_EQ(ReadEnd(server), asio::error::eof);
  Write(server, "answer");
  EXPECT_EQ(Read(client, 6), "answer");
}

TEST_F(TcpProxyTest, PassesResetOnToTheTarget) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Reset(client);
  EXPECT_EQ(ReadEnd(server), asio::error::connection_reset);
}

TEST_F(TcpProxyTest, PassesResetOnToTheClient) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Reset(server);
  EXPECT_EQ(ReadEnd(client), asio::error::connection_reset);
}

TEST_F(TcpProxyTest, ResetsTheClientWhenTheTargetRefuses) {
  // Bound, so that nobody else can get the port, but not listening.
  tcp::acceptor closed(io_, tcp::v4());
  closed.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
      TcpProxy::Start(Address(closed.local_endpoint()));
  ASSERT_TRUE(proxy.ok()) << proxy.status();

  tcp::socket client(io_);
  client.connect(Endpoint((*proxy)->address()));
  EXPECT_EQ(ReadEnd(client), asio::error::connection_reset);
  EXPECT_EQ((*proxy)->accepted_connections(), 1);
}

TEST_F(TcpProxyTest, CountsAConnectionAsSoonAsItsClientHasIt) {
  EXPECT_EQ(proxy_->accepted_connections(), 0);
  std::vector<tcp::socket> clients;
  for (int i = 1; i <= 10; ++i) {
    clients.push_back(Connect());
    EXPECT_EQ(proxy_->accepted_connections(), i);
    EXPECT_EQ(proxy_->open_connections(), i);
  }
}

TEST_F(TcpProxyTest, AClosedConnectionStaysAcceptedButIsNotOpen) {
  {
    tcp::socket client = Connect();
    tcp::socket server = Accept();
    EXPECT_EQ(proxy_->open_connections(), 1);
  }
  EXPECT_TRUE(proxy_->WaitForOpenConnections(0, kAbslPatience));
  EXPECT_EQ(proxy_->open_connections(), 0);
  EXPECT_EQ(proxy_->accepted_connections(), 1);
}

TEST_F(TcpProxyTest, AConnectionThatOneEndHalfClosedIsStillOpen) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(ReadEnd(server), asio::error::eof);
  EXPECT_EQ(proxy_->open_connections(), 1);
}

TEST_F(TcpProxyTest, WaitForConnectionsWakesWhenTheLastOneComes) {
  bool came = false;
  std::thread waiter(
      [&] { came = proxy_->WaitForConnections(2, kAbslPatience); });
  tcp::socket client1 = Connect();
  tcp::socket client2 = Connect();
  waiter.join();
  EXPECT_TRUE(came);
}

TEST_F(TcpProxyTest, WaitForConnectionsCountsThoseThatAreGone) {
  Connect().close();
  Connect().close();
  EXPECT_TRUE(proxy_->WaitForConnections(1, absl::ZeroDuration()));
}

TEST_F(TcpProxyTest, WaitForConnectionsGivesUpAtTheTimeout) {
  tcp::socket client = Connect();
  const absl::Time start = absl::Now();
  EXPECT_FALSE(proxy_->WaitForConnections(2, absl::Milliseconds(20)));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(20));
}

TEST_F(TcpProxyTest, WaitForOpenConnectionsGivesUpAtTheTimeout) {
  tcp::socket client = Connect();
  EXPECT_FALSE(proxy_->WaitForOpenConnections(0, absl::Milliseconds(20)));
}

TEST_F(TcpProxyTest, BlackHoleForwardsNothingEitherWay) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  Write(client, "question");
  Write(server, "answer");
  EXPECT_TRUE(StaysSilent(server));
  EXPECT_TRUE(StaysSilent(client));
}

TEST_F(TcpProxyTest, BlackHoleHidesThatAnEndClosed) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  client.close();
  EXPECT_TRUE(StaysSilent(server));
  EXPECT_EQ(proxy_->open_connections(), 1);
}

TEST_F(TcpProxyTest, BlackHoleHidesThatAnEndReset) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  Reset(server);
  EXPECT_TRUE(StaysSilent(client));
}

TEST_F(TcpProxyTest, BlackHoleAcceptsNewConnectionsButDialsNobody) {
  proxy_->BlackHole();
  tcp::socket client = Connect();
  EXPECT_EQ(proxy_->accepted_connections(), 1);
  EXPECT_TRUE(StaysSilent(target_));
  EXPECT_TRUE(StaysSilent(client));
}

TEST_F(TcpProxyTest, BlackHoleStopsReading) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  const std::string more_than_kernels_buffer(64 << 20, 'x');
  bool written = false;
  asio::async_write(
      client, asio::buffer(more_than_kernels_buffer),
      [&](const asio::error_code& error, std::size_t) { written = !error; });
  EXPECT_FALSE(Run(kSilence));
  Cancel(client);
  EXPECT_FALSE(written);
}

TEST_F(TcpProxyTest, RestoreDeliversWhatWasHeldBackInOrder) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Write(client, "a");
  proxy_->BlackHole();
  Write(client, "b");
  Write(server, "c");
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_TRUE(StaysSilent(client));
  proxy_->Restore();
  EXPECT_EQ(Read(server, 2), "ab");
  EXPECT_EQ(ReadEnd(server), asio::error::eof);
  EXPECT_EQ(Read(client, 1), "c");
}

TEST_F(TcpProxyTest, RestoreLosesNothingOfABusyStream) {
  std::string sent(8 << 20, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) {
    sent[i] = static_cast<char>(i * i >> 8);
  }
  std::string received(sent.size(), '\0');
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  std::size_t done = 0;
  asio::async_write(client, asio::buffer(sent),
                    [&](const asio::error_code& error, std::size_t) {
                      EXPECT_FALSE(error) << error.message();
                    });
  while (done < sent.size()) {
    const std::size_t part = std::min(sent.size() - done, sent.size() / 16);
    asio::async_read(server, asio::buffer(&received[done], part),
                     [&](const asio::error_code& error, std::size_t n) {
                       EXPECT_FALSE(error) << error.message();
                       done += n;
                     });
    proxy_->BlackHole();
    proxy_->Restore();
    const std::size_t before = done;
    io_.restart();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (done == before && io_.run_one_until(deadline) > 0) {
    }
    ASSERT_GT(done, before);
  }
  EXPECT_TRUE(Run(kPatience));
  EXPECT_TRUE(received == sent);
}

TEST_F(TcpProxyTest, RestoreServesConnectionsMadeInTheMeantime) {
  proxy_->BlackHole();
  tcp::socket client = Connect();
  Write(client, "question");
  EXPECT_TRUE(StaysSilent(target_));
  proxy_->Restore();
  tcp::socket server = Accept();
  EXPECT_EQ(Read(server, 8), "question");
}

TEST_F(TcpProxyTest, RestoreWithoutBlackHoleChangesNothing) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->Restore();
  Write(client, "question");
  EXPECT_EQ(Read(server, 8), "question");
  EXPECT_TRUE(StaysSilent(server));
}

TEST_F(TcpProxyTest, DropConnectionsResetsBothEndsOfEach) {
  tcp::socket client1 = Connect();
  tcp::socket server1 = Accept();
  tcp::socket client2 = Connect();
  tcp::socket server2 = Accept();
  proxy_->DropConnections();
  EXPECT_EQ(proxy_->open_connections(), 0);
  for (tcp::socket* end : {&client1, &server1, &client2, &server2}) {
    EXPECT_EQ(ReadEnd(*end), asio::error::connection_reset);
  }
}

TEST_F(TcpProxyTest, DropConnectionsDropsAConnectionThatJustCame) {
  tcp::socket client = Connect();
  proxy_->DropConnections();
  EXPECT_EQ(ReadEnd(client), asio::error::connection_reset);
}

TEST_F(TcpProxyTest, DropConnectionsGoesOnListening) {
  tcp::socket dropped_client = Connect();
  tcp::socket dropped_server = Accept();
  proxy_->DropConnections();
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  Write(client, "question");
  EXPECT_EQ(Read(server, 8), "question");
  EXPECT_EQ(proxy_->accepted_connections(), 2);
}

TEST_F(TcpProxyTest, DropConnectionsReachesIntoABlackHole) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  proxy_->DropConnections();
  EXPECT_EQ(ReadEnd(client), asio::error::connection_reset);
  EXPECT_EQ(ReadEnd(server), asio::error::connection_reset);
}

TEST_F(TcpProxyTest, DestructorClosesConnectionsOfABlackHoleToo) {
  tcp::socket client = Connect();
  tcp::socket server = Accept();
  proxy_->BlackHole();
  proxy_.reset();
  EXPECT_EQ(ReadEnd(client), asio::error::eof);
  EXPECT_EQ(ReadEnd(server), asio::error::eof);
}

TEST_F(TcpProxyTest, DestructorStopsListening) {
  const tcp::endpoint endpoint = Endpoint(proxy_->address());
  proxy_.reset();
  // Takes the port back, so that nobody else can answer there.
  tcp::acceptor bound(io_, tcp::v4());
  bound.set_option(tcp::acceptor::reuse_address(true));
  asio::error_code error;
  bound.bind(endpoint, error);
  EXPECT_FALSE(error) << error.message();
}

TEST_F(TcpProxyTest, SurvivesClientsAndTargetsThatVanish) {
  for (int i = 0; i < 20; ++i) {
    tcp::socket client = Connect();
    Write(client, "question");
    if (i % 2 == 0) Reset(client);
    tcp::socket server = Accept();
    if (i % 2 == 1) Reset(server);
  }
  EXPECT_TRUE(proxy_->WaitForOpenConnections(0, kAbslPatience));
  EXPECT_EQ(proxy_->accepted_connections(), 20);
}

TEST_F(TcpProxyTest, IsSafeToControlFromManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 10; ++round) {
        asio::io_context io;
        tcp::socket client(io);
        asio::error_code ignored;
        client.connect(Endpoint(proxy_->address()), ignored);
        proxy_->BlackHole();
        EXPECT_GE(proxy_->accepted_connections(), 1);
        proxy_->DropConnections();
        EXPECT_GE(proxy_->open_connections(), 0);
        proxy_->Restore();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(proxy_->accepted_connections(), 40);
}

TEST(TcpProxyStartTest, RefusesWhatIsNoAddress) {
  for (absl::string_view target :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:http", "localhost:80", ":80"}) {
    EXPECT_EQ(TcpProxy::Start(target).status().code(),
              absl::StatusCode::kInvalidArgument)
        << target;
  }
}

}  // namespace
}  // namespace support
