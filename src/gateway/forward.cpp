// Forwarding: what goes to the provider, and how its answer comes back untouched.

#include <algorithm>
#include <array>
#include <vector>

#include "core/bytes.h"
#include "core/log.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

constexpr std::size_t kHeaderNameMax = 64;

/// The name in lower case in `buffer`, cut where it is longer than any name or prefix we look for.
std::string_view lower_case(std::string_view name, std::array<char, kHeaderNameMax>& buffer) {
  name = name.substr(0, buffer.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    buffer[i] = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
  }
  return {buffer.data(), name.size()};
}

/// Fields that are the client's own business with us: its credentials, its connection, and what we answer for
/// ourselves.
bool stays_here(std::string_view name) {
  std::array<char, kHeaderNameMax> buffer;
  const std::string_view lower = lower_case(name, buffer);
  return net::is_connection_header(name) || lower == "host" || lower == "expect" || lower == "accept-encoding" ||
         wire::is_private_request_header(lower);
}

/// Fields that a provider does not answer with through us: what belongs to its connection, cookies, which the client
/// would send back to it and which stay here, and what only we may say.
bool stays_there(std::string_view name) {
  std::array<char, kHeaderNameMax> buffer;
  const std::string_view lower = lower_case(name, buffer);
  return net::is_connection_header(name) || lower == "set-cookie" || lower.starts_with("x-reeve-");
}

/// The fields that the sender's Connection fields declare to be about this connection only (RFC 9110 section 7.6.1).
/// Hardly ever any, so that the usual message costs one look at each name.
std::vector<std::string_view> named_by_connection(const net::Headers& headers) {
  std::vector<std::string_view> names;
  for (const net::Header& field : headers) {
    if (field.name.size() != 10 || !equal_ignoring_case(field.name, "connection")) continue;
    if (equal_ignoring_case(field.value, "keep-alive") || equal_ignoring_case(field.value, "close")) continue;
    for (const std::string_view name : split(field.value, ',')) names.push_back(trim(name));
  }
  return names;
}

bool names_field(const std::vector<std::string_view>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view named) { return equal_ignoring_case(named, name); });
}

bool is_event_stream(std::string_view content_type) { return content_type.starts_with("text/event-stream"); }

}  // namespace

net::ClientRequest ModelCall::upstream_request() {
  const net::RequestHead& head = exchange_.head();
  net::ClientRequest request;
  request.method = head.method_text;
  upstream_target_ = route_.upstream_path;
  const std::string query = wire::query_without_credential(head.query);
  if (!query.empty()) upstream_target_.append("?").append(query);
  request.path_and_query = upstream_target_;
  const auto hop = named_by_connection(head.headers);
  for (const net::Header& field : head.headers) {
    if (!stays_here(field.name) && !names_field(hop, field.name)) request.headers.add(field.name, field.value);
  }
  // The answer is read as it passes, so it must come uncompressed.
  request.headers.add("accept-encoding", "identity");
  if (!provider_->api_key.empty()) {
    switch (route_.dialect) {
      case wire::Dialect::kAnthropic: request.headers.add("x-api-key", provider_->api_key); break;
      case wire::Dialect::kGemini: request.headers.add("x-goog-api-key", provider_->api_key); break;
      case wire::Dialect::kOpenAiChat:
      case wire::Dialect::kOpenAiResponses:
      case wire::Dialect::kOpenAiEmbeddings:
        authorization_ = "Bearer " + provider_->api_key;
        request.headers.add("authorization", authorization_);
        break;
    }
  }
  request.body = body_;
  return request;
}

Task<net::Client::Sent> ModelCall::send(const net::ClientRequest& request) {
  net::Client::Sent sent = co_await worker_.client->send(provider_->base_url, request, &cancel_upstream_);
  cancel_upstream_ = nullptr;
  co_return sent;
}

void ModelCall::add_reeve_headers(net::Headers& headers) const {
  headers.add("x-reeve-request-id", request_id_);
  headers.add("x-reeve-model", view_.model);
  headers.add("x-reeve-decision", policy::effect_name(decision_.effect));
  if (decision_.rule != nullptr) headers.add("x-reeve-rule", decision_.rule->name);
}

Task<void> ModelCall::relay(net::ClientResponse& response) {
  if (response.status() >= 300 && response.status() < 400) co_return co_await answer_redirect(response.status());
  net::Headers headers;
  const auto hop = named_by_connection(response.headers());
  for (const net::Header& field : response.headers()) {
    if (!stays_there(field.name) && !names_field(hop, field.name)) headers.add(field.name, field.value);
  }
  add_reeve_headers(headers);
  const std::string content_type(response.headers().get("content-type"));
  const auto reader = wire::make_answer_reader(route_, view_, response.status(), content_type,
                                               response.headers().get("content-encoding"));
  const auto length = response.content_length();
  const int status = response.status();
  cancel_upstream_ = [&response] { response.cancel(); };
  first_byte_ = worker_.clock.steady();

  Result<void> to_client = co_await exchange_.start(status, headers, length);
  std::optional<Error> cut;
  std::uint64_t relayed = 0;
  bool ended = false;
  while (to_client.ok() && !ended) {
    auto piece = co_await response.read();
    if (!piece) {
      cut = piece.error();
      break;
    }
    relayed += piece->size();
    reader->feed(*piece);
    // The last bytes and the end leave in one packet where the length tells which bytes are the last.
    ended = piece->empty() || (length && relayed == *length);
    to_client = ended ? co_await exchange_.finish(*piece) : co_await exchange_.write(*piece);
  }
  cancel_upstream_ = nullptr;

  if (cut && !client_gone_ && is_event_stream(content_type) && !length) {
    // The client hears why in its own dialect; the blank line ends whatever event was cut in two. Where a length was
    // stated, there is no room for it, and the missing bytes say that the answer is incomplete.
    const bool late = cut->code == ErrorCode::kTimeout;
    const wire::Refusal why =
        refusal(late ? wire::RefusalReason::kUpstreamTimeout : wire::RefusalReason::kUpstreamUnreachable,
                "The provider's answer broke off: " + cut->message);
    to_client = co_await exchange_.finish("\n\n" + wire::encode_stream_error(route_.dialect, why));
  }

  const wire::AnswerSummary summary = reader->finish();
  const bool billed = status >= 200 && status < 300;
  const auto end_as = [&](std::string_view how, std::string_view reason) {
    record_outcome(summary, how, reason, status, billed);
    count_call(how);
  };
  if (client_gone_ || !to_client.ok()) co_return end_as("client_gone", "the client closed before the answer ended");
  if (cut) co_return end_as("upstream_cut", cut->message);
  if (status >= 400 || !summary.error_type.empty()) co_return end_as("upstream_error", summary.error_type);
  end_as("ok", summary.stop_reason);
}

/// Followed by us, the call would go where nobody said that calls may go; followed by the client, past every rule, with
/// its Reeve key in hand. So neither gets to.
Task<void> ModelCall::answer_redirect(int status) {
  first_byte_ = worker_.clock.steady();
  record_outcome({}, "upstream_error", "redirect", status, false);
  count_call("upstream_error");
  log_warning("provider redirects", {{"provider", provider_->name}, {"request_id", request_id_}, {"status", status}});
  co_await answer_in_place(refusal(wire::RefusalReason::kUpstreamUnreachable,
                                   "The provider '" + provider_->name + "' answered with a redirect (" +
                                       std::to_string(status) +
                                       "), which is not followed; an administrator should check its base_url."));
}

Task<void> ModelCall::answer_unreachable(const net::SendFailure& failure) {
  if (client_gone_) {
    record_unanswered(failure, "client_gone", "the client closed before the answer began");
    co_return count_call("client_gone");
  }
  record_unanswered(failure, "unreachable", failure.error.message);
  count_call("unreachable");
  log_warning("upstream not reached",
              {{"provider", provider_->name}, {"request_id", request_id_}, {"why", failure.error.message}});
  const bool timeout = failure.error.code == ErrorCode::kTimeout;
  const std::string_view what = failure.request_complete ? "' did not answer: " : "' could not be reached: ";
  co_await answer_in_place(
      refusal(timeout ? wire::RefusalReason::kUpstreamTimeout : wire::RefusalReason::kUpstreamUnreachable,
              "The provider '" + provider_->name + std::string(what) + failure.error.message));
}

/// Answers a call that was let through, where the provider's answer cannot be passed on.
Task<void> ModelCall::answer_in_place(const wire::Refusal& refusal) {
  worker_.metrics.refused(refusal.reason);
  const wire::EncodedRefusal answer = wire::encode_refusal(route_.dialect, hints_.kind, refusal);
  net::Headers headers;
  for (const auto& [name, value] : answer.headers) headers.add(name, value);
  add_reeve_headers(headers);
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange_.respond(answer.status, headers, answer.body);
  static_cast<void>(sent);
}

}  // namespace reeve::gateway
