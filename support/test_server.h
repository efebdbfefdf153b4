// A gRPC server for tests, and channels to it that no setting of the machine
// can lead astray.
//
//   MoviesService service;
//   TestServer server(&service);
//   auto stub = MoviesService::NewStub(server.NewChannel());
//   grpc::ClientContext context;
//   grpc::Status status = stub->GetMovie(&context, request, &movie);
//
// Options reach whatever grpc::ServerBuilder can do:
//
//   TestServerOptions options;
//   options.configure = [](grpc::ServerBuilder& builder) {
//     builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 500);
//   };
//   TestServer server(&service, options);

#ifndef SUPPORT_TEST_SERVER_H_
#define SUPPORT_TEST_SERVER_H_

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace support {

struct TestServerOptions {
  // Called with the builder after everything else was set on it, to add to it
  // or to override.
  std::function<void(grpc::ServerBuilder&)> configure;

  // How clients must connect; without TLS by default.
  std::shared_ptr<grpc::ServerCredentials> credentials =
      grpc::InsecureServerCredentials();

  // Where to listen on 127.0.0.1; 0 for any free port. Set it to bring a server
  // back where another one was. No two servers share a port.
  int port = 0;

  // How long calls in flight may go on once the server is being destroyed,
  // before they are cancelled.
  absl::Duration grace = absl::Milliseconds(100);
};

struct LoopbackOptions {
  grpc::ChannelArguments args;

  // How to connect; without TLS by default.
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::InsecureChannelCredentials();

  // The channel's interceptors, the first one nearest to the caller.
  std::vector<
      std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
      interceptors;
};

// A server on 127.0.0.1, running until it is destroyed. Services of
// every API will do: sync, async (with a queue from `configure`), callback,
// generic.
//
// All member functions may be called from any thread, but none while another
// thread destroys the server.
class TestServer {
 public:
  // Starts a server with these services, which must outlive it: declare them
  // first. Ends the test program with a message if it cannot start, which with
  // default options means that the machine has no free port; where a test
  // expects worse, use Start().
  explicit TestServer(grpc::Service* service,
                      const TestServerOptions& options = {});
  explicit TestServer(const std::vector<grpc::Service*>& services,
                      const TestServerOptions& options = {});

  // As the constructors, but returns UNAVAILABLE, with the address, if the
  // server cannot start. gRPC logs why.
  static absl::StatusOr<std::unique_ptr<TestServer>> Start(
      const std::vector<grpc::Service*>& services,
      const TestServerOptions& options = {});

  // Refuses new calls, cancels those still in flight after `options.grace`, and
  // waits until every handler has returned: one that ignores its cancellation
  // keeps the destructor waiting.
  ~TestServer();

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Returns where it listens: "127.0.0.1:PORT". Never changes.
  const std::string& address() const { return address_; }

  // Returns a new channel to the server; see LoopbackChannel().
  std::shared_ptr<grpc::Channel> NewChannel(
      grpc::ChannelArguments args = {}) const;
  std::shared_ptr<grpc::Channel> NewChannel(LoopbackOptions options) const;

  // The server itself, for instance to shut it down early. Never destroyed
  // before this object.
  grpc::Server& server() { return *server_; }

 private:
  explicit TestServer(const TestServerOptions& options);

  absl::Status StartServing(const std::vector<grpc::Service*>& services,
                            const TestServerOptions& options);

  const absl::Duration grace_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // Null if it could not start.
};

// Returns a new channel to a server, or a proxy, on this machine. It connects
// on its first use. Whatever the arguments say, it ignores the
// environment's http_proxy, which gRPC would obey even for 127.0.0.1, and it
// shares connections with no other channel, so that one channel with the
// default policy is at most one connection at a time.
std::shared_ptr<grpc::Channel> LoopbackChannel(
    const std::string& address, grpc::ChannelArguments args = {});
std::shared_ptr<grpc::Channel> LoopbackChannel(const std::string& address,
                                               LoopbackOptions options);

}  // namespace support

#endif  // SUPPORT_TEST_SERVER_H_
