// The successor of grpclb: xDS, by which a control plane tells clients and
// proxies alike whom to call. It is in the stock library; the target begins
// with "xds:", and a bootstrap says where the control plane is.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.grpc.pb.h"
#include "support/test_server.h"

namespace movies {
namespace {

// A control plane that only notes what it is asked for, and by which method.
class ControlPlane : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Stream(*this, context->method());
  }

  // The first request's method and bytes. Valid once `asked` is notified. The
  // only channel makes one stream at a time, so they need no lock.
  absl::Notification asked;
  std::string method;
  std::string request;

 private:
  class Stream final : public grpc::ServerGenericBidiReactor {
   public:
    Stream(ControlPlane& plane, std::string method)
        : plane_(plane), method_(std::move(method)) {
      StartRead(&buffer_);
    }

    void OnReadDone(bool ok) override {
      grpc::Slice bytes;
      if (ok && buffer_.DumpToSingleSlice(&bytes).ok() &&
          !plane_.asked.HasBeenNotified()) {
        plane_.method = method_;
        plane_.request.assign(reinterpret_cast<const char*>(bytes.begin()),
                              bytes.size());
        plane_.asked.Notify();
      }
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "only listening"));
    }

    void OnDone() override { delete this; }

   private:
    ControlPlane& plane_;
    const std::string method_;
    grpc::ByteBuffer buffer_;
  };
};

TEST(XdsTest, TheStockLibraryAsksAControlPlane) {
  ControlPlane plane;
  support::TestServerOptions options;
  options.configure = [&plane](grpc::ServerBuilder& builder) {
    builder.RegisterCallbackGenericService(&plane);
  };
  support::TestServer server(std::vector<grpc::Service*>{}, options);
  const std::string bootstrap =
      absl::StrCat(R"({"xds_servers": [{"server_uri": ")", server.address(),
                   R"(", "channel_creds": [{"type": "insecure"}]}],
          "node": {"id": "a client of movies"}})");
  ASSERT_EQ(setenv("GRPC_XDS_BOOTSTRAP_CONFIG", bootstrap.c_str(), 1), 0);
  // The channel to the control plane does not have this one's arguments.
  ASSERT_EQ(setenv("no_grpc_proxy", "127.0.0.1", 1), 0);

  auto stub = v1::MoviesService::NewStub(
      support::LoopbackChannel("xds:///movies.test"));
  grpc::ClientContext context;
  v1::MovieID request;
  v1::Movie movie;
  grpc::Status status;
  absl::Notification done;
  stub->async()->GetMovie(&context, &request, &movie, [&](grpc::Status result) {
    status = result;
    done.Notify();
  });

  // As with grpclb: one stream, on which the client says for which service it
  // asks, and is told of changes.
  EXPECT_TRUE(plane.asked.WaitForNotificationWithTimeout(absl::Seconds(20)));
  context.TryCancel();
  done.WaitForNotification();
  EXPECT_FALSE(status.ok());
  ASSERT_TRUE(plane.asked.HasBeenNotified());
  EXPECT_EQ(plane.method,
            "/envoy.service.discovery.v3.AggregatedDiscoveryService/"
            "StreamAggregatedResources");
  EXPECT_THAT(plane.request, testing::HasSubstr("movies.test"));
  EXPECT_THAT(plane.request, testing::HasSubstr("a client of movies"));
}

}  // namespace
}  // namespace movies
