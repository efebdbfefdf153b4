// An HTTP request and its answer without a network, for tests of what stands on
// support/http_server.h.
//
//   auto exchange = std::make_shared<FakeHttpExchange>(request);
//   handler(exchange);
//   EXPECT_TRUE(exchange->WaitUntilAnswered());
//   EXPECT_EQ(exchange->answer().status, 200);

#ifndef SUPPORT_FAKE_HTTP_EXCHANGE_H_
#define SUPPORT_FAKE_HTTP_EXCHANGE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "support/http_server.h"

namespace support {

// Thread-safe. The test plays the client: it takes parts of the answer when it
// likes, or leaves.
class FakeHttpExchange : public HttpExchange {
 public:
  enum class Client {
    // Takes each part at once.
    kQuick,
    // Takes a part when the test calls Take().
    kSlow,
  };

  explicit FakeHttpExchange(HttpRequest request, Client client = Client::kQuick)
      : request_(std::move(request)), client_(client) {}

  const HttpRequest& request() const override { return request_; }

  void Respond(HttpResponse response) override;
  void Start(int status, std::vector<HttpHeader> headers) override;
  void Write(std::string part, std::function<void(bool)> done) override;
  void Finish() override;
  void OnGone(std::function<void()> gone) override;

  // The part that was written is taken: its `done` is told `taken`, on this
  // thread. False if none waits.
  bool Take(bool taken = true);

  // The client leaves: what OnGone() was given is called, on this thread, and a
  // part that waits is not taken.
  void Leave();

  // Each waits until it is so. False if that takes longer than Patience().
  bool WaitUntilAnswered();
  bool WaitForParts(int count);

  // Returns what there is of the answer, all parts in one.
  HttpResponse answer() const;
  // Returns the parts as they were written.
  std::vector<std::string> parts() const;
  // Returns whether Start() was called.
  bool started() const;
  // Returns whether Respond() or Finish() was called.
  bool complete() const;
  // Returns in what the answer broke the rules of HttpExchange, a sentence
  // each; empty if in nothing.
  std::string broken_rules() const;

 private:
  const HttpRequest request_;
  const Client client_;

  mutable absl::Mutex mutex_;
  HttpResponse answer_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> parts_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;
  bool left_ ABSL_GUARDED_BY(mutex_) = false;
  std::string broken_rules_ ABSL_GUARDED_BY(mutex_);
  std::function<void(bool)> done_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> gone_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace support

#endif  // SUPPORT_FAKE_HTTP_EXCHANGE_H_
