#include "support/etcd/etcd_server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"

namespace support {
namespace {

using ::etcdserverpb::KV;

std::unique_ptr<KV::Stub> NewStub(const Etcd& etcd) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return KV::NewStub(grpc::CreateCustomChannel(
      etcd.address(), grpc::InsecureChannelCredentials(), args));
}

std::chrono::system_clock::time_point Soon() {
  return std::chrono::system_clock::now() + std::chrono::seconds(10);
}

grpc::Status Put(KV::Stub& stub, const std::string& value) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  etcdserverpb::PutRequest request;
  request.set_key("movie");
  request.set_value(value);
  etcdserverpb::PutResponse response;
  return stub.Put(&context, request, &response);
}

// Returns the value, or "" and the status.
std::string Get(KV::Stub& stub, grpc::Status* status) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  etcdserverpb::RangeRequest request;
  request.set_key("movie");
  etcdserverpb::RangeResponse response;
  *status = stub.Range(&context, request, &response);
  return response.kvs_size() == 1 ? response.kvs(0).value() : "";
}

TEST(EtcdServerTest, StoresWhatItIsGiven) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  auto stub = NewStub(**etcd);

  grpc::Status put = Put(*stub, "Alien");
  ASSERT_TRUE(put.ok()) << put.error_message();

  grpc::Status status;
  EXPECT_EQ(Get(*stub, &status), "Alien");
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(EtcdServerTest, ServesTwoAtOnce) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> one = EtcdServer::Start();
  absl::StatusOr<std::unique_ptr<EtcdServer>> two = EtcdServer::Start();

  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_NE((*one)->address(), (*two)->address());
}

TEST(EtcdServerTest, RefusesConnectionsWhileStopped) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();

  ASSERT_TRUE((*etcd)->Stop().ok());

  grpc::Status status;
  Get(*NewStub(**etcd), &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(EtcdServerTest, RestartsWhereItWasWithWhatItStored) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  const std::string address = (*etcd)->address();
  ASSERT_TRUE(Put(*NewStub(**etcd), "Alien").ok());

  ASSERT_TRUE((*etcd)->Stop().ok());
  absl::Status restarted = (*etcd)->Restart();

  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_EQ((*etcd)->address(), address);
  grpc::Status status;
  EXPECT_EQ(Get(*NewStub(**etcd), &status), "Alien");
}

TEST(EtcdServerTest, SaysWhyItCannotStart) {
  absl::StatusOr<std::unique_ptr<EtcdServer>> etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  EtcdServer::Options options;
  options.port = std::stoi((*etcd)->address().substr(10));

  absl::StatusOr<std::unique_ptr<EtcdServer>> second =
      EtcdServer::Start(options);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find("address already in use"),
            std::string::npos)
      << second.status();
}

}  // namespace
}  // namespace support
