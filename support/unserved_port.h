// A port on which nobody listens, and that nobody else can take: for tests of
// what a client does while its server is not there.
//
//   UnservedPort port;
//   auto channel = LoopbackChannel(port.address());
//   ...                               // Connecting is refused.
//   grpc::ServerBuilder builder;      // Here it comes.
//   builder.AddListeningPort(port.address(),
//   grpc::InsecureServerCredentials());

#ifndef SUPPORT_UNSERVED_PORT_H_
#define SUPPORT_UNSERVED_PORT_H_

#include <string>

namespace support {

// Holds a TCP port of 127.0.0.1 without listening on it: the kernel refuses
// whoever connects, and gives the port to nobody who asks for a free one. A
// server of the same user that allows SO_REUSEPORT, as gRPC's do by default,
// may listen there meanwhile, and keeps the port when this object goes.
class UnservedPort {
 public:
  // Ends the test program with a message if the machine has no free port.
  UnservedPort();
  ~UnservedPort();

  UnservedPort(const UnservedPort&) = delete;
  UnservedPort& operator=(const UnservedPort&) = delete;

  // Returns "127.0.0.1:PORT". Never changes.
  const std::string& address() const { return address_; }

 private:
  int socket_ = -1;
  std::string address_;
};

}  // namespace support

#endif  // SUPPORT_UNSERVED_PORT_H_
