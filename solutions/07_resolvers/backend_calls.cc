#include "backend_calls.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace movies {

Answer CallBackend(v1::MoviesService::StubInterface& stub,
                   const CallOptions& options) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  context.set_wait_for_ready(options.wait_for_ready);
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
    ++answered[answer.status.ok()
                   ? answer.backend
                   : absl::StrCat("code ", answer.status.error_code(), ": ",
                                  answer.status.error_message())];
  }
  return answered;
}

}  // namespace movies
