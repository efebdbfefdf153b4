#include "etcd_prefix.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace movies {
namespace {

template <typename Request>
void SetPrefix(std::string prefix, Request& request) {
  // etcd's word for "from the first key" and "to the very end".
  const std::string zero(1, '\0');
  request.set_key(prefix.empty() ? zero : prefix);
  // A byte that cannot be one higher makes way for the one before it.
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  request.set_range_end(prefix.empty() ? zero : prefix);
}

}  // namespace

etcdserverpb::RangeRequest ReadPrefix(const std::string& prefix) {
  etcdserverpb::RangeRequest request;
  SetPrefix(prefix, request);
  return request;
}

etcdserverpb::WatchRequest WatchPrefix(const std::string& prefix,
                                       int64_t start_revision) {
  etcdserverpb::WatchRequest request;
  SetPrefix(prefix, *request.mutable_create_request());
  request.mutable_create_request()->set_start_revision(start_revision);
  return request;
}

etcdserverpb::DeleteRangeRequest DeletePrefix(const std::string& prefix) {
  etcdserverpb::DeleteRangeRequest request;
  SetPrefix(prefix, request);
  return request;
}

std::vector<std::string> DistinctValues(
    const std::map<std::string, std::string>& keys) {
  std::set<std::string> values;
  for (const auto& [key, value] : keys) values.insert(value);
  return {values.begin(), values.end()};
}

grpc::Status AbortWatch(
    grpc::ClientContext& context,
    grpc::ClientReaderWriterInterface<etcdserverpb::WatchRequest,
                                      etcdserverpb::WatchResponse>& stream,
    const etcdserverpb::WatchResponse& response) {
  context.TryCancel();
  // Says only that the call was cancelled.
  stream.Finish();
  std::string reason = response.cancel_reason();
  if (response.compact_revision() != 0) {
    reason = absl::StrCat("what happened before revision ",
                          response.compact_revision(), " is compacted");
  }
  return grpc::Status(grpc::StatusCode::ABORTED,
                      absl::StrCat("etcd cancelled the watch: ", reason));
}

}  // namespace movies
