// A small grpcurl: lists, describes and calls whatever a server has, knowing
// nothing but its address.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpc/grpc.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "call_method.h"
#include "call_streams.h"
#include "describe.h"
#include "fetch_files.h"
#include "google/rpc/error_details.pb.h"
#include "list_services.h"
#include "printable.h"
#include "reflection_client.h"
#include "status_text.h"
#include "support/files.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "the server");
ABSL_FLAG(std::string, header, "",
          "metadata to send, 'key: value'; may be given several times");
ABSL_FLAG(absl::Duration, deadline, absl::Seconds(30),
          "how long the server may take, from the start of the program; not "
          "how long a message may take that is read from a file or standard "
          "input: a call without a client's stream begins when all of it is "
          "read");
ABSL_FLAG(bool, tls, false, "connect with TLS; without, as plain text");
ABSL_FLAG(std::string, ca_file, "",
          "with --tls: whom to trust, PEM; empty for the system's");
ABSL_FLAG(std::string, authority, "",
          "with --tls: the name in the server's certificate, if it is not that "
          "of the target");

namespace movies {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using Headers = std::multimap<std::string, std::string>;

constexpr int kFailed = 1;  // The server, or the way to it.
constexpr int kMisused = 2;

// A server, and what it has told of itself so far.
struct Server {
  std::string target;
  std::shared_ptr<grpc::Channel> channel;
  Headers headers;
  absl::Time deadline;
  std::unique_ptr<ReflectionClient> reflection;
  DescriptorPool pool;
};

// Says what to do about an error, if that can be told.
void Advise(absl::StatusCode code, absl::string_view message) {
  if (absl::StartsWith(message, "TODO(")) {
    std::cerr << "That exercise is still to be solved; the solution's server "
                 "and client are in //solutions/09_reflection.\n";
  } else if (code == absl::StatusCode::kUnavailable &&
             absl::StrContains(message, "certificate")) {
    std::cerr
        << "Is it the server that you mean? --ca_file says whom to trust, "
           "--authority which name its certificate has.\n";
  } else if (code == absl::StatusCode::kUnavailable) {
    std::cerr << "Is a server running on " << absl::GetFlag(FLAGS_target)
              << ", and does it speak "
              << (absl::GetFlag(FLAGS_tls) ? "TLS" : "plain text, not TLS")
              << "?\n";
  }
}

int Fail(const absl::Status& status, int exit_code = kFailed) {
  std::cerr << absl::StatusCodeToString(status.code()) << ": "
            << Printable(status.message()) << "\n";
  Advise(status.code(), status.message());
  return exit_code;
}

// What HTTP/2 and gRPC send themselves; "grpc-…" as well. Besides, they would
// be left out without a word, or the call would hang.
const std::set<std::string>& OwnHeaders() {
  static const auto* const headers =
      new std::set<std::string>({"connection", "content-length", "content-type",
                                 "host", "te", "user-agent"});
  return *headers;
}

// Reads "key: value". gRPC would end the program over a key or a value that
// HTTP/2 does not allow.
absl::StatusOr<Headers> ParseHeaders(absl::string_view texts) {
  Headers headers;
  for (absl::string_view text :
       absl::StrSplit(texts, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    const std::string key =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts.first));
    const std::string value(absl::StripAsciiWhitespace(parts.second));
    if (!absl::StrContains(text, ':') ||
        !grpc_header_key_is_legal(
            grpc_slice_from_static_buffer(key.data(), key.size()))) {
      return absl::InvalidArgumentError(
          absl::StrCat("--header takes 'key: value', not '", text, "'"));
    }
    if (absl::StartsWith(key, "grpc-") || OwnHeaders().count(key) > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--header takes what is not gRPC's own, as is ", key));
    }
    if (absl::EndsWith(key, "-bin") ||
        !std::all_of(value.begin(), value.end(),
                     [](unsigned char c) { return absl::ascii_isprint(c); })) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--header takes printable ASCII, and no key that ends in -bin: '",
          text, "'"));
    }
    headers.emplace(key, value);
  }
  return headers;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials() {
  const std::string ca_file = absl::GetFlag(FLAGS_ca_file);
  if (!absl::GetFlag(FLAGS_tls)) {
    if (!ca_file.empty() || !absl::GetFlag(FLAGS_authority).empty()) {
      return absl::InvalidArgumentError(
          "--ca_file and --authority go with --tls");
    }
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  if (!ca_file.empty()) {
    absl::StatusOr<std::string> roots = support::ReadFile(ca_file);
    if (!roots.ok()) return roots.status();
    // gRPC would take the system's for none.
    if (!absl::StrContains(*roots, "BEGIN CERTIFICATE")) {
      return absl::InvalidArgumentError(
          absl::StrCat(ca_file, " has no certificate"));
    }
    options.pem_root_certs = *std::move(roots);
  }
  return grpc::SslCredentials(options);
}

// Fetches the file that declares `name`. On an error says what is wrong, and
// returns false.
bool Fetch(Server& server, const std::string& name) {
  const absl::Status fetched =
      FetchFiles(*server.reflection, name, &server.pool);
  if (fetched.ok()) return true;
  Fail(fetched);
  // The name itself, not what some file imports.
  if (absl::IsNotFound(fetched) &&
      absl::StartsWith(fetched.message(), absl::StrCat(name, ": "))) {
    std::cerr << "Is the name right? `client list` shows the services. A "
                 "server may list one that it has no file for.\n";
  }
  return false;
}

// The types that `server` tells of, and those that this program is made with:
// Google's error details among them.
const Descriptor* FindType(Server& server, const std::string& name) {
  // From an archive the linker takes only what is referred to. This refers to
  // it.
  google::protobuf::LinkMessageReflection<google::rpc::ErrorInfo>();
  if (server.pool.FindMessageTypeByName(name) == nullptr) {
    FetchFiles(*server.reflection, name, &server.pool).IgnoreError();
  }
  const Descriptor* type = server.pool.FindMessageTypeByName(name);
  return type != nullptr
             ? type
             : DescriptorPool::generated_pool()->FindMessageTypeByName(name);
}

int List(Server& server) {
  absl::StatusOr<std::vector<std::string>> services =
      ListServices(*server.reflection);
  if (!services.ok()) return Fail(services.status());
  for (const std::string& service : *services) {
    std::cout << Printable(service) << "\n";
  }
  return 0;
}

int ListMethods(Server& server, const std::string& name) {
  if (!Fetch(server, name)) return kFailed;
  const ServiceDescriptor* service = server.pool.FindServiceByName(name);
  if (service == nullptr) {
    return Fail(absl::NotFoundError(absl::StrCat(name, " is no service")));
  }
  for (int i = 0; i < service->method_count(); ++i) {
    std::cout << service->full_name() << "/" << service->method(i)->name()
              << "\n";
  }
  return 0;
}

int DescribeName(Server& server, const std::string& name) {
  if (!Fetch(server, name)) return kFailed;
  absl::StatusOr<std::string> text = Describe(server.pool, name);
  if (!text.ok()) return Fail(text.status());
  std::cout << Printable(*text);
  return 0;
}

int DescribeAll(Server& server) {
  absl::StatusOr<std::vector<std::string>> services =
      ListServices(*server.reflection);
  if (!services.ok()) return Fail(services.status());
  // One that cannot be described keeps none of the others from it.
  int exit_code = 0;
  for (const std::string& service : *services) {
    exit_code = std::max(exit_code, DescribeName(server, service));
  }
  return exit_code;
}

// Where a call's messages come from, one after the other.
class Requests {
 public:
  // `arguments`: messages, or "@FILE", or "-" for standard input. None at all
  // is one empty message, and for a stream, none. A file for a stream has one
  // message a line; any other file is one message.
  static absl::StatusOr<Requests> Make(
      const std::vector<std::string>& arguments, bool streaming) {
    Requests requests;
    if (arguments.size() == 1 &&
        (arguments[0] == "-" || absl::StartsWith(arguments[0], "@"))) {
      if (arguments[0] == "-") {
        requests.in_ = &std::cin;
      } else {
        const std::string path = arguments[0].substr(1);
        requests.file_ = std::make_unique<std::ifstream>(path);
        std::error_code error;
        // A folder opens, and reads as an empty file.
        if (!*requests.file_ || std::filesystem::is_directory(path, error)) {
          return absl::NotFoundError(absl::StrCat("cannot read ", path));
        }
        requests.in_ = requests.file_.get();
      }
      if (streaming) return requests;
      std::ostringstream text;
      text << requests.in_->rdbuf();
      requests.in_ = nullptr;
      requests.messages_ = {text.str()};
      return requests;
    }
    requests.messages_ = arguments;
    if (!streaming && arguments.empty()) requests.messages_ = {"{}"};
    if (!streaming && arguments.size() > 1) {
      return absl::InvalidArgumentError(
          "this method takes one message; quote its JSON as one argument");
    }
    return requests;
  }

  // Whether Next() may take any time: a terminal, a pipe.
  bool MayWait() const { return in_ != nullptr; }

  bool Next(std::string* json) {
    if (in_ != nullptr) {
      while (std::getline(*in_, *json)) {
        if (!absl::StripAsciiWhitespace(*json).empty()) return true;
      }
      return false;
    }
    if (next_ == messages_.size()) return false;
    *json = messages_[next_++];
    return true;
  }

 private:
  std::unique_ptr<std::ifstream> file_;
  std::istream* in_ = nullptr;  // Null if the messages are in messages_.
  std::vector<std::string> messages_;
  size_t next_ = 0;
};

// Shows how a call ended, if not well, and returns the exit code for it.
int Show(Server& server, const grpc::Status& status) {
  if (status.ok()) return 0;
  std::cerr << StatusText(status, [&](const std::string& type) {
    return FindType(server, type);
  }) << "\n";
  Advise(static_cast<absl::StatusCode>(status.error_code()),
         status.error_message());
  return kFailed;
}

int Call(Server& server, const std::string& name,
         const std::vector<std::string>& arguments) {
  if (!Fetch(server, name)) return kFailed;
  const MethodDescriptor* method = server.pool.FindMethodByName(name);
  if (method == nullptr) {
    return Fail(absl::NotFoundError(absl::StrCat(name, " is no method")));
  }
  absl::StatusOr<Requests> requests =
      Requests::Make(arguments, method->client_streaming());
  if (!requests.ok()) return Fail(requests.status(), kMisused);

  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(server.deadline));
  for (const auto& [key, value] : server.headers) {
    context.AddMetadata(key, value);
  }
  const auto print = [](const std::string& json) {
    std::cout << json << std::endl;
  };
  grpc::Status status;
  if (method->client_streaming() || method->server_streaming()) {
    status = CallStreams(
        server.channel, *method,
        [&](std::string* json) { return requests->Next(json); }, &context,
        print,
        [&](const grpc::Status& over) {
          // Another thread sits in a read that nothing ends but more input, and
          // the program with it: leave without waiting for either.
          if (requests->MayWait()) std::_Exit(Show(server, over));
        });
  } else {
    grpc::GenericStub stub(server.channel);
    std::string request;
    std::string response;
    requests->Next(&request);
    status = CallMethod(stub, *method, request, &context, &response);
    if (status.ok()) print(response);
  }
  return Show(server, status);
}

// Without a command: what can be done, done to whatever server is there.
int Tour(Server& server) {
  std::cout << "$ client list\n";
  if (int failed = List(server)) return failed;
  const std::string service = "movies.v1.MoviesService";
  std::cout << "\n$ client describe " << service << ".GetMovie\n";
  if (int failed = DescribeName(server, service + ".GetMovie")) return failed;
  std::cout << "\n$ client describe movies.v1.MovieID\n";
  if (int failed = DescribeName(server, "movies.v1.MovieID")) return failed;
  std::cout << "\n$ client call " << service << "/GetMovie '{\"mid\": 1}'\n";
  if (int failed = Call(server, service + ".GetMovie", {R"({"mid": 1})"})) {
    return failed;
  }
  std::cout << "\n$ client call " << service
            << "/RateMovies '{\"mid\": 1, \"stars\": 5}' "
               "'{\"mid\": 1, \"stars\": 4}'\n";
  return Call(server, service + ".RateMovies",
              {R"({"mid": 1, "stars": 5})", R"({"mid": 1, "stars": 4})"});
}

int Misused(const std::string& why) {
  std::cerr << why << "; see --help\n";
  return kMisused;
}

int Run(std::vector<std::string> words) {
  if (absl::GetFlag(FLAGS_deadline) <= absl::ZeroDuration()) {
    return Misused("--deadline is a time above 0");
  }
  absl::StatusOr<Headers> headers = ParseHeaders(absl::GetFlag(FLAGS_header));
  if (!headers.ok()) return Fail(headers.status(), kMisused);
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials =
      Credentials();
  if (!credentials.ok()) return Fail(credentials.status(), kMisused);

  Server server;
  server.target = absl::GetFlag(FLAGS_target);
  server.headers = *headers;
  server.deadline = absl::Now() + absl::GetFlag(FLAGS_deadline);
  grpc::ChannelArguments args;
  // gRPC would take 127.0.0.1 to the environment's http_proxy too.
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!absl::GetFlag(FLAGS_authority).empty()) {
    args.SetSslTargetNameOverride(absl::GetFlag(FLAGS_authority));
  }
  server.channel = grpc::CreateCustomChannel(server.target, *credentials, args);
  ReflectionClient::Options options;
  options.deadline = server.deadline;
  options.headers = server.headers;
  server.reflection = std::make_unique<ReflectionClient>(
      server.channel, server.target, options);

  if (words.empty()) return Tour(server);
  const std::string command = words[0];
  words.erase(words.begin());
  if (!words.empty() && words[0].empty()) return Misused("a name is empty");
  if (command == "list" && words.empty()) return List(server);
  if (command == "list" && words.size() == 1) {
    return ListMethods(server, words[0]);
  }
  if (command == "describe" && words.empty()) return DescribeAll(server);
  if (command == "describe" && words.size() == 1) {
    return DescribeName(server, MethodName(words[0]));
  }
  if (command == "call" && !words.empty()) {
    const std::string method = MethodName(words[0]);
    words.erase(words.begin());
    return Call(server, method, words);
  }
  return Misused("list [SERVICE], describe [NAME] or call METHOD [JSON...]");
}

}  // namespace
}  // namespace movies

// Makes one --header, a line each, of several: a flag of Abseil's has the last
// value that it was given.
std::vector<std::string> JoinHeaders(int argc, char** argv) {
  std::vector<std::string> arguments;
  std::string headers;
  for (int i = 0; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (!absl::ConsumePrefix(&argument, "-")) {
      arguments.push_back(argv[i]);
      continue;
    }
    absl::ConsumePrefix(&argument, "-");
    if (absl::ConsumePrefix(&argument, "header=")) {
      absl::StrAppend(&headers, argument, "\n");
    } else if (argument == "header" && i + 1 < argc) {
      absl::StrAppend(&headers, argv[++i], "\n");
    } else {
      arguments.push_back(argv[i]);
    }
  }
  arguments.insert(arguments.begin() + 1, absl::StrCat("--header=", headers));
  return arguments;
}

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "lists, describes and calls what a server has, by reflection\n\n"
      "  client list [SERVICE]\n"
      "  client describe [NAME]        service, method, message or enum\n"
      "  client call METHOD [JSON...]  package.Service/Method; @FILE and - "
      "read the\n"
      "                                JSON from a file or standard input, for "
      "a\n"
      "                                client's stream one message a line, "
      "until\n"
      "                                the input or the call ends\n"
      "  client                        a short tour of this lesson's server\n\n"
      "Responses go to standard output, one a line. Errors go to standard "
      "error, and\nthe exit code is 1, or 2 if the command, a header or a "
      "file is wrong. After\n--help and an unknown flag it is 1.\n\n"
      "Extensions and fields that the server does not tell of are not shown, "
      "and no\n"
      "message may be larger than 4 MB or nested deeper than 64.");
  std::vector<std::string> arguments = JoinHeaders(argc, argv);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(&argument[0]);
  const std::vector<char*> words = absl::ParseCommandLine(
      static_cast<int>(pointers.size()), pointers.data());
  const int exit_code = movies::Run({words.begin() + 1, words.end()});
  if (!std::cout.flush()) {
    std::cerr << "cannot write to standard output\n";
    return movies::kFailed;
  }
  return exit_code;
}
