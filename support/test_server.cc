#include "support/test_server.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace support {
namespace {

void CheckStarted(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << std::endl;
  std::abort();
}

}  // namespace

TestServer::TestServer(const TestServerOptions& options)
    : grace_(options.grace) {}

TestServer::TestServer(const std::vector<grpc::Service*>& services,
                       const TestServerOptions& options)
    : TestServer(options) {
  CheckStarted(StartServing(services, options));
}

TestServer::TestServer(grpc::Service* service, const TestServerOptions& options)
    : TestServer(std::vector<grpc::Service*>{service}, options) {}

absl::StatusOr<std::unique_ptr<TestServer>> TestServer::Start(
    const std::vector<grpc::Service*>& services,
    const TestServerOptions& options) {
  std::unique_ptr<TestServer> server(new TestServer(options));
  absl::Status status = server->StartServing(services, options);
  if (!status.ok()) return status;
  return server;
}

absl::Status TestServer::StartServing(
    const std::vector<grpc::Service*>& services,
    const TestServerOptions& options) {
  const std::string wanted = absl::StrCat("127.0.0.1:", options.port);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(wanted, options.credentials, &port);
  // By default two servers may listen on one port, and the kernel deals out the
  // connections between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (options.configure) options.configure(builder);

  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "TestServer could not start on ", wanted, "; gRPC's log says why"));
  }
  address_ = absl::StrCat("127.0.0.1:", port);
  return absl::OkStatus();
}

TestServer::~TestServer() {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace_));
  server_->Wait();
}

std::shared_ptr<grpc::Channel> TestServer::NewChannel(
    grpc::ChannelArguments args) const {
  return LoopbackChannel(address_, std::move(args));
}

std::shared_ptr<grpc::Channel> TestServer::NewChannel(
    LoopbackOptions options) const {
  return LoopbackChannel(address_, std::move(options));
}

std::shared_ptr<grpc::Channel> LoopbackChannel(const std::string& address,
                                               grpc::ChannelArguments args) {
  LoopbackOptions options;
  options.args = std::move(args);
  return LoopbackChannel(address, std::move(options));
}

std::shared_ptr<grpc::Channel> LoopbackChannel(const std::string& address,
                                               LoopbackOptions options) {
  options.args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  options.args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      address, options.credentials, options.args,
      std::move(options.interceptors));
}

}  // namespace support
