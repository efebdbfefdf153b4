// A real DNS server, Debian's dnsmasq, as a child process.
//
//   absl::StatusOr<std::unique_ptr<support::DnsServer>> dns =
//       support::DnsServer::Start({"host-record=movies.test,127.0.0.1"});
//   if (!dns.ok()) return dns.status();
//   std::string target =
//       absl::StrCat("dns://", (*dns)->address(), "/movies.test:50051");

#ifndef SUPPORT_DNS_SERVER_H_
#define SUPPORT_DNS_SERVER_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "support/subprocess.h"

namespace support {

// Answers for names under ".test" (RFC 6761 keeps that name for this) by its
// records alone: it asks no other server and reads no file of the system. What
// it has no record for does not exist: NXDOMAIN. Not thread-safe: one thread at
// a time may use an object.
class DnsServer {
 public:
  // Starts it on a free port of 127.0.0.1 and waits until it answers. Records
  // are dnsmasq's own options, without the dashes:
  //   "host-record=movies.test,127.0.0.1,::1"             A and AAAA
  //   "srv-host=_grpclb._tcp.movies.test,lb.test,50052"   SRV
  //   "txt-record=_grpc_config.movies.test,..."           TXT
  // NOT_FOUND if dnsmasq is not installed; INVALID_ARGUMENT, with its words, if
  // it refuses a record; UNAVAILABLE if it does not start.
  static absl::StatusOr<std::unique_ptr<DnsServer>> Start(
      std::vector<std::string> records);

  // Kills it.
  ~DnsServer() = default;

  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // Returns where it answers, by UDP and TCP: "127.0.0.1:PORT". Never changes.
  const std::string& address() const { return address_; }

  // Ends it and starts it where it was, with other records. Returns when it
  // answers; as Start(), if it does not.
  absl::Status Restart(std::vector<std::string> records);

 private:
  DnsServer() = default;

  absl::Status Run(int port, const std::vector<std::string>& records);

  std::string address_;
  std::optional<Subprocess> process_;
};

}  // namespace support

#endif  // SUPPORT_DNS_SERVER_H_
