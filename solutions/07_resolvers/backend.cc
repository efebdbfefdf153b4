#include "backend.h"

#include <grpc/grpc.h>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace movies {

absl::StatusOr<std::unique_ptr<Backend>> Backend::Start(
    grpc::Service* service) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  // No two servers on one port.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // There are many of them, so few threads each.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  builder.RegisterService(service);
  auto backend = absl::WrapUnique(new Backend());
  backend->server_ = builder.BuildAndStart();
  if (backend->server_ == nullptr || port == 0) {
    return absl::UnavailableError("no server could be started on 127.0.0.1");
  }
  backend->address_ = absl::StrCat("127.0.0.1:", port);
  return backend;
}

Backend::~Backend() { Die(); }

void Backend::Leave() {
  if (server_ == nullptr) return;
  server_->Shutdown();
  server_->Wait();
  server_.reset();
}

void Backend::Die() {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now()));
  server_->Wait();
  server_.reset();
}

}  // namespace movies
