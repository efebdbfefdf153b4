#include "stream_lines.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace movies {

void StreamLines::Start(std::shared_ptr<support::HttpExchange> exchange,
                        OutgoingCall call, LineFormat format,
                        grpc::GenericStub& stub) {
  auto* lines = new StreamLines(exchange, std::move(call), std::move(format));
  lines->Prepare(stub);
  // Between two reads gRPC knows of nothing that is under way. Without a hold
  // it would call OnDone() as soon as the call is over, while `done` of
  // the exchange's Write() still needs this object.
  lines->AddHold();
  lines->StartCallFor(std::move(exchange));
}

StreamLines::StreamLines(std::shared_ptr<support::HttpExchange> exchange,
                         OutgoingCall call, LineFormat format)
    : RequestStream(std::move(call)),
      exchange_(std::move(exchange)),
      format_(std::move(format)) {}

void StreamLines::OnReadInitialMetadataDone(bool) {
  if (exchange_->request().method == "HEAD") {
    // The head is all that was asked for.
    StartAnswer();
    context().TryCancel();
    RemoveHold();
    return;
  }
  // Also if there is none: the read then says so.
  StartRead(&message_);
}

void StreamLines::OnReadDone(bool ok) {
  if (!ok) {
    RemoveHold();
    return;
  }
  const absl::StatusOr<std::string> json = format_.to_json(message_);
  if (!json.ok()) {
    Fail(json.status());
    RemoveHold();
    return;
  }
  StartAnswer();
  // Runs on a thread of the HTTP server's; the hold keeps this object there.
  exchange_->Write(absl::StrCat("{\"result\":", *json, "}\n"),
                   [this](bool taken) {
                     if (taken) {
                       StartRead(&message_);
                     } else {
                       context().TryCancel();
                       RemoveHold();
                     }
                   });
}

void StreamLines::OnDone(const grpc::Status& status) {
  const grpc::Status& outcome = failure_.ok() ? status : failure_;
  if (!outcome.ok() && !answer_started_) {
    support::HttpResponse response = format_.to_error(outcome);
    if (format_.to_headers) {
      for (support::HttpHeader& header : format_.to_headers(context())) {
        response.headers.push_back(std::move(header));
      }
    }
    exchange_->Respond(std::move(response));
  } else if (!outcome.ok()) {
    exchange_->Write(
        absl::StrCat("{\"error\":", format_.to_error(outcome).body, "}\n"),
        [exchange = exchange_](bool) { exchange->Finish(); });
  } else {
    StartAnswer();
    exchange_->Finish();
  }
  delete this;
}

void StreamLines::StartAnswer() {
  if (answer_started_) return;
  answer_started_ = true;
  std::vector<support::HttpHeader> headers;
  if (format_.to_headers) headers = format_.to_headers(context());
  headers.push_back({"Content-Type", "application/x-ndjson"});
  headers.push_back({"X-Content-Type-Options", "nosniff"});
  // Whoever is between us and the client sends each line on at once, too.
  headers.push_back({"Cache-Control", "no-cache, no-transform"});
  headers.push_back({"X-Accel-Buffering", "no"});
  exchange_->Start(200, std::move(headers));
}

void StreamLines::Fail(const absl::Status& status) {
  failure_ = grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                          std::string(status.message()));
  context().TryCancel();
}

}  // namespace movies
