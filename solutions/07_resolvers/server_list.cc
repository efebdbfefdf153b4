#include "server_list.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace movies {

absl::StatusOr<HostAndPort> SplitAddress(absl::string_view address) {
  // The port comes after the last colon; in brackets there may be more.
  const std::size_t colon = address.rfind(':');
  HostAndPort parts;
  // SimpleAtoi() would take " 1" and "+1" too.
  if (colon == absl::string_view::npos ||
      !std::all_of(address.begin() + colon + 1, address.end(),
                   absl::ascii_isdigit) ||
      !absl::SimpleAtoi(address.substr(colon + 1), &parts.port) ||
      parts.port < 1 || parts.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not an address with a port"));
  }
  absl::string_view host = address.substr(0, colon);
  const bool brackets =
      absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (host.empty() || brackets != absl::StrContains(host, ':')) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is neither IPv4:PORT nor [IPv6]:PORT"));
  }
  parts.host = std::string(host);
  return parts;
}

std::vector<const TrafficShare*> TakeTurns(
    const std::vector<TrafficShare>& traffic) {
  int total = 0;
  for (const TrafficShare& share : traffic) total += std::max(0, share.shares);
  // Each turn every part's claim grows by its shares, and whoever has the
  // largest claim gets the turn and pays for it with the claims of all.
  std::vector<int> claims(traffic.size(), 0);
  std::vector<const TrafficShare*> turns;
  while (turns.size() < static_cast<std::size_t>(total)) {
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      claims[i] += std::max(0, traffic[i].shares);
    }
    const auto largest = std::max_element(claims.begin(), claims.end());
    *largest -= total;
    turns.push_back(&traffic[largest - claims.begin()]);
  }
  return turns;
}

absl::StatusOr<grpc::lb::v1::ServerList> MakeServerList(
    const std::vector<TrafficShare>& traffic) {
  grpc::lb::v1::ServerList list;
  for (const TrafficShare* share : TakeTurns(traffic)) {
    if (share->token.size() > kMaxTokenBytes ||
        !std::all_of(share->token.begin(), share->token.end(),
                     absl::ascii_isprint)) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad token: '", absl::CHexEscape(share->token), "'"));
    }
    grpc::lb::v1::Server& server = *list.add_servers();
    server.set_load_balance_token(share->token);
    server.set_drop(share->address.empty());
    if (server.drop()) continue;
    absl::StatusOr<HostAndPort> address = SplitAddress(share->address);
    if (!address.ok()) return address.status();
    const bool v6 = absl::StrContains(address->host, ':');
    std::string ip(v6 ? sizeof(in6_addr) : sizeof(in_addr), '\0');
    if (inet_pton(v6 ? AF_INET6 : AF_INET, address->host.c_str(), ip.data()) !=
        1) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", share->address, "' has no IP address"));
    }
    server.set_ip_address(ip);
    server.set_port(address->port);
  }
  return list;
}

}  // namespace movies
