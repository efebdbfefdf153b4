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

TEST(ServerListTest, AnIpV6MayEndLikeAnIpV4) {
  const absl::StatusOr<Server> server = EntryFor("[::ffff:10.1.2.3]:50051");
  ASSERT_TRUE(server.ok()) << NoList(server.status());
  EXPECT_EQ(Hex(server->ip_address()),
            "00 00 00 00 00 00 00 00 00 00 ff ff 0a 01 02 03")
      << "The last 4 bytes of an IPv6 address may be written as those of an "
         "IPv4 one. What makes it IPv6 is the colon, which IPv4 never has.";
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
         "it gets three of four calls. Each entry has its part's token, which "
         "goes to the server with the call.";
}

TEST(ServerListTest, TheEntriesAreInTheOrderOfTheTurns) {
  const std::vector<TrafficShare> traffic = {
      {"127.0.0.1:50051", /*shares=*/5, "large"},
      {"127.0.0.1:50052", /*shares=*/1, "small"},
      {"127.0.0.1:50053", /*shares=*/1, "tiny"},
      {/*address=*/"", /*shares=*/2, "overload"}};
  std::vector<std::string> turns;
  for (const TrafficShare* turn : TakeTurns(traffic)) {
    turns.push_back(turn->token);
  }
  const absl::StatusOr<ServerList> list = MakeServerList(traffic);
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  EXPECT_EQ(Tokens(*list), turns)
      << "The client walks the list in its order, and TakeTurns() has chosen "
         "one in which nobody gets a burst of calls.";
}

TEST(ServerListTest, TwoPartsMayHaveTheSameAddress) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, "stable"},
                      {"127.0.0.1:50051", /*shares=*/1, "canary"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  EXPECT_THAT(Tokens(*list), testing::ElementsAre("stable", "canary"))
      << "Two parts are two entries, each with its own token, even if both go "
         "to one server.";
}

TEST(ServerListTest, EachEntryOfAServerIsWhole) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/3, "big"},
                      {"127.0.0.1:50052", /*shares=*/1, "small"}});
  ASSERT_TRUE(list.ok()) << NoList(list.status());
  for (const Server& server : list->servers()) {
    const std::string why = absl::StrCat(
        "This entry of '", server.load_balance_token(),
        "' has to have the server's address and port, as each one has: the "
        "client leaves out those that lack them, and the shares are wrong.");
    EXPECT_EQ(Hex(server.ip_address()), "7f 00 00 01") << why;
    EXPECT_EQ(server.port(),
              server.load_balance_token() == "big" ? 50051 : 50052)
        << why;
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

TEST(ServerListTest, ADrainedServersAddressIsNotLookedAt) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"gone.movies.test:50051", /*shares=*/0, "drained"},
                      {"127.0.0.1:50052", /*shares=*/1, "serving"}});
  EXPECT_TRUE(list.ok())
      << "What is not among the turns is not in the list, so no client has to "
         "understand it. What came: "
      << list.status();
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
  const std::vector<TrafficShare> all_drained = {
      {"127.0.0.1:50051", /*shares=*/0, "drained"}};
  for (const auto& traffic : {std::vector<TrafficShare>(), all_drained}) {
    const absl::StatusOr<ServerList> list = MakeServerList(traffic);
    ASSERT_TRUE(list.ok())
        << "Nobody to call is not an error: it is what a balancer says when "
           "all its servers are gone or drained. "
        << list.status();
    EXPECT_EQ(list->servers_size(), 0)
        << "An entry for nobody: " << list->ShortDebugString();
  }
}

TEST(ServerListTest, RefusesWhatIsNoIp) {
  for (const std::string address :
       {"localhost:50051", "movies.test:50051", "10.1.2:50051",
        "10.1.2.256:50051", "10.1.2.03:50051", "10.1. 2.3:50051",
        "[2001:db8:::1]:50051"}) {
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
    EXPECT_THAT(std::string(list.status().message()), HasSubstr(address))
        << "SplitAddress() says which address it is, and of what form it has "
           "to be: pass that on.";
  }
}

TEST(ServerListTest, RefusesATokenThatIsTooLong) {
  const std::string longest(kMaxTokenBytes, 'x');
  const absl::StatusOr<ServerList> good =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, longest}});
  ASSERT_TRUE(good.ok()) << "A token of " << kMaxTokenBytes
                         << " bytes is allowed: " << good.status();
  EXPECT_THAT(Tokens(*good), testing::ElementsAre(longest))
      << "A token that fits goes out whole.";

  for (const std::string address : {"127.0.0.1:50051", ""}) {
    const absl::StatusOr<ServerList> bad =
        MakeServerList({{address, /*shares=*/1, longest + "x"}});
    ASSERT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument)
        << "The token of " << (address.empty() ? "a drop" : "a server")
        << " has " << kMaxTokenBytes + 1 << " bytes, and " << kMaxTokenBytes
        << " is the most. The client loses or garbles a longer one, and one "
           "that was cut may be another's. What came: "
        << (bad.ok() ? bad->ShortDebugString() : bad.status().ToString());
    EXPECT_THAT(std::string(bad.status().message()),
                testing::AnyOf(HasSubstr("token"), HasSubstr(longest)))
        << "Say that the token is what is wrong.";
  }
}

TEST(ServerListTest, ATokenMayBeEmpty) {
  const absl::StatusOr<ServerList> list =
      MakeServerList({{"127.0.0.1:50051", /*shares=*/1, /*token=*/""}});
  EXPECT_TRUE(list.ok())
      << "A client understands a part without a name, so it is no reason to "
         "refuse the list. What came: "
      << list.status();
}

TEST(ServerListTest, RefusesATokenThatIsNotPrintable) {
  // The last one is a half of UTF-8's "é", as left by whoever cuts bytes.
  for (const std::string token : {"a\nb", "caf\xc3\xa9", "caf\xc3"}) {
    for (const std::string address : {"127.0.0.1:50051", ""}) {
      const absl::StatusOr<ServerList> list =
          MakeServerList({{address, /*shares=*/1, token}});
      ASSERT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument)
          << "The token of " << (address.empty() ? "a drop" : "a server")
          << " is '" << absl::CHexEscape(token)
          << "'. The protocol wants a printable one, for it travels as "
             "metadata, which is ASCII. And a string that is not even UTF-8 "
             "makes the list unreadable: gRPC 1.51's client crashes, and all "
             "clients have the same list.";
    }
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
  for (const char* address :
       {"", ":50051", "[]:50051", "[::1:50051", "[::1]", "[127.0.0.1]:50051",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1\n"}) {
    EXPECT_EQ(SplitAddress(address).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

}  // namespace
}  // namespace movies
