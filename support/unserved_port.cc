#include "support/unserved_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace support {
namespace {

void CheckDone(int result, const char* what) {
  if (result != -1) return;
  std::perror(what);
  std::abort();
}

}  // namespace

UnservedPort::UnservedPort() {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CheckDone(socket_, "UnservedPort: socket");
  const int on = 1;
  CheckDone(setsockopt(socket_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)),
            "UnservedPort: setsockopt");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  CheckDone(bind(socket_, reinterpret_cast<sockaddr*>(&address), length),
            "UnservedPort: bind");
  CheckDone(
      getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length),
      "UnservedPort: getsockname");
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

UnservedPort::~UnservedPort() { close(socket_); }

}  // namespace support
