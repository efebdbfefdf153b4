// A client without gRPC: what a browser, curl or any HTTP library can do with
// the movie service.

#include <cstdio>
#include <string>
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
#include "absl/strings/string_view.h"
#include "http_client.h"
#include "support/console_log.h"
#include "support/http_server.h"

ABSL_FLAG(std::string, target, "127.0.0.1:8080", "the gateway's HTTP address");
ABSL_FLAG(std::string, query, "robot", "what to search for; letters only");

namespace movies {
namespace {

// Tells one request after another, with its answer.
class Story {
 public:
  Story() : client_(absl::GetFlag(FLAGS_target)) {}

  // Sends a request and says what comes, line by line as it comes. Leaves after
  // `limit` lines, if that is not 0. Returns the HTTP status, or 0 if no answer
  // came.
  int Tell(absl::string_view why, const support::HttpRequest& request,
           int limit = 0) {
    log_.Say("");
    log_.Say(absl::StrCat(why, ":"));
    log_.Say(absl::StrCat("> ", request.method, " ", request.target));
    for (const support::HttpHeader& header : request.headers) {
      log_.Say(absl::StrCat("> ", header.name, ": ", header.value));
    }
    if (!request.body.empty()) log_.Say(absl::StrCat("> ", request.body));

    int lines = 0;
    std::string rest;
    const absl::StatusOr<support::HttpResponse> response =
        client_.Send(request, [&](absl::string_view part) {
          absl::StrAppend(&rest, part);
          for (std::size_t end = rest.find('\n'); end != std::string::npos;
               end = rest.find('\n')) {
            Say(rest.substr(0, end));
            rest.erase(0, end + 1);
            if (++lines == limit) return false;
          }
          return true;
        });
    if (absl::IsCancelled(response.status())) {
      log_.Say("That is enough: the connection is closed.");
      return 200;
    }
    if (!response.ok()) {
      std::fprintf(stderr, "%s does not answer: %s\n",
                   absl::GetFlag(FLAGS_target).c_str(),
                   response.status().ToString().c_str());
      return 0;
    }
    if (!rest.empty()) Say(rest);
    std::string status = absl::StrCat("< HTTP ", response->status);
    for (const support::HttpHeader& header : response->headers) {
      if (absl::EqualsIgnoreCase(header.name, "allow")) {
        absl::StrAppend(&status, ", Allow: ", header.value);
      }
    }
    log_.Say(status);
    return response->status;
  }

  void Remark(absl::string_view remark) { log_.Say(remark); }

 private:
  // A line of the answer, shortened to a terminal's width.
  void Say(absl::string_view line) {
    constexpr std::size_t kWidth = 90;
    log_.Say(absl::StrCat("< ", line.substr(0, kWidth),
                          line.size() > kWidth ? " ..." : ""));
  }

  const support::ConsoleLog log_;
  HttpClient client_;
};

int Main() {
  const std::string query = absl::GetFlag(FLAGS_query);
  for (char c : query) {
    if (!absl::ascii_isalpha(c)) {
      std::fprintf(stderr, "--query is letters only, not '%s'.\n",
                   query.c_str());
      return 2;
    }
  }
  const std::string search = absl::StrCat("/v1/movies?query=", query);
  const std::vector<support::HttpHeader> json = {
      {"Content-Type", "application/json"}};

  Story story;
  const int status = story.Tell("One movie", {"GET", "/v1/movies/1", {}, ""});
  if (status != 0 && status != 200) {
    story.Remark("There is a movie 1. Are all exercises of the lesson solved?");
  }
  const bool told =
      status != 0 &&
      story.Tell("A search, as its movies come", {"GET", search, {}, ""}) &&
      story.Tell("The same, and we leave early", {"GET", search, {}, ""}, 1) &&
      story.Tell("The same, with too little time",
                 {"GET", search, {{"Request-Timeout", "0.5"}}, ""}) &&
      story.Tell("A rating",
                 {"POST", "/v1/movies/1:rate", json, R"({"stars": 4})"}) &&
      story.Tell("A field that nobody has",
                 {"POST", "/v1/movies/1:rate", json, R"({"stras": 4})"}) &&
      story.Tell("A movie that nobody has",
                 {"GET", "/v1/movies/999", {}, ""}) &&
      story.Tell("What cannot be done with a movie",
                 {"DELETE", "/v1/movies/1", {}, ""}) &&
      story.Tell("A path that leads nowhere", {"GET", "/v1/films", {}, ""});
  return told ? 0 : 1;
}

}  // namespace
}  // namespace movies

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Asks a gateway for movies, by plain HTTP.\n\n"
      "  client [--target=127.0.0.1:8080] [--query=robot]");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fprintf(stderr, "This program takes flags only; see --help.\n");
    return 2;
  }
  return movies::Main();
}
