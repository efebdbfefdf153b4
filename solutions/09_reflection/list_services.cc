#include "list_services.h"

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace movies {

absl::StatusOr<std::vector<std::string>> ListServices(Reflection& reflection) {
  ServerReflectionRequest question;
  question.set_list_services("");  // Set, if empty: which field it is matters.
  absl::StatusOr<ServerReflectionResponse> answer = reflection.Ask(question);
  if (!answer.ok()) return answer.status();
  if (answer->has_error_response()) return ToStatus(answer->error_response());
  if (!answer->has_list_services_response()) {
    return absl::InternalError("The server's answer is no list of services.");
  }
  std::vector<std::string> names;
  for (const auto& service : answer->list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

}  // namespace movies
