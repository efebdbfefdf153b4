// Fifty servers come and go under load, through the resolver for etcd: no call
// is lost.

#include "churn.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "etcd_keys.h"
#include "etcd_resolver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "load_generator.h"
#include "proto/catalogue_service.h"
#include "proto/movie_store.h"
#include "support/etcd/etcd.h"
#include "support/etcd/etcd_server.h"
#include "support/etcd/etcd_stand_in.h"
#include "support/resolver.h"
#include "support/test_server.h"

namespace movies {
namespace {

using ::testing::Ge;
using ::testing::SizeIs;

absl::Status RegisterEtcd() {
  static const auto& status = *new absl::Status(support::RegisterResolver(
      std::make_shared<EtcdResolverBuilder>(EtcdResolverOptions())));
  return status;
}

struct Kind {
  std::string name;
  absl::StatusOr<std::unique_ptr<support::Etcd>> (*start)();
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

std::string Describe(const std::vector<CallRecord>& calls) {
  std::string text;
  for (const CallRecord& call : calls) {
    absl::StrAppend(&text, "\n  code ", call.code, " from ", call.peer,
                    " after ", absl::FormatDuration(call.duration));
  }
  return text;
}

class ChurnTest : public ::testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(RegisterEtcd().ok()) << RegisterEtcd();
  }
};

TEST_P(ChurnTest, LosesNoCall) {
  absl::StatusOr<std::unique_ptr<support::Etcd>> etcd = GetParam().start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  EtcdKeys keys(support::LoopbackChannel((*etcd)->address()));
  MovieStore store;
  CatalogueService service(&store);
  ChurnOptions options;
  options.load.interval = absl::Milliseconds(1);
  // The first calls may come before the first list.
  options.load.wait_for_ready = true;
  // Only a lost call takes as long.
  options.load.timeout = absl::Seconds(10);
  options.load.grace = absl::Seconds(10);

  const absl::StatusOr<ChurnResult> churn =
      RunChurn(support::LoopbackChannel(
                   absl::StrCat("etcd://", (*etcd)->address(), "/movies")),
               keys, &service, options);

  ASSERT_TRUE(churn.ok()) << churn.status();
  EXPECT_EQ(LostCalls(churn->calls).size(), 0u)
      << Describe(LostCalls(churn->calls)) << "\nof " << churn->calls.size()
      << " calls";
  EXPECT_EQ(churn->came + churn->left + churn->died, options.changes);
  EXPECT_GT(churn->left, 0);
  EXPECT_GT(churn->died, 0);
  EXPECT_THAT(Answered(churn->calls), SizeIs(Ge(50)))
      << "Too few servers answered for this to prove anything.";
  RecordProperty("calls", static_cast<int>(churn->calls.size()));
}

INSTANTIATE_TEST_SUITE_P(
    , ChurnTest,
    ::testing::Values(
        Kind{"RealEtcd",
             []() -> absl::StatusOr<std::unique_ptr<support::Etcd>> {
               return support::EtcdServer::Start();
             }},
        Kind{"StandIn",
             []() -> absl::StatusOr<std::unique_ptr<support::Etcd>> {
               return support::EtcdStandIn::Start();
             }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace movies
