// A ServerWriter that takes its time, to make a stream slow enough to watch.

#ifndef PACED_WRITER_H_
#define PACED_WRITER_H_

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "movies/v1/movies.grpc.pb.h"

namespace movies {

// Passes movies on to another writer, at most one per `delay`, and counts them.
//
// It waits on the handler's thread, which the sync API leaves it no choice
// about; a call that is cancelled meanwhile ends the wait within a twentieth of
// a second. The sync API has no event for that, so IsCancelled() is asked.
class PacedWriter final : public grpc::ServerWriterInterface<v1::Movie> {
 public:
  // `context` and `writer` are the handler's.
  PacedWriter(const grpc::ServerContext& context,
              grpc::ServerWriterInterface<v1::Movie>& writer,
              absl::Duration delay)
      : context_(context), writer_(writer), delay_(delay) {}

  using grpc::internal::WriterInterface<v1::Movie>::Write;

  // Waits, unless it is the first movie, and writes. False, without writing, if
  // the call was cancelled meanwhile.
  bool Write(const v1::Movie& movie, grpc::WriteOptions options) override;

  void SendInitialMetadata() override { writer_.SendInitialMetadata(); }

  // How many movies the other writer has taken.
  int written() const { return written_; }

 private:
  // False if the call was cancelled before the delay was over.
  bool Pause() const;

  const grpc::ServerContext& context_;
  grpc::ServerWriterInterface<v1::Movie>& writer_;
  const absl::Duration delay_;
  int written_ = 0;
};

}  // namespace movies

#endif  // PACED_WRITER_H_
