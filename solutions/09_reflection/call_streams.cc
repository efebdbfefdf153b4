#include "call_streams.h"

#include <google/protobuf/dynamic_message.h>

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "generic_call.h"
#include "json_message.h"
#include "support/byte_buffer.h"

namespace movies {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::MethodDescriptor;

// What the two threads know of each other.
struct Progress {
  absl::Mutex mutex;
  bool waiting ABSL_GUARDED_BY(mutex) = false;  // For `next_json` to return.
  bool over ABSL_GUARDED_BY(mutex) = false;     // The call.
};

// Sends what `next_json` yields, until the call is over. On a message that
// cannot be sent, cancels the call and says why.
grpc::Status SendAll(const Message& prototype,
                     const std::function<bool(std::string*)>& next_json,
                     grpc::ClientContext* context, GenericCall* call,
                     Progress* progress) {
  std::string json;
  while (true) {
    {
      absl::MutexLock lock(&progress->mutex);
      if (progress->over) return grpc::Status::OK;
      progress->waiting = true;
    }
    const bool more = next_json(&json);
    {
      absl::MutexLock lock(&progress->mutex);
      if (progress->over) return grpc::Status::OK;
      progress->waiting = false;
    }
    if (!more) break;
    std::unique_ptr<Message> request(prototype.New());
    grpc::Status parsed = FromJson(json, request.get());
    if (!parsed.ok()) {
      context->TryCancel();
      return parsed;
    }
    if (!call->Write(support::ToByteBuffer(*request))) return grpc::Status::OK;
  }
  call->WritesDone();
  return grpc::Status::OK;
}

}  // namespace

grpc::Status CallStreams(
    const std::shared_ptr<grpc::Channel>& channel,
    const MethodDescriptor& method,
    const std::function<bool(std::string* json)>& next_json,
    grpc::ClientContext* context,
    const std::function<void(const std::string& json)>& on_json,
    const std::function<void(const grpc::Status& status)>& on_over) {
  // Outlives the messages that it makes. Both prototypes are made here, before
  // the second thread: a factory is for one thread at a time.
  google::protobuf::DynamicMessageFactory factory;
  const Message& request_type = *factory.GetPrototype(method.input_type());
  std::unique_ptr<Message> response(
      factory.GetPrototype(method.output_type())->New());

  GenericCall call(
      channel,
      absl::StrCat("/", method.service()->full_name(), "/", method.name()),
      context);
  Progress progress;
  grpc::Status sent;
  std::thread writer([&] {
    sent = SendAll(request_type, next_json, context, &call, &progress);
  });

  grpc::Status received;
  int responses = 0;
  grpc::ByteBuffer bytes;
  while (received.ok() && call.Read(&bytes)) {
    ++responses;
    std::string json;
    received = support::FromByteBuffer(bytes, response.get());
    if (received.ok()) received = ToJson(*response, &json);
    if (received.ok()) {
      on_json(json);
    } else {
      context->TryCancel();
    }
  }
  grpc::Status status = call.Finish();
  if (!received.ok()) {
    status = received;
  } else if (status.ok() && !method.server_streaming() && responses != 1) {
    status = grpc::Status(grpc::StatusCode::INTERNAL,
                          absl::StrCat("the server sent ", responses,
                                       " responses, and this method has one"));
  }
  bool waiting = false;
  {
    absl::MutexLock lock(&progress.mutex);
    progress.over = true;
    waiting = progress.waiting;
  }
  if (waiting) on_over(status);
  writer.join();
  return sent.ok() ? status : sent;
}

}  // namespace movies
