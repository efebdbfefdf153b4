#include "throw_requests.h"

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "random_requests.h"

namespace movies {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Sends `request` on a connection of its own. Returns all that came back.
absl::StatusOr<std::string> Throw(int port, const std::string& request,
                                  const ThrowOptions& options) {
  asio::io_context io;
  tcp::socket socket(io);
  error_code error;
  socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(),
                               static_cast<std::uint16_t>(port)),
                 error);
  if (error) return absl::UnavailableError(error.message());
  // The server may have had enough before it has read all.
  asio::write(socket, asio::buffer(request), error);

  std::string answer;
  bool ended = false;
  asio::async_read(socket, asio::dynamic_buffer(answer),
                   [&ended](const error_code&, std::size_t) { ended = true; });
  io.run_for(absl::ToChronoNanoseconds(options.pause));
  if (!ended) {
    socket.shutdown(tcp::socket::shutdown_send, error);
    io.run_for(absl::ToChronoNanoseconds(options.patience));
  }
  if (ended) return answer;
  socket.close(error);
  io.run();
  return absl::DeadlineExceededError(absl::StrCat(
      "the connection is still open, after ", answer.size(), " bytes"));
}

// Returns the status of the first answer; 0 if there is none.
absl::StatusOr<int> FirstStatus(absl::string_view answer) {
  int status = 0;
  if (answer.empty()) return status;
  if (!absl::StartsWith(answer, "HTTP/1.1 ") ||
      !absl::SimpleAtoi(answer.substr(9, 3), &status)) {
    return absl::InternalError(
        absl::StrCat("this is no answer: ", answer.substr(0, 80)));
  }
  return status;
}

class Thrower {
 public:
  Thrower(int port, const ThrowOptions& options)
      : port_(port), options_(options) {}

  void Run() {
    for (std::uint64_t i = next_++; i < options_.count; i = next_++) {
      const std::uint64_t index = options_.first + i;
      absl::StatusOr<std::string> answer =
          Throw(port_, RandomRequest(options_.seed, index), options_);
      absl::StatusOr<int> status =
          answer.ok() ? FirstStatus(*answer) : answer.status();
      absl::MutexLock lock(&mutex_);
      if (!status.ok()) {
        if (failed_.ok()) {
          failed_ = absl::Status(
              status.status().code(),
              absl::StrCat("request ", index, " of the series ", options_.seed,
                           ": ", status.status().message()));
        }
        next_ = options_.count;
        return;
      }
      ++report_.answers[*status];
      if (++done_ % 10'000 == 0 && options_.progress) options_.progress(done_);
    }
  }

  absl::StatusOr<ThrowReport> Result() {
    absl::MutexLock lock(&mutex_);
    if (!failed_.ok()) return failed_;
    return report_;
  }

 private:
  const int port_;
  const ThrowOptions& options_;
  std::atomic<std::uint64_t> next_{0};
  absl::Mutex mutex_;
  std::uint64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  ThrowReport report_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<ThrowReport> ThrowRequests(int port,
                                          const ThrowOptions& options) {
  Thrower thrower(port, options);
  std::vector<std::thread> threads;
  for (int i = 0; i < options.connections; ++i) {
    threads.emplace_back([&thrower] { thrower.Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  return thrower.Result();
}

}  // namespace movies
