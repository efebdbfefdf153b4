// What the server's services and the client both need.

#ifndef PROGRAM_SUPPORT_H_
#define PROGRAM_SUPPORT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace movies {

// Says how a call ended: "OK", or the code and the message.
std::string Outcome(const grpc::Status& status);

// Returns a new channel to `target`, without TLS, that goes there directly:
// gRPC would take even 127.0.0.1 to the environment's http_proxy.
std::shared_ptr<grpc::Channel> DirectChannel(const std::string& target);

}  // namespace movies

#endif  // PROGRAM_SUPPORT_H_
