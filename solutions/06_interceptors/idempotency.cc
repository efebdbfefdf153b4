#include "idempotency.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace movies {

bool MayBeRepeated(absl::string_view method) {
  if (!absl::ConsumePrefix(&method, "/")) return false;
  // The pool has every method of the generated code in this program, as
  // "movies.v1.MoviesService.GetMovie".
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          absl::StrReplaceAll(method, {{"/", "."}}));
  if (descriptor == nullptr) return false;
  return descriptor->options().idempotency_level() !=
         google::protobuf::MethodOptions::IDEMPOTENCY_UNKNOWN;
}

}  // namespace movies
