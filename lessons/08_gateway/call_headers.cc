#include "call_headers.h"

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace movies {
namespace {

bool AllDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Returns the unit of gRPC's timeouts that `letter` stands for, or zero.
absl::Duration TimeoutUnit(char letter) {
  switch (letter) {
    case 'H':
      return absl::Hours(1);
    case 'M':
      return absl::Minutes(1);
    case 'S':
      return absl::Seconds(1);
    case 'm':
      return absl::Milliseconds(1);
    case 'u':
      return absl::Microseconds(1);
    case 'n':
      return absl::Nanoseconds(1);
    default:
      return absl::ZeroDuration();
  }
}

absl::StatusOr<absl::Duration> GrpcTimeout(absl::string_view value) {
  std::int64_t number = 0;
  if (value.size() < 2 || value.size() > 9 ||
      TimeoutUnit(value.back()) == absl::ZeroDuration() ||
      !AllDigits(value.substr(0, value.size() - 1)) ||
      !absl::SimpleAtoi(value.substr(0, value.size() - 1), &number)) {
    return absl::InvalidArgumentError(
        "grpc-timeout is one to eight digits and one of H M S m u n, such as "
        "100m");
  }
  return number * TimeoutUnit(value.back());
}

absl::StatusOr<absl::Duration> SecondsTimeout(absl::string_view value) {
  double seconds = 0;
  const bool only_digits = std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isdigit(c) || c == '.';
  });
  if (!only_digits || !absl::SimpleAtod(value, &seconds)) {
    return absl::InvalidArgumentError(
        "Request-Timeout is a number of seconds, such as 2.5");
  }
  return absl::Seconds(seconds);
}

// What the two ends of an HTTP connection tell each other, and what gRPC sets
// itself. Passed on, it would say something untrue about the call.
constexpr absl::string_view kNotPassedOn[] = {"accept-encoding",
                                              "connection",
                                              "content-encoding",
                                              "content-length",
                                              "content-type",
                                              "expect",
                                              "host",
                                              "keep-alive",
                                              "proxy-authenticate",
                                              "te",
                                              "trailer",
                                              "transfer-encoding",
                                              "upgrade",
                                              "user-agent",
                                              "proxy-authorization",
                                              "proxy-connection"};

bool Has(const std::vector<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

absl::StatusOr<absl::Duration> TimeoutOf(const support::HttpRequest& request) {
  absl::Duration shortest = absl::InfiniteDuration();
  for (const support::HttpHeader& header : request.headers) {
    absl::StatusOr<absl::Duration> timeout = absl::InfiniteDuration();
    if (absl::EqualsIgnoreCase(header.name, "grpc-timeout")) {
      timeout = GrpcTimeout(header.value);
    } else if (absl::EqualsIgnoreCase(header.name, "request-timeout")) {
      timeout = SecondsTimeout(header.value);
    }
    if (!timeout.ok()) return timeout;
    shortest = std::min(shortest, *timeout);
  }
  return shortest;
}

absl::Status CheckHeaderName(absl::string_view name) {
  const grpc_slice key =
      grpc_slice_from_static_buffer(name.data(), name.size());
  if (name.empty() || !grpc_header_key_is_legal(key) || name.front() == ':') {
    return absl::InvalidArgumentError(
        absl::StrCat("the header '", absl::CHexEscape(name),
                     "' cannot be metadata: a key has characters of a-z 0-9 _ "
                     "- . only"));
  }
  if (absl::StartsWith(name, "grpc-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the header '", name, "' cannot be metadata: grpc- is gRPC's own"));
  }
  if (std::find(std::begin(kNotPassedOn), std::end(kNotPassedOn), name) !=
      std::end(kNotPassedOn)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the header '", name,
                     "' cannot be metadata: it is about the HTTP connection or "
                     "the body"));
  }
  return absl::OkStatus();
}

absl::Status AddHeaders(const support::HttpRequest& request,
                        const std::vector<std::string>& names,
                        std::size_t max_bytes, grpc::ClientContext& context) {
  std::size_t bytes = 0;
  for (const support::HttpHeader& header : request.headers) {
    const std::string name = absl::AsciiStrToLower(header.name);
    if (!Has(names, name)) continue;
    bytes += name.size() + header.value.size() + 32;
    if (bytes > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the headers that are passed on are larger than ",
                       max_bytes, " bytes"));
    }
    if (absl::EndsWith(name, "-bin")) {
      std::string value;
      if (!absl::Base64Unescape(header.value, &value)) {
        return absl::InvalidArgumentError(
            absl::StrCat("the value of the header ", name, " is no base64"));
      }
      context.AddMetadata(name, value);
      continue;
    }
    if (!std::all_of(header.value.begin(), header.value.end(),
                     absl::ascii_isprint)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the value of the header ", name, " is not printable ASCII"));
    }
    context.AddMetadata(name, header.value);
  }
  return absl::OkStatus();
}

std::vector<support::HttpHeader> HeadersOf(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
    const std::vector<std::string>& names) {
  std::vector<support::HttpHeader> headers;
  for (const auto& [key, value] : metadata) {
    const std::string name(key.data(), key.size());
    if (!Has(names, name)) continue;
    const absl::string_view bytes(value.data(), value.size());
    if (absl::EndsWith(name, "-bin")) {
      headers.push_back({name, absl::Base64Escape(bytes)});
    } else if (std::all_of(bytes.begin(), bytes.end(), absl::ascii_isprint)) {
      headers.push_back({name, std::string(bytes)});
    }
  }
  return headers;
}

}  // namespace movies
