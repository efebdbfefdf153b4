#include "paced_writer.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace movies {

bool PacedWriter::Write(const v1::Movie& movie, grpc::WriteOptions options) {
  if (written_ > 0 && !Pause()) return false;
  if (!writer_.Write(movie, options)) return false;
  ++written_;
  return true;
}

bool PacedWriter::Pause() const {
  const absl::Time end = absl::Now() + delay_;
  while (absl::Now() < end) {
    if (context_.IsCancelled()) return false;
    absl::SleepFor(std::min(absl::Milliseconds(50), end - absl::Now()));
  }
  return !context_.IsCancelled();
}

}  // namespace movies
