#include "backend_calls.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace movies {

std::string PeerOf(const std::string& address) {
  return absl::StrCat("ipv4:", address);
}

std::string Text(const grpc::Status& status) {
  return absl::StrCat("code ", status.error_code(), ": ",
                      status.error_message());
}

Answer CallBackend(v1::MoviesService::StubInterface& stub,
                   const CallOptions& options) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  if (options.wait_for_ready) context.set_wait_for_ready(true);
  v1::MovieID request;
  request.set_mid(1);
  v1::Movie movie;
  Answer answer;
  answer.status = stub.GetMovie(&context, request, &movie);
  answer.backend = context.peer();
  return answer;
}

std::map<std::string, int> CallsPerBackend(
    v1::MoviesService::StubInterface& stub, int calls,
    const CallOptions& options) {
  std::map<std::string, int> answered;
  for (int i = 0; i < calls; ++i) {
    const Answer answer = CallBackend(stub, options);
    ++answered[answer.status.ok() ? answer.backend : Text(answer.status)];
  }
  return answered;
}

}  // namespace movies
