#include "generic_call.h"

#include "absl/synchronization/notification.h"

namespace movies {

GenericCall::GenericCall(const std::shared_ptr<grpc::Channel>& channel,
                         const std::string& path, grpc::ClientContext* context)
    : stub_(channel), context_(*context) {
  stub_.PrepareBidiStreamingCall(context, path, grpc::StubOptions(), this);
  // Reads and writes are started from outside of the reactor's own functions:
  // gRPC must not end the call between them.
  AddHold();
  StartCall();
}

GenericCall::~GenericCall() {
  {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
  }
  context_.TryCancel();
  Finish();
}

bool GenericCall::Write(const grpc::ByteBuffer& message) {
  if (!MayWrite()) return false;
  StartWrite(&message);
  return WaitFor(&write_);
}

void GenericCall::WritesDone() {
  if (!MayWrite()) return;
  StartWritesDone();
  WaitFor(&write_);
}

bool GenericCall::Read(grpc::ByteBuffer* message) {
  if (all_read_) return false;
  {
    absl::MutexLock lock(&mutex_);
    read_ = Operation::kRunning;
  }
  StartRead(&incoming_);
  if (!WaitFor(&read_)) {
    all_read_ = true;
    return false;
  }
  message->Swap(&incoming_);
  return true;
}

grpc::Status GenericCall::Finish() {
  grpc::ByteBuffer unwanted;
  while (Read(&unwanted)) {
  }
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](Operation* write) { return *write != Operation::kRunning; },
        &write_));
    first = !finished_;
    finished_ = true;
  }
  if (first) RemoveHold();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&done_));
  return status_;
}

void GenericCall::OnReadDone(bool ok) { End(&read_, ok); }

void GenericCall::OnWriteDone(bool ok) { End(&write_, ok); }

void GenericCall::OnWritesDoneDone(bool ok) { End(&write_, ok); }

void GenericCall::OnDone(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  status_ = status;
  done_ = true;
}

bool GenericCall::MayWrite() {
  absl::MutexLock lock(&mutex_);
  if (finished_) return false;
  write_ = Operation::kRunning;
  return true;
}

bool GenericCall::WaitFor(Operation* operation) {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](Operation* o) { return *o != Operation::kRunning; }, operation));
  return *operation == Operation::kSucceeded;
}

void GenericCall::End(Operation* operation, bool ok) {
  absl::MutexLock lock(&mutex_);
  *operation = ok ? Operation::kSucceeded : Operation::kFailed;
}

grpc::Status CallUnary(grpc::GenericStub& stub, const std::string& path,
                       const grpc::ByteBuffer& request,
                       grpc::ClientContext* context,
                       grpc::ByteBuffer* response) {
  absl::Notification done;
  grpc::Status status;
  stub.UnaryCall(context, path, grpc::StubOptions(), &request, response,
                 [&](grpc::Status result) {
                   status = std::move(result);
                   done.Notify();
                 });
  done.WaitForNotification();
  return status;
}

}  // namespace movies
