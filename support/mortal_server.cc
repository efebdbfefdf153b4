#include "support/mortal_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace support {
namespace {

std::unique_ptr<TcpProxy> StartProxy(const std::string& target) {
  absl::StatusOr<std::unique_ptr<TcpProxy>> proxy = TcpProxy::Start(target);
  if (proxy.ok()) return *std::move(proxy);
  std::cerr << proxy.status() << std::endl;
  std::abort();
}

}  // namespace

MortalServer::MortalServer(grpc::Service* service)
    : service_(*service), proxy_(StartProxy(port_.address())) {
  Start();
}

MortalServer::~MortalServer() { Die(); }

void MortalServer::Die() {
  if (server_ == nullptr) return;
  proxy_->BlackHole();  // The goodbye goes nowhere.
  server_->Shutdown(absl::ToChronoTime(absl::Now()));
  server_ = nullptr;
  proxy_->DropConnections();
  proxy_->Restore();
}

void MortalServer::Start() {
  if (server_ != nullptr) return;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(port_.address(), grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  server_ = builder.BuildAndStart();
  if (server_ != nullptr) return;
  std::cerr << "MortalServer could not start on " << port_.address()
            << "; gRPC's log says why" << std::endl;
  std::abort();
}

}  // namespace support
