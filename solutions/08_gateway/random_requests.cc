#include "random_requests.h"

#include <algorithm>
#include <cstddef>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace movies {
namespace {

// What is right, as far as it goes.
struct Good {
  absl::string_view line;
  absl::string_view type;
  absl::string_view body;
};

constexpr Good kGood[] = {
    {"GET /v1/movies/1 HTTP/1.1", "", ""},
    {"HEAD /v1/movies/%32 HTTP/1.1", "", ""},
    {"GET /v1/movies?query=city HTTP/1.1", "", ""},
    {"GET /v1/movies HTTP/1.0", "", ""},
    {"POST /v1/movies/1:rate HTTP/1.1", "application/json", R"({"stars": 5})"},
    {"POST /v1/movies HTTP/1.1", "application/x-ndjson",
     "{\"mid\": 7, \"movieName\": \"A\"}\n{\"mid\": 8}\n"},
    {"POST /v1/movies:rate HTTP/1.1", "application/x-ndjson",
     "{\"mid\": 1, \"stars\": 5}\n{\"mid\": 2, \"stars\": 1}\n"}};

constexpr absl::string_view kMethods[] = {
    "GET", "GET",    "GET",      "POST",  "POST",  "HEAD",
    "PUT", "DELETE", "OPTIONS",  "PATCH", "TRACE", "CONNECT",
    "PRI", "get",    "M-SEARCH", ""};

constexpr absl::string_view kTargets[] = {"/v1/movies/1",
                                          "/v1/movies/2?mid=3",
                                          "/v1/movies",
                                          "/v1/movies?query=city",
                                          "/v1/movies?query=%63ity&query=two",
                                          "/v1/movies?query=%zz&nosuch=1&&=&%",
                                          "/v1/movies/1:rate",
                                          "/v1/movies/%31%3arate",
                                          "/v1/movies:rate",
                                          "/v1/movies/99999999999",
                                          "/v1/movies/-1",
                                          "/v1/movies/%2e%2e%2f%00",
                                          "/v1//movies/",
                                          "/",
                                          "*",
                                          "",
                                          "//",
                                          "/openapi.json",
                                          "http://127.0.0.1/v1/movies/1",
                                          "http://",
                                          "/%e2%82%ac/\xff\xfe"};

constexpr absl::string_view kVersions[] = {
    "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0",
    "HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/",    ""};

constexpr absl::string_view kHeaders[] = {
    "Content-Type: application/json",
    "Content-Type: application/json; charset=utf-8",
    "Content-Type: application/x-ndjson",
    "Content-Type: text/plain",
    "Content-Type:",
    "Accept: application/x-ndjson",
    "Connection: close",
    "Connection: keep-alive, upgrade",
    "Upgrade: h2c",
    "Expect: 100-continue",
    "Expect: the worst",
    "Authorization: Bearer \x01\x7f",
    "Authorization: Bearer abc",
    "grpc-timeout: 1S",
    "grpc-timeout: 99999999H",
    "grpc-timeout: -1n",
    "grpc-timeout: 1",
    "Request-Timeout: 0.5",
    "Request-Timeout: nan",
    "Request-Timeout: 1e999",
    "X-Request-Id: 7",
    "x-trace-bin: AAAA====",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 4",
    "Content-Length: -1",
    "Content-Length: 18446744073709551616",
    "Host: two.example",
    "Cookie: a=b",
    " folded: header",
    ": no name",
    "no colon"};

constexpr absl::string_view kBodies[] = {
    "{}",
    R"({"stars": 5})",
    R"({"mid": 1, "stars": 5})",
    R"({"mid": 1, "stars": 99999999999})",
    R"({"mid": "1", "stars": "5", "nosuch": null})",
    R"({"mid": 7, "movieName": "A", "movieStyle": "b"})",
    "{\"mid\": 7, \"movieName\": \"A\"}\n{\"mid\": 8}\n",
    "{\"mid\": 7}\n{\"mid\": \n{\"mid\": 9}\n",
    R"({"movieName": "\ud800\u0000\x"})",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "null",
    "\"text\"",
    "{\"mid\":",
    "\xff\xfe{}",
    ""};

class Generator {
 public:
  Generator(std::uint64_t seed, std::uint64_t index) {
    std::seed_seq sequence{seed & 0xffffffff, seed >> 32, index & 0xffffffff,
                           index >> 32};
    random_.seed(sequence);
  }

  std::string Bytes(std::size_t most) {
    std::string bytes(Below(most + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }

  std::string Request() { return Below(2) == 0 ? GoodRequest() : OddRequest(); }

  // Puts a mistake into it.
  void Spoil(std::string& bytes) {
    const std::size_t at = Below(bytes.size() + 1);
    const std::size_t length =
        std::min(bytes.size() - at, Below(8) == 0 ? Below(64) : Below(4));
    switch (Below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(Below(256));
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 3:
        bytes.insert(at, Bytes(8));
        break;
      case 4:
        bytes.resize(at);
        break;
      default:
        bytes.insert(at, std::string(OneOf(kHeaders)));
    }
  }

  // From 0 to `end` - 1. A library's distributions are not the same everywhere.
  std::size_t Below(std::size_t end) { return random_() % end; }

 private:
  std::string GoodRequest() {
    const Good& good = kGood[Below(absl::Span<const Good>(kGood).size())];
    std::string request = absl::StrCat(good.line, "\r\nHost: 127.0.0.1\r\n");
    if (!good.type.empty()) {
      absl::StrAppend(&request, "Content-Type: ", good.type, "\r\n");
    }
    if (Below(4) == 0) absl::StrAppend(&request, OneOf(kHeaders), "\r\n");
    AppendBody(request, good.body);
    return request;
  }

  // Of parts that need not fit.
  std::string OddRequest() {
    // One after the other: a call's arguments have no order.
    std::string request(OneOf(kMethods));
    absl::StrAppend(&request, " ", OneOf(kTargets));
    absl::StrAppend(&request, " ", OneOf(kVersions), "\r\n");
    if (Below(16) > 0) absl::StrAppend(&request, "Host: 127.0.0.1\r\n");
    const std::string body(OneOf(kBodies));
    for (std::size_t i = Below(4); i > 0; --i) {
      absl::StrAppend(&request, OneOf(kHeaders), "\r\n");
    }
    if (Below(2) == 0) {
      absl::StrAppend(&request, "Content-Type: application/json\r\n");
    }
    AppendBody(request, body);
    return request;
  }

  // Ends the headers, too.
  void AppendBody(std::string& request, absl::string_view body) {
    if (Below(3) == 0) {
      absl::StrAppend(&request, "Transfer-Encoding: chunked\r\n\r\n");
      if (!body.empty()) {
        absl::StrAppend(&request, absl::Hex(body.size()), ";x=y\r\n", body,
                        "\r\n");
      }
      absl::StrAppend(&request, "0\r\nTrailer: t\r\n\r\n");
      return;
    }
    if (!body.empty() || Below(2) == 0) {
      absl::StrAppend(&request, "Content-Length: ", body.size(), "\r\n");
    }
    absl::StrAppend(&request, "\r\n", body);
  }

  absl::string_view OneOf(absl::Span<const absl::string_view> values) {
    return values[Below(values.size())];
  }

  std::mt19937_64 random_;
};

}  // namespace

std::string RandomRequest(std::uint64_t seed, std::uint64_t index) {
  Generator generator(seed, index);
  if (generator.Below(2) == 0) return generator.Bytes(400);
  std::string request = generator.Request();
  // Another one behind it, sometimes.
  if (generator.Below(8) == 0) request += generator.Request();
  for (std::size_t i = generator.Below(4); i > 0; --i) generator.Spoil(request);
  return request;
}

}  // namespace movies
