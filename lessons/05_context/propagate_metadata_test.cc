#include "propagate_metadata.h"

#include <deque>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace movies {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Metadata as gRPC hands it out: each key and each value lies somewhere in
// memory, other bytes follow at once.
class Received {
 public:
  Received(std::initializer_list<std::pair<std::string, std::string>> pairs) {
    for (const auto& [key, value] : pairs) {
      const std::string& bytes =
          bytes_.emplace_back(absl::StrCat(key, value, "garbage"));
      map_.emplace(grpc::string_ref(bytes.data(), key.size()),
                   grpc::string_ref(bytes.data() + key.size(), value.size()));
    }
  }

  const ReceivedMetadata& map() const { return map_; }

 private:
  std::deque<std::string> bytes_;
  ReceivedMetadata map_;
};

TEST(PropagateMetadataTest, WhatIsAllowedTravelsOn) {
  const Received received = {{"x-request-id", "42"},
                             {"x-tenant", "acme"},
                             {"x-empty", ""},
                             {"x-debug", "1"}};
  EXPECT_THAT(
      MetadataToForward(received.map(),
                        {"x-request-id", "x-tenant", "x-empty"}),
      UnorderedElementsAre(Pair("x-request-id", "42"), Pair("x-tenant", "acme"),
                           Pair("x-empty", "")))
      << "x-request-id, x-tenant and x-empty are in the allow-list and should "
         "go on, an empty value too; x-debug is not. A grpc::string_ref has "
         "data() and size(), and no null byte at its end.";
}

TEST(PropagateMetadataTest, WhatIsNotNamedStays) {
  const Received received = {{"authorization", "Bearer secret"},
                             {"cookie", "session=1"},
                             {"user-agent", "grpc-c++/1.51.1"},
                             {"x-request-id-2", "43"},
                             {"x-request", "41"}};
  EXPECT_THAT(MetadataToForward(received.map(), {"x-request-id"}), IsEmpty())
      << "Only the key x-request-id is in the allow-list, and none of these is "
         "it. A credential that was meant for this service must not reach the "
         "next one by accident.";
  EXPECT_THAT(MetadataToForward(received.map(), {}), IsEmpty())
      << "An empty allow-list allows nothing.";
}

TEST(PropagateMetadataTest, ACredentialTravelsIfItIsNamed) {
  const Received received = {{"authorization", "Bearer token"}};
  EXPECT_THAT(MetadataToForward(received.map(), {"authorization"}),
              ElementsAre(Pair("authorization", "Bearer token")))
      << "Whoever names authorization means it.";
}

TEST(PropagateMetadataTest, LetterCaseInTheAllowListDoesNotMatter) {
  const Received received = {{"x-request-id", "42"}};
  EXPECT_THAT(MetadataToForward(received.map(), {"X-Request-Id"}),
              ElementsAre(Pair("x-request-id", "42")))
      << "The allow-list says X-Request-Id, and HTTP/2 has keys in lower case "
         "only. The two are the same key; it travels on in lower case, because "
         "gRPC takes no other.";
  EXPECT_THAT(
      MetadataToForward(received.map(), {"X-Request-Id", "x-request-id"}),
      ElementsAre(Pair("x-request-id", "42")))
      << "The allow-list names one key twice, in two letter cases. What came "
         "once goes on once.";
}

TEST(PropagateMetadataTest, EveryValueOfAKeyTravelsOnInOrder) {
  const Received received = {
      {"x-via", "gateway"}, {"x-via", "front"}, {"x-via", "front"}};
  EXPECT_THAT(MetadataToForward(received.map(), {"x-via"}),
              ElementsAre(Pair("x-via", "gateway"), Pair("x-via", "front"),
                          Pair("x-via", "front")))
      << "x-via came three times. A key may have several values, and their "
         "order says something.";
}

TEST(PropagateMetadataTest, BinaryValuesTravelByteForByte) {
  const std::string bytes("a\0b\xff", 4);
  const Received received = {{"x-trace-bin", bytes}};
  EXPECT_THAT(MetadataToForward(received.map(), {"x-trace-bin"}),
              ElementsAre(Pair("x-trace-bin", bytes)))
      << "A -bin value is any bytes, here four, with a null byte among them. "
         "gRPC has decoded it and will encode it again.";
}

TEST(PropagateMetadataTest, ReservedKeysStayEvenIfNamed) {
  const Received received = {{"grpc-previous-rpc-attempts", "3"},
                             {"grpc-trace-bin", "bytes"},
                             {":authority", "movies.test"}};
  EXPECT_THAT(
      MetadataToForward(received.map(), {"grpc-previous-rpc-attempts",
                                         "grpc-trace-bin", ":authority"}),
      IsEmpty())
      << "Keys that begin with grpc- or with : belong to gRPC and HTTP/2, and "
         "speak of one hop. gRPC sets them anew for the next. CheckMetadata() "
         "knows them.";
}

TEST(PropagateMetadataTest, IllegalValuesStay) {
  const Received received = {{"x-title", "Am\xe9lie"},
                             {"x-title", "Metropolis"},
                             {"x-note", "two\nlines"}};
  EXPECT_THAT(MetadataToForward(received.map(), {"x-title", "x-note"}),
              ElementsAre(Pair("x-title", "Metropolis")))
      << "A peer without gRPC's library sent bytes that gRPC does not send: a "
         "letter that is not ASCII, and a line break. gRPC would end this "
         "process if they were added to a call: one client could stop the "
         "service. CheckMetadata() tells.";
}

}  // namespace
}  // namespace movies
