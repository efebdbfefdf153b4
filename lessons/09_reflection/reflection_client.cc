#include "reflection_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "support/byte_buffer.h"

namespace movies {
namespace {

using ::google::protobuf::FileDescriptorProto;

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

absl::StatusOr<std::vector<FileDescriptorProto>> AskForFiles(
    Reflection& reflection, const ServerReflectionRequest& question,
    const std::string& what) {
  absl::StatusOr<ServerReflectionResponse> answer = reflection.Ask(question);
  if (!answer.ok()) return answer.status();
  if (answer->has_error_response()) {
    const absl::Status error = ToStatus(answer->error_response());
    return absl::Status(error.code(),
                        absl::StrCat(what, ": ", error.message()));
  }
  if (!answer->has_file_descriptor_response()) {
    return absl::InternalError(
        absl::StrCat(what, ": the server's answer has no file"));
  }
  std::vector<FileDescriptorProto> files;
  for (const std::string& bytes :
       answer->file_descriptor_response().file_descriptor_proto()) {
    if (!files.emplace_back().ParseFromString(bytes)) {
      return absl::InternalError(
          absl::StrCat(what, ": the server sent what is no file descriptor"));
    }
  }
  return files;
}

}  // namespace

struct ReflectionClient::Stream {
  Stream(const std::shared_ptr<grpc::Channel>& channel,
         const std::string& version, const Options& options) {
    if (options.deadline != absl::InfiniteFuture()) {
      context.set_deadline(absl::ToChronoTime(options.deadline));
    }
    for (const auto& [key, value] : options.headers) {
      context.AddMetadata(key, value);
    }
    call = std::make_unique<GenericCall>(
        channel,
        absl::StrCat("/grpc.reflection.", version,
                     ".ServerReflection/ServerReflectionInfo"),
        &context);
  }

  grpc::ClientContext context;
  std::unique_ptr<GenericCall> call;  // Destroyed before its context.
};

ReflectionClient::ReflectionClient(std::shared_ptr<grpc::Channel> channel,
                                   std::string target)
    : ReflectionClient(std::move(channel), std::move(target), Options()) {}

ReflectionClient::ReflectionClient(std::shared_ptr<grpc::Channel> channel,
                                   std::string target, Options options)
    : channel_(std::move(channel)),
      target_(std::move(target)),
      options_(std::move(options)) {}

ReflectionClient::~ReflectionClient() = default;

absl::StatusOr<ServerReflectionResponse> ReflectionClient::Ask(
    const ServerReflectionRequest& question) {
  if (!version_.empty()) return AskOn(question, version_);
  for (const char* version : {"v1", "v1alpha"}) {
    absl::StatusOr<ServerReflectionResponse> answer = AskOn(question, version);
    if (answer.ok()) version_ = version;
    if (!absl::IsUnimplemented(answer.status())) return answer;
  }
  return absl::UnimplementedError(absl::StrCat(
      "The server at ", target_,
      " has no reflection: it implements neither grpc.reflection.v1 nor "
      "v1alpha, so there is no asking it what it serves."));
}

absl::StatusOr<ServerReflectionResponse> ReflectionClient::AskOn(
    const ServerReflectionRequest& question, const std::string& version) {
  if (stream_ == nullptr) {
    stream_ = std::make_unique<Stream>(channel_, version, options_);
  }
  grpc::ByteBuffer bytes;
  if (stream_->call->Write(support::ToByteBuffer(question)) &&
      stream_->call->Read(&bytes)) {
    ServerReflectionResponse answer;
    const grpc::Status parsed = support::FromByteBuffer(bytes, &answer);
    if (!parsed.ok()) return FromGrpc(parsed);
    return answer;
  }
  const grpc::Status status = stream_->call->Finish();
  stream_ = nullptr;
  if (status.ok()) {
    return absl::UnavailableError(
        "The server ended the stream of reflection without an answer.");
  }
  return FromGrpc(status);
}

absl::Status ToStatus(const ErrorResponse& error) {
  if (error.error_code() < 1 || error.error_code() > 16) {
    return absl::InternalError(
        absl::StrCat("error ", error.error_code(),
                     ", which is no error code: ", error.error_message()));
  }
  return absl::Status(static_cast<absl::StatusCode>(error.error_code()),
                      error.error_message());
}

absl::StatusOr<std::vector<FileDescriptorProto>> FilesContainingSymbol(
    Reflection& reflection, absl::string_view symbol) {
  ServerReflectionRequest question;
  question.set_file_containing_symbol(std::string(symbol));
  return AskForFiles(reflection, question, std::string(symbol));
}

absl::StatusOr<std::vector<FileDescriptorProto>> FilesByName(
    Reflection& reflection, absl::string_view filename) {
  ServerReflectionRequest question;
  question.set_file_by_filename(std::string(filename));
  return AskForFiles(reflection, question, std::string(filename));
}

}  // namespace movies
