#include "read_details.h"

#include <algorithm>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace movies {

bool FindDetail(const grpc::Status& status, google::protobuf::Message* detail) {
  // TODO(04_errors.read_details): Parse the google::rpc::Status that `status`
  // carries, and unpack from it the first detail of the right type. Trust
  // nothing: every step may fail, and then the answer is false.
  detail->Clear();
  return false;
  // END TODO(04_errors.read_details)
}

std::optional<v1::MovieError> ReadMovieError(const grpc::Status& status) {
  v1::MovieError error;
  if (!FindDetail(status, &error)) return std::nullopt;
  if (!v1::MovieErrorCode_IsValid(error.reason())) {
    error.set_reason(v1::UNKNOWN);
  }
  return error;
}

std::optional<absl::Duration> ReadRetryDelay(const grpc::Status& status,
                                             absl::Duration longest) {
  google::rpc::RetryInfo info;
  if (!FindDetail(status, &info) || !info.has_retry_delay()) {
    return std::nullopt;
  }
  const google::protobuf::Duration& delay = info.retry_delay();
  // The fields hold any number; a Duration's are in range and not of opposite
  // signs. Ours are not negative either.
  if (delay.seconds() < 0 || delay.nanos() < 0 || delay.nanos() > 999'999'999) {
    return std::nullopt;
  }
  // absl::Seconds() takes any number, and has no overflow.
  return std::min(longest, absl::Seconds(delay.seconds()) +
                               absl::Nanoseconds(delay.nanos()));
}

}  // namespace movies
