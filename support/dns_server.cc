#include "support/dns_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "support/files.h"
#include "support/free_port.h"

namespace support {
namespace {

// Where Debian puts it; not on PATH in a test.
constexpr char kDnsmasq[] = "/usr/sbin/dnsmasq";

// What it takes on a very busy machine.
constexpr absl::Duration kPatience = absl::Seconds(20);

// How many free ports to try before giving up.
constexpr int kPorts = 5;

}  // namespace

absl::StatusOr<std::unique_ptr<DnsServer>> DnsServer::Start(
    std::vector<std::string> records) {
  std::unique_ptr<DnsServer> server(new DnsServer());
  absl::Status status;
  for (int attempt = 0; attempt < kPorts; ++attempt) {
    absl::StatusOr<int> port = FreePort();
    if (!port.ok()) return port.status();
    status = server->Run(*port, records);
    if (status.ok()) return server;
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

absl::Status DnsServer::Restart(std::vector<std::string> records) {
  process_.reset();
  return Run(std::stoi(address_.substr(address_.rfind(':') + 1)), records);
}

absl::Status DnsServer::Run(int port, const std::vector<std::string>& records) {
  address_ = absl::StrCat("127.0.0.1:", port);
  std::error_code error;
  std::string log =
      (std::filesystem::temp_directory_path(error) / "dnsmasq.XXXXXX").string();
  const int file = error ? -1 : mkstemp(log.data());
  if (file == -1) {
    return absl::UnavailableError(
        absl::StrCat("no temporary file for dnsmasq: ", log));
  }
  close(file);
  const absl::Cleanup remove_log = [&log] { unlink(log.c_str()); };
  Subprocess::Options options;
  options.stdout_path = log;
  options.stderr_path = log;
  std::vector<std::string> argv = {
      kDnsmasq, "--keep-in-foreground", "--log-facility=-",
      absl::StrCat("--port=", port), "--listen-address=127.0.0.1",
      "--bind-interfaces",
      // No file of this machine, and no other server, has a say.
      "--conf-file=/dev/null", "--pid-file=", "--no-hosts", "--no-resolv",
      // Else a question for a type that it has no record of is refused, and
      // gRPC asks again for seconds.
      "--local=/test/"};
  if (geteuid() == 0) {
    // It would become a user whom not every machine has.
    argv.push_back("--user=root");
  }
  for (const std::string& record : records) {
    argv.push_back(absl::StrCat("--", record));
  }
  absl::StatusOr<Subprocess> process = Subprocess::Start(argv, options);
  if (absl::IsNotFound(process.status())) {
    return absl::NotFoundError(
        absl::StrCat(kDnsmasq, " is not installed: run tools/setup"));
  }
  if (!process.ok()) return process.status();

  const absl::Time give_up = absl::Now() + kPatience;
  while (true) {
    absl::StatusOr<ExitStatus> exit = process->WaitFor(absl::Milliseconds(2));
    if (exit.ok()) {
      const std::string words = ReadFile(log).value_or("");
      // Its exit codes: 1 is for its options, 2 for the network.
      return exit->code == 1
                 ? absl::InvalidArgumentError(words)
                 : absl::UnavailableError(absl::StrCat(
                       "dnsmasq ended with ", ToString(*exit), ": ", words));
    }
    // It says so when it has its ports.
    if (absl::StrContains(ReadFile(log).value_or(""), "started")) break;
    if (absl::Now() > give_up) {
      return absl::UnavailableError("dnsmasq does not answer");
    }
  }
  process_ = *std::move(process);
  return absl::OkStatus();
}

}  // namespace support
