// A server's reflection, from the client's side: one stream, questions and
// answers.
//
//   ReflectionClient reflection(channel, "127.0.0.1:50051");
//   ServerReflectionRequest question;
//   question.set_file_containing_symbol("movies.v1.MoviesService");
//   absl::StatusOr<ServerReflectionResponse> answer = reflection.Ask(question);

#ifndef REFLECTION_CLIENT_H_
#define REFLECTION_CLIENT_H_

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "generic_call.h"
#include "support/reflection/reflection.pb.h"

namespace movies {

using ::grpc::reflection::v1::ErrorResponse;
using ::grpc::reflection::v1::ServerReflectionRequest;
using ::grpc::reflection::v1::ServerReflectionResponse;

// Whoever answers questions about a server.
class Reflection {
 public:
  virtual ~Reflection() = default;

  // Asks one question and waits for its answer: some message_response, not
  // necessarily of the kind that was asked for, and often error_response, which
  // is an answer as well: more can be asked after it. Returns an error if there
  // is no answer at all, as when the server cannot be reached.
  virtual absl::StatusOr<ServerReflectionResponse> Ask(
      const ServerReflectionRequest& question) = 0;
};

// Asks a server, on one stream. Speaks grpc.reflection.v1, and to a server that
// has not heard of that, v1alpha: the messages are the same, byte for byte.
// Not thread-safe.
class ReflectionClient final : public Reflection {
 public:
  struct Options {
    // When the stream, and all questions on it, must be over.
    absl::Time deadline = absl::InfiniteFuture();
    // Metadata to send: a server may tell only some callers what it serves.
    std::multimap<std::string, std::string> headers;
  };

  // `target` is for messages: what the channel was made of.
  ReflectionClient(std::shared_ptr<grpc::Channel> channel, std::string target);
  ReflectionClient(std::shared_ptr<grpc::Channel> channel, std::string target,
                   Options options);

  // Cancels the stream, if it is open.
  ~ReflectionClient() override;

  // Opens the stream on the first question. UNIMPLEMENTED, with a message that
  // says so, from a server without reflection; otherwise the error is how the
  // stream ended, and the next question opens a new one.
  absl::StatusOr<ServerReflectionResponse> Ask(
      const ServerReflectionRequest& question) override;

 private:
  struct Stream;

  absl::StatusOr<ServerReflectionResponse> AskOn(
      const ServerReflectionRequest& question, const std::string& version);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string target_;
  const Options options_;
  std::string version_;  // That the server has; empty: not known yet.
  std::unique_ptr<Stream> stream_;  // Null before the first question.
};

// Returns the error that an error_response tells: its code and message. Never
// OK: INTERNAL if the code is OK or none of gRPC's.
absl::Status ToStatus(const ErrorResponse& error);

// Asks for the file that declares `symbol`, a full name, and for the file that
// is called `filename`. Both return what the server sends, that file and
// possibly some that it imports, in any order. An error names what was asked
// for: NOT_FOUND if the server has it not, INTERNAL if the answer is none.
absl::StatusOr<std::vector<google::protobuf::FileDescriptorProto>>
FilesContainingSymbol(Reflection& reflection, absl::string_view symbol);
absl::StatusOr<std::vector<google::protobuf::FileDescriptorProto>> FilesByName(
    Reflection& reflection, absl::string_view filename);

}  // namespace movies

#endif  // REFLECTION_CLIENT_H_
