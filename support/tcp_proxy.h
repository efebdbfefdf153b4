// A TCP proxy that tests put between a client and a server, to watch the
// connections between the two and to break them on purpose.
//
// Lesson 02 uses it twice. To prove that many streams share one HTTP/2
// connection, it counts connections. To prove that keepalive notices a peer
// that hangs, it becomes a black hole: the connection stays open, and nothing
// comes through. That is what a pulled cable, a frozen machine or a firewall
// that forgot the connection look like, and what killing the server is not: the
// kernel closes a dead process's sockets, so its peers learn of it at once.
//
//   TestServer server(&service);
//   absl::StatusOr<std::unique_ptr<TcpProxy>> proxy =
//       TcpProxy::Start(server.address());
//   ASSERT_TRUE(proxy.ok()) << proxy.status();
//   auto stub =
//       MoviesService::NewStub(LoopbackChannel((*proxy)->address()));
//   ...                                              // Some calls.
//   EXPECT_EQ((*proxy)->accepted_connections(), 1);  // All shared one.
//
//   (*proxy)->BlackHole();
//   ...  // Calls hang; with keepalive, they soon fail with UNAVAILABLE.
//   (*proxy)->Restore();

#ifndef SUPPORT_TCP_PROXY_H_
#define SUPPORT_TCP_PROXY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace support {

// Listens on a loopback port and forwards every connection to one target, on a
// thread of its own.
//
// Each connection to the proxy gets its own to the target, dialled when the
// client connects. A half-close is passed on once the bytes before it are. A
// reset is passed on at once, as a reset; so is the target's refusal to
// connect.
//
// All member functions may be called from any thread, but none while another
// thread destroys the proxy. Each takes effect before it returns: every
// connection that a client had established by then is counted, dropped or held.
class TcpProxy {
 public:
  // Starts a proxy to `target`, an IPv4 address and a port: "127.0.0.1:50051".
  // Nothing needs to listen there yet. Returns INVALID_ARGUMENT if `target` is
  // no such thing, UNAVAILABLE if no port could be had.
  static absl::StatusOr<std::unique_ptr<TcpProxy>> Start(
      absl::string_view target);

  // Closes every connection, black-holed or not, and joins the thread.
  ~TcpProxy();

  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  // Returns where clients connect: "127.0.0.1:PORT". Never changes.
  std::string address() const;

  // Returns how many connections clients ever established, those that are gone
  // or that the target refused included.
  int accepted_connections();

  // Returns how many connections from clients are open. A connection is open
  // until both ends are done with it, or one reset it, or the target refused
  // it, and the proxy has noticed; a black hole notices nothing.
  int open_connections();

  // From now on forwards nothing in either direction, as if the cable were cut:
  // reads nothing and closes nothing, so neither end sees the other leave.
  // Clients can still connect, and are counted, but the target is not dialled.
  // (The kernel accepts and acknowledges, on either side, what fits into its
  // own buffers.) A second call changes nothing.
  void BlackHole();

  // Ends the black hole: what was held back flows on, in order, and closes that
  // went unnoticed are passed on. Changes nothing if there is no black hole.
  void Restore();

  // Closes all present connections hard, a black hole's too: both ends see a
  // reset (RST). Goes on listening.
  void DropConnections();

  // Waits until `accepted` connections or more have ever been accepted. Returns
  // false if `timeout` passes first.
  bool WaitForConnections(int accepted, absl::Duration timeout);

  // Waits until exactly `open` connections are open. Returns false if `timeout`
  // passes first.
  bool WaitForOpenConnections(int open, absl::Duration timeout);

 private:
  class Impl;

  explicit TcpProxy(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace support

#endif  // SUPPORT_TCP_PROXY_H_
