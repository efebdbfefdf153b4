// Calls of the three streaming kinds, JSON in, JSON out: CallMethod's siblings.

#ifndef CALL_STREAMS_H_
#define CALL_STREAMS_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

namespace movies {

// Calls `method`, of any kind, with the messages that `next_json` yields until
// it returns false; `next_json` is called on a thread of its own, while
// responses are read here. `on_json` is called on this thread with each
// response when it comes, on one line.
//
// Returns the call's status, with its details. INVALID_ARGUMENT, and the call
// cancelled, if a message is not of the method's type; INTERNAL if a response
// is not, or if there is not exactly one where the method does not stream its
// responses.
//
// Waits for `next_json` to return, even if the call is over by then, which no
// deadline of the call's shortens. If that is so, `on_over` is called first, on
// this thread, with what CallStreams is going to return; whoever has nothing
// else to do may end the program there.
grpc::Status CallStreams(
    const std::shared_ptr<grpc::Channel>& channel,
    const google::protobuf::MethodDescriptor& method,
    const std::function<bool(std::string* json)>& next_json,
    grpc::ClientContext* context,
    const std::function<void(const std::string& json)>& on_json,
    const std::function<void(const grpc::Status& status)>& on_over);

}  // namespace movies

#endif  // CALL_STREAMS_H_
