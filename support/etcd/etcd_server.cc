#include "support/etcd/etcd_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "support/etcd/rpc.grpc.pb.h"
#include "support/etcd/rpc.pb.h"
#include "support/files.h"
#include "support/free_port.h"
#include "support/subprocess.h"

namespace support {
namespace {

// Where Debian puts it; not on PATH in a test.
constexpr char kEtcd[] = "/usr/bin/etcd";

// What it takes on a very busy machine.
constexpr absl::Duration kPatience = absl::Seconds(20);

// How many free ports to try before giving up.
constexpr int kPorts = 5;

std::shared_ptr<grpc::Channel> NewChannel(const std::string& address) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 10);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   args);
}

std::string LastWords(const std::string& log) {
  const std::string words = ReadFile(log).value_or("(none)");
  return words.substr(words.size() - std::min<size_t>(words.size(), 1000));
}

// Its own word that it has the port: on a port that was taken meanwhile,
// another etcd might answer.
bool SaysThatItServes(const std::string& log) {
  return absl::StrContains(ReadFile(log).value_or(""),
                           "serving client traffic");
}

// Asks for a key, so that the answer proves more than an open port.
bool Serves(etcdserverpb::KV::Stub& stub) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(100));
  etcdserverpb::RangeRequest request;
  request.set_key("/");
  etcdserverpb::RangeResponse response;
  return stub.Range(&context, request, &response).ok();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EtcdServer>> EtcdServer::Start(Options options) {
  std::error_code error;
  const std::filesystem::path temporary =
      std::filesystem::temp_directory_path(error);
  std::string folder = (temporary / "etcd.XXXXXX").string();
  if (error || mkdtemp(folder.data()) == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("no temporary folder for etcd: ", folder));
  }
  std::unique_ptr<EtcdServer> server(new EtcdServer());
  server->folder_ = folder;
  if (options.port != 0) {
    absl::Status status = server->Run(options.port);
    if (!status.ok()) return status;
    return server;
  }
  absl::Status status;
  for (int attempt = 0; attempt < kPorts; ++attempt) {
    absl::StatusOr<int> port = FreePort();
    if (!port.ok()) return port.status();
    status = server->Run(*port);
    if (status.ok()) return server;
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

EtcdServer::~EtcdServer() {
  process_.reset();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error) {
    absl::FPrintF(stderr, "etcd's data stays in %s: %s\n", folder_,
                  error.message());
  }
}

absl::Status EtcdServer::Stop() {
  process_.reset();
  return absl::OkStatus();
}

absl::Status EtcdServer::Restart() {
  process_.reset();
  return Run(std::stoi(address_.substr(address_.rfind(':') + 1)));
}

absl::Status EtcdServer::Run(int port) {
  address_ = absl::StrCat("127.0.0.1:", port);
  const std::string url = absl::StrCat("http://", address_);
  // Nobody joins a cluster of one, so nobody needs to find this address.
  const std::string peer_url = "http://127.0.0.1:1";
  const std::string log = absl::StrCat(folder_, "/log");
  Subprocess::Options options;
  options.stdout_path = log;
  options.stderr_path = log;
  absl::StatusOr<Subprocess> process = Subprocess::Start(
      {kEtcd, "--name=one", absl::StrCat("--data-dir=", folder_, "/data"),
       absl::StrCat("--listen-client-urls=", url),
       absl::StrCat("--advertise-client-urls=", url),
       "--listen-peer-urls=http://127.0.0.1:0",
       absl::StrCat("--initial-advertise-peer-urls=", peer_url),
       absl::StrCat("--initial-cluster=one=", peer_url),
       // Alone it need not wait for others; and the shortest lease that it
       // grants is one and a half elections.
       "--heartbeat-interval=10", "--election-timeout=100", "--logger=zap",
       "--log-outputs=stderr", "--log-level=info"},
      options);
  if (absl::IsNotFound(process.status())) {
    return absl::NotFoundError(
        absl::StrCat(kEtcd, " is not installed: run tools/setup"));
  }
  if (!process.ok()) return process.status();

  auto stub = etcdserverpb::KV::NewStub(NewChannel(address_));
  const absl::Time give_up = absl::Now() + kPatience;
  while (true) {
    absl::StatusOr<ExitStatus> exit = process->WaitFor(absl::Milliseconds(2));
    const bool ended = exit.ok();
    if (!ended && SaysThatItServes(log) && Serves(*stub)) break;
    if (ended || absl::Now() > give_up) {
      return absl::UnavailableError(
          absl::StrCat("etcd on ", address_,
                       ended ? absl::StrCat(" ended with ", ToString(*exit))
                             : absl::StrCat(" does not serve after ",
                                            absl::FormatDuration(kPatience)),
                       "; its last words: ", LastWords(log)));
    }
  }
  process_ = *std::move(process);
  return absl::OkStatus();
}

}  // namespace support
