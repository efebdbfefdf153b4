// Calls whose types are known only when the program runs: bytes go out, bytes
// come back.
//
//   GenericCall call(channel, "/movies.v1.MoviesService/QueryMovie", &context);
//   call.Write(support::ToByteBuffer(*request));
//   call.WritesDone();
//   grpc::ByteBuffer bytes;
//   while (call.Read(&bytes)) …
//   grpc::Status status = call.Finish();

#ifndef GENERIC_CALL_H_
#define GENERIC_CALL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace movies {

// A call of any kind. On the wire all four are the same: messages each way, in
// a stream, then a status. That a unary call has one each way is an agreement
// between the two ends.
//
// Each function blocks. One thread may write while another reads and then
// calls Finish(); the destructor comes after both.
class GenericCall final
    : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Starts a call to `path`, "/package.Service/Method". `context` is not owned
  // and must outlive the call.
  GenericCall(const std::shared_ptr<grpc::Channel>& channel,
              const std::string& path, grpc::ClientContext* context);

  // Cancels the call unless it was finished, and waits for its end.
  ~GenericCall() override;

  // Sends one message. False if the call is over: Finish() tells why.
  bool Write(const grpc::ByteBuffer& message) ABSL_LOCKS_EXCLUDED(mutex_);

  // Says that there will be no more messages. At most once.
  void WritesDone() ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits for the next message. False if there are no more.
  bool Read(grpc::ByteBuffer* message) ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads what is still to come, waits until the server ends the call, and
  // returns how. May be called again. There is no writing after it.
  grpc::Status Finish() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class Operation { kNone, kRunning, kSucceeded, kFailed };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnWritesDoneDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // Notes that a write is to be started. False if it is too late.
  bool MayWrite() ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until `operation` has an end, and returns whether a good one.
  bool WaitFor(Operation* operation) ABSL_LOCKS_EXCLUDED(mutex_);
  void End(Operation* operation, bool ok) ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::GenericStub stub_;
  grpc::ClientContext& context_;
  grpc::ByteBuffer incoming_;
  bool all_read_ = false;  // Used by the reading thread.

  absl::Mutex mutex_;
  Operation read_ ABSL_GUARDED_BY(mutex_) = Operation::kNone;
  Operation write_ ABSL_GUARDED_BY(mutex_) = Operation::kNone;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;  // No more writes.
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

// Makes a unary call to `path`, "/package.Service/Method", and waits for its
// end. `response` is set if the status is OK.
grpc::Status CallUnary(grpc::GenericStub& stub, const std::string& path,
                       const grpc::ByteBuffer& request,
                       grpc::ClientContext* context,
                       grpc::ByteBuffer* response);

}  // namespace movies

#endif  // GENERIC_CALL_H_
