// Lets a server's main() wait for Ctrl-C, without a signal handler.
//
//   int main() {
//     support::StopSignals stop_signals;  // Before anything starts a thread.
//     std::unique_ptr<grpc::Server> server = …;
//     stop_signals.Wait();
//     server->Shutdown(…);
//   }

#ifndef SUPPORT_STOP_SIGNALS_H_
#define SUPPORT_STOP_SIGNALS_H_

#include <signal.h>

namespace support {

// While it exists, SIGINT and SIGTERM are held back until Wait() takes them,
// instead of ending the process: in this thread and in every thread that it
// starts from now on. So make one before gRPC makes its threads. Use it from
// the thread that made it.
class StopSignals {
 public:
  StopSignals();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // This thread takes signals again as it did before.
  ~StopSignals();

  // Returns when one of the two has come, at once if it came before.
  void Wait();

 private:
  sigset_t signals_;
  sigset_t mask_before_;
};

}  // namespace support

#endif  // SUPPORT_STOP_SIGNALS_H_
