#include "error_response.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/types/optional.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "movies/v1/movies.pb.h"
#include "nlohmann/json.hpp"

namespace movies {
namespace {

// Keeps the order in which fields are added.
using Json = nlohmann::ordered_json;

// Returns a detail as protobuf's JSON mapping has it, "@type" included, or
// nothing if this program does not know its type or cannot read its bytes.
[[maybe_unused]] absl::optional<Json> DetailJson(
    const google::protobuf::Any& detail) {
  // A program knows a type by its name only if the linker has kept it.
  v1::MovieError::descriptor();
  google::rpc::BadRequest::descriptor();
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          detail.type_url().substr(detail.type_url().rfind('/') + 1));
  if (type == nullptr) return absl::nullopt;
  // The JSON mapping makes something of any bytes, so they are checked first.
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type)
          ->New());
  std::string text;
  if (!detail.UnpackTo(message.get()) ||
      !google::protobuf::util::MessageToJsonString(detail, &text).ok()) {
    return absl::nullopt;
  }
  Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::nullopt;
  return json;
}

// Returns the text of `json`, on one line. Strings may be any bytes.
[[maybe_unused]] std::string ToText(const Json& json) {
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

}  // namespace

int HttpStatusOf(int code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return 200;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
      return 400;
    case grpc::StatusCode::UNAUTHENTICATED:
      return 401;
    case grpc::StatusCode::PERMISSION_DENIED:
      return 403;
    case grpc::StatusCode::NOT_FOUND:
      return 404;
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::ABORTED:
      return 409;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return 429;
    case grpc::StatusCode::CANCELLED:
      return 499;
    case grpc::StatusCode::UNIMPLEMENTED:
      return 501;
    case grpc::StatusCode::UNAVAILABLE:
      return 503;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return 504;
    default:  // UNKNOWN, INTERNAL, DATA_LOSS, and codes of a newer server.
      return 500;
  }
}

std::string ErrorBody(const grpc::Status& status) {
  Json body = {{"code", static_cast<int>(status.error_code())},
               {"message", status.error_message()}};
  google::rpc::Status packed;
  if (packed.ParseFromString(status.error_details()) &&
      packed.code() == status.error_code()) {
    for (const google::protobuf::Any& detail : packed.details()) {
      const absl::optional<Json> json = DetailJson(detail);
      body["details"].push_back(
          json.has_value()
              ? *json
              : Json{{"@type", detail.type_url()},
                     {"value", absl::Base64Escape(detail.value())}});
    }
  }
  return ToText(body);
}

support::HttpResponse ErrorResponse(const grpc::Status& status) {
  support::HttpResponse response;
  response.status = HttpStatusOf(status.error_code());
  response.headers = {{"Content-Type", "application/json"}};
  if (response.status == 401) {
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
  }
  response.body = ErrorBody(status);
  return response;
}

}  // namespace movies
