#include "program_support.h"

#include <grpc/grpc.h>

#include "absl/strings/str_cat.h"

namespace movies {

std::string Outcome(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat("code ", static_cast<int>(status.error_code()), ", ",
                      status.error_message());
}

std::shared_ptr<grpc::Channel> DirectChannel(const std::string& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   args);
}

}  // namespace movies
