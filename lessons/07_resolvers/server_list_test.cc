#include "server_list.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/grpclb/load_balancer.pb.h"

namespace movies {
namespace {

using ::grpc::lb::v1::Server;
using ::grpc::lb::v1::ServerList;
using ::testing::HasSubstr;

// Bytes as a person reads them: "7f 00 00 01".
std::string Hex(const std::string& bytes) {
  std::vector<std::string> parts;
  for (char byte : bytes) {
    parts.push_back(absl::BytesToHexString(std::string(1, byte)));
  }
  return absl::StrJoin(parts, " ");
}

// What to say of a list that is not there.
std::string NoList(const absl::Status& status) {
  return absl::StrCat(
      "Nothing is wrong with these parts, and there should be a list, but "
      "MakeServerList() returned ",
      status.ToString(), ". ");
}

// The only entry for one server with this address, or why there is none.
absl::StatusOr<Server> EntryFor(const std::string& address) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{address, /*shares=*/1, "token"}});
  if (!list.ok()) return list.status();
  if (list->servers_size() != 1) {
    return absl::InternalError(
        absl::StrCat("one server with one share makes a list of one entry, and "
                     "this one has ",
                     list->servers_size()));
  }
  return list->servers(0);
}

// The tokens of the entries, in their order.
std::vector<std::string> Tokens(const ServerList& list) {
  std::vector<std::string> tokens;
  for (const Server& server : list.servers()) {
    tokens.push_back(server.load_balance_token());
  }
  return tokens;
}

std::map<std::string, int> EntriesByToken(const ServerList& list) {
  std::map<std::string, int> count;
  for (const std::string& token : Tokens(list)) ++count[token];
  return count;
}

TEST(ServerListTest, AnIpIsFourBytesInNetworkOrder) {
  const absl::StatusOr<Server> server = EntryFor("10.1.2.3:50051");
  ASSERT_TRUE(server.ok())
      << "MakeServerList() was given one server, 10.1.2.3:50051, with one "
         "share. The list has an entry for it, with the IP as bytes and the "
         "port as a number. What came instead: "
      << server.status();
  EXPECT_EQ(Hex(server->ip_address()), "0a 01 02 03")
      << "An IPv4 address is 4 bytes, the first number of the text first: that "
         "is network order. Text, with or without the port, is no address to a "
         "client, which logs a line and leaves the entry out; and bytes in "
         "another order are somebody else's address.";
}

TEST(ServerListTest, AnIpV6IsSixteenBytes) {
  const absl::StatusOr<Server> server = EntryFor("[2001:db8::a:b]:50051");
  ASSERT_TRUE(server.ok()) << NoList(server.status());
  EXPECT_EQ(Hex(server->ip_address()),
            "20 01 0d b8 00 00 00 00 00 00 00 00 00 0a 00 0b")
      << "An IPv6 address is 16 bytes, in the order of its text. '::' stands "
         "for as many zeros as are missing.";
}

TEST(ServerListTest, AZeroIsAByteToo) {
  const absl::StatusOr<Server> server = EntryFor("127.0.0.1:50051");
  ASSERT_TRUE(server.ok()) << NoList(server.status());
  EXPECT_EQ(Hex(server->ip_address()), "7f 00 00 01")
      << "127.0.0.1 is 4 bytes as well, and two of them are 0. Whoever takes "
         "bytes for a text of C stops at the first of these; and an IPv4 "
         "address needs no IPv6 around it.";
}

TEST(ServerListTest, ThePortIsANumberOfItsOwn) {
  const absl::StatusOr<Server> server = EntryFor("127.0.0.1:50051");
  ASSERT_TRUE(server.ok()) << NoList(server.status());
  EXPECT_EQ(server->port(), 50051)
      << "The address was 127.0.0.1:50051. The field `port` is an int32, so "
         "protobuf looks after the order of its bytes; htons() would swap them "
         "a second time.";
}

TEST(ServerListTest, EveryEntryHasItsToken) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, "left"},
                      {"127.0.0.1:50052", /*shares=*/1, "right"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  EXPECT_THAT(Tokens(*list), testing::UnorderedElementsAre("left", "right"))
      << "The client sends the entry's token to the server with each call, so "
         "that the server can tell which balancer's decision sent it.";
}

TEST(ServerListTest, AShareIsAnEntry) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/3, "big"},
                      {"127.0.0.1:50052", /*shares=*/1, "small"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  EXPECT_THAT(EntriesByToken(*list),
              testing::UnorderedElementsAre(testing::Pair("big", 3),
                                            testing::Pair("small", 1)))
      << "An entry has no field for a weight. The client walks the list round "
         "and round, so the server with three shares has three entries: then "
         "it gets three of four calls.";
}

TEST(ServerListTest, EachEntryOfAServerIsWhole) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/3, "big"},
                      {"127.0.0.1:50052", /*shares=*/1, "small"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  for (const Server& server : list->servers()) {
    EXPECT_EQ(Hex(server.ip_address()), "7f 00 00 01")
        << "The entry of '" << server.load_balance_token() << "'.";
    EXPECT_EQ(server.port(),
              server.load_balance_token() == "big" ? 50051 : 50052)
        << "The entry of '" << server.load_balance_token() << "'.";
  }
}

TEST(ServerListTest, ADrainedServerIsNotInTheList) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/0, "drained"},
                      {"127.0.0.1:50052", /*shares=*/1, "serving"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  EXPECT_THAT(Tokens(*list), testing::ElementsAre("serving"))
      << "A server with 0 shares is to get no calls. Whatever stands in the "
         "list gets some.";
}

TEST(ServerListTest, ADropHasATokenAndNoAddress) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, "server"},
                      {/*address=*/"", /*shares=*/1, "overload"}});
  ASSERT_TRUE(list.ok())
      << "A part without an address is one whose calls are to be dropped, and "
         "not a mistake: "
      << list.status();
  ASSERT_THAT(Tokens(*list),
              testing::UnorderedElementsAre("server", "overload"))
      << "One entry for the server, one for the drop.";
  for (const Server& server : list->servers()) {
    if (server.load_balance_token() == "server") {
      EXPECT_FALSE(server.drop())
          << "This entry is a server's, and its calls reach it.";
      continue;
    }
    EXPECT_TRUE(server.drop())
        << "A call that falls on this entry is to fail in the client. Without "
           "an address and without `drop` it is an entry that the client "
           "leaves out: nothing is dropped.";
    EXPECT_EQ(Hex(server.ip_address()), "")
        << "Nobody gets these calls, so there is no address.";
    EXPECT_EQ(server.port(), 0) << "Nor a port.";
  }
}

TEST(ServerListTest, DropsAreSpread) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/6, "server"},
                      {/*address=*/"", /*shares=*/3, "overload"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  const std::vector<std::string> tokens = Tokens(*list);
  ASSERT_EQ(std::count(tokens.begin(), tokens.end(), "overload"), 3)
      << "Three shares are dropped: three entries.";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_FALSE(tokens[i] == "overload" &&
                 tokens[(i + 1) % tokens.size()] == "overload")
        << "Entries " << i << " and " << (i + 1) % tokens.size()
        << " are both drops, in the list " << absl::StrJoin(tokens, ", ")
        << ", which begins anew at its end. The client walks it in order, so "
           "whoever calls then sees failure after failure; TakeTurns() has "
           "them spread.";
  }
}

TEST(ServerListTest, NoTrafficIsAnEmptyList) {
  const absl::StatusOr<ServerList> list = MakeServerList({});
  ASSERT_TRUE(list.ok()) << "Nobody to call is not an error: it is what a "
                            "balancer says when all its servers are gone. "
                         << list.status();
  EXPECT_EQ(list->servers_size(), 0);
}

TEST(ServerListTest, RefusesWhatIsNoIp) {
  for (const std::string address :
       {"localhost:50051", "movies.test:50051", "10.1.2:50051",
        "10.1.2.256:50051", "[2001:db8:::1]:50051"}) {
    const absl::StatusOr<ServerList> list =
        MakeServerList({{"127.0.0.1:50051", /*shares=*/1, "good"},
                        {address, /*shares=*/1, "bad"}});
    ASSERT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument)
        << "'" << address
        << "' is not an IP and a port. The protocol has bytes for an IP and "
           "nothing for a name. The client would leave the entry out, and the "
           "other servers would get its calls, unnoticed: refuse the whole "
           "list with INVALID_ARGUMENT. What came: "
        << (list.ok() ? list->ShortDebugString() : list.status().ToString());
    EXPECT_THAT(std::string(list.status().message()),
                HasSubstr(address.substr(0, address.rfind(':'))))
        << "Say which address is none: there may be hundreds.";
  }
}

TEST(ServerListTest, RefusesAnAddressWithoutAPort) {
  for (const std::string address :
       {"127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
        "127.0.0.1:0", "::1:50051"}) {
    const absl::StatusOr<ServerList> list =
        MakeServerList({{address, /*shares=*/1, "token"}});
    ASSERT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument)
        << "'" << address
        << "' is not IP:PORT; SplitAddress() says so, and what it says has to "
           "be passed on. What came: "
        << (list.ok() ? list->ShortDebugString() : list.status().ToString());
  }
}

TEST(ServerListTest, RefusesATokenThatIsTooLong) {
  const std::string longest(kMaxTokenBytes, 'x');
  const absl::StatusOr<ServerList> good =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, longest}});
  ASSERT_TRUE(good.ok()) << "A token of " << kMaxTokenBytes
                         << " bytes is allowed: " << good.status();
  EXPECT_THAT(Tokens(*good), testing::ElementsAre(longest));

  for (const std::string address : {"127.0.0.1:50051", ""}) {
    const absl::StatusOr<ServerList> bad =
        MakeServerList({{address, /*shares=*/1, longest + "x"}});
    ASSERT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument)
        << "The token of " << (address.empty() ? "a drop" : "a server")
        << " has " << kMaxTokenBytes + 1 << " bytes, and " << kMaxTokenBytes
        << " is the most. A longer one gets lost in the client, and one that "
           "was cut may be another's. What came: "
        << (bad.ok() ? bad->ShortDebugString() : bad.status().ToString());
  }
}

TEST(ServerListTest, SplitsAddresses) {
  const absl::StatusOr<HostAndPort> v4 = SplitAddress("127.0.0.1:50051");
  ASSERT_TRUE(v4.ok()) << v4.status();
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 50051);
  const absl::StatusOr<HostAndPort> v6 = SplitAddress("[::1]:1");
  ASSERT_TRUE(v6.ok()) << v6.status();
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 1);
  for (const char* address : {"", ":50051", "[]:50051", "[::1:50051", "[::1]",
                              "[127.0.0.1]:50051", "127.0.0.1:-1"}) {
    EXPECT_EQ(SplitAddress(address).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

}  // namespace
}  // namespace movies
