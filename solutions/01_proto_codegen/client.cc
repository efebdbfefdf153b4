// Fetches one movie through the generated stub and shows its bytes.

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fetch_movie.h"
#include "movies/v1/movies.grpc.pb.h"
#include "report.h"
#include "wire_format.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(int, mid, 1, "the movie's ID");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(5),
          "how long to wait for the answer");

namespace movies {
namespace {

int Main() {
  const std::string target = absl::GetFlag(FLAGS_target);
  grpc::ChannelArguments arguments;
  // An http_proxy in the environment is not for a server on this machine.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto stub = v1::MoviesService::NewStub(grpc::CreateCustomChannel(
      target, grpc::InsecureChannelCredentials(), arguments));
  absl::StatusOr<v1::Movie> movie =
      FetchMovie(*stub, absl::GetFlag(FLAGS_mid), absl::GetFlag(FLAGS_timeout));
  if (!movie.ok()) {
    std::cerr << target << " did not send the movie: " << movie.status()
              << "\n";
    if (movie.status().code() == absl::StatusCode::kUnavailable) {
      std::cerr << "Is the server running? "
                   "bazel run //lessons/01_proto_codegen:server\n";
    }
    return 1;
  }
  std::cout << "What the generated class knows:\n" << movie->DebugString();

  const std::string bytes = movie->SerializeAsString();
  std::cout << "\nIts " << bytes.size() << " bytes:\n";
  absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
  std::cout << (fields.ok() ? FieldTable(*v1::Movie::descriptor(), *fields)
                            : WhyNot(fields.status()));
  return 0;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Fetches one movie from the server and shows its bytes.");
  absl::ParseCommandLine(argc, argv);
  return movies::Main();
}
