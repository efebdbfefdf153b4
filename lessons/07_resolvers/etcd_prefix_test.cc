// What the requests for a prefix ask for.

#include "etcd_prefix.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/etcd/rpc.pb.h"

namespace movies {
namespace {

using ::testing::ElementsAre;

TEST(EtcdPrefixTest, EndsBeforeTheFirstKeyWithoutThePrefix) {
  const etcdserverpb::RangeRequest request = ReadPrefix("movies/");
  EXPECT_EQ(request.key(), "movies/");
  EXPECT_EQ(request.range_end(), "movies0") << "'0' comes after '/'.";
}

TEST(EtcdPrefixTest, TheHighestByteHasNoneAfterIt) {
  EXPECT_EQ(ReadPrefix("a\xff\xff").range_end(), "b");
}

TEST(EtcdPrefixTest, WithoutAPrefixGoesToTheEnd) {
  EXPECT_EQ(ReadPrefix("").key(), std::string(1, '\0'));
  EXPECT_EQ(ReadPrefix("").range_end(), std::string(1, '\0'));
  EXPECT_EQ(ReadPrefix("\xff").range_end(), std::string(1, '\0'));
}

TEST(EtcdPrefixTest, AWatchHasTheSameRangeAndItsRevision) {
  const etcdserverpb::WatchRequest request = WatchPrefix("movies/", 7);
  EXPECT_EQ(request.create_request().key(), "movies/");
  EXPECT_EQ(request.create_request().range_end(), "movies0");
  EXPECT_EQ(request.create_request().start_revision(), 7);
}

TEST(EtcdPrefixTest, EachValueOnce) {
  EXPECT_THAT(DistinctValues({{"1", "b"}, {"2", "a"}, {"3", "b"}}),
              ElementsAre("a", "b"));
}

}  // namespace
}  // namespace movies
