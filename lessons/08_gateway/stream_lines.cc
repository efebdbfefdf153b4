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
  // TODO(08_gateway.stream_lines): Write the message as a line, {"result":JSON}
  // and a line break, and read the next one when the client has taken it;
  // StartAnswer() comes before the first line, and not before there is one. If
  // to_json() fails, Fail(); if a line is not taken, cancel the call. When
  // nothing more is to be read, let gRPC go: RemoveHold(), exactly once, and
  // last, since this object may be gone then.
  Fail(absl::UnimplementedError("TODO(08_gateway.stream_lines)"));
  RemoveHold();
  // END TODO(08_gateway.stream_lines)
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
