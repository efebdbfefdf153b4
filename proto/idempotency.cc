#include "proto/idempotency.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace movies {

using ::google::protobuf::MethodOptions;

MethodOptions::IdempotencyLevel IdempotencyOf(absl::string_view method) {
  if (!absl::ConsumePrefix(&method, "/")) {
    return MethodOptions::IDEMPOTENCY_UNKNOWN;
  }
  // The pool has every method of the generated code in this program, as
  // "movies.v1.MoviesService.GetMovie".
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          absl::StrReplaceAll(method, {{"/", "."}}));
  if (descriptor == nullptr) return MethodOptions::IDEMPOTENCY_UNKNOWN;
  return descriptor->options().idempotency_level();
}

bool MayBeRepeated(absl::string_view method) {
  return IdempotencyOf(method) != MethodOptions::IDEMPOTENCY_UNKNOWN;
}

}  // namespace movies
