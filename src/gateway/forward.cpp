// Forwarding: what goes to the provider, and how its answer comes back untouched.

#include "core/bytes.h"
#include "core/log.h"
#include "gateway/hop_headers.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

net::ClientRequest ModelCall::upstream_request() {
  const net::RequestHead& head = exchange_.head();
  net::ClientRequest request;
  request.method = head.method_text;
  upstream_target_ = sent_route().upstream_path;
  const std::string query = wire::query_for_provider(route_.dialect, head.query);
  if (!query.empty()) upstream_target_.append("?").append(query);
  request.path_and_query = upstream_target_;
  request.headers = worker_.take_headers();
  if (cheaper_ || is_of_claude_code()) {
    request_headers_ = cheaper_ ? cheaper_->swap.headers : decltype(request_headers_)();
    if (is_of_claude_code()) leave_out_tags_beta();
    add_for_provider(head.headers, request.headers, request_headers_);
  } else {
    add_for_provider(head.headers, request.headers);
  }
  // The answer is read as it passes, so it must come uncompressed.
  request.headers.add("accept-encoding", "identity");
  if (const ProviderKey* key = key_attempt_.key()) {
    switch (route_.dialect) {
      case wire::Dialect::kAnthropic: request.headers.add("x-api-key", key->secret.view()); break;
      case wire::Dialect::kGemini: request.headers.add("x-goog-api-key", key->secret.view()); break;
      case wire::Dialect::kOpenAiChat:
      case wire::Dialect::kOpenAiResponses:
      case wire::Dialect::kOpenAiEmbeddings:
        authorization_ = "Bearer ";
        authorization_ += key->secret.view();
        request.headers.add("authorization", authorization_);
        break;
    }
  }
  request.body = body_to_send();
  return request;
}

Task<net::Client::Sent> ModelCall::send(const net::ClientRequest& request) {
  net::Client::Sent sent = co_await worker_.client->send(provider_->base_url, request, &cancel_upstream_);
  cancel_upstream_ = nullptr;
  co_return sent;
}

void ModelCall::add_reeve_headers(net::Headers& headers) const {
  headers.add("x-reeve-request-id", request_id_);
  headers.add("x-reeve-model", sent_model());
  if (cheaper_) headers.add("x-reeve-degraded-from", view_.model);
  headers.add("x-reeve-decision",
              cheaper_ ? policy::effect_name(policy::Effect::kDegrade) : policy::effect_name(decision_.effect));
  if (decision_.rule != nullptr) headers.add("x-reeve-rule", decision_.rule->name);
}

/// As it came it would tell callers that their own credential is bad, and some would sign out.
Task<void> ModelCall::answer_refused_key() {
  first_byte_ = worker_.clock.steady();
  record_outcome({}, "upstream_error", "key_refused", 401, false);
  count_call("upstream_error");
  co_await answer_in_place(refusal(wire::RefusalReason::kUpstreamUnreachable,
                                   "The provider '" + provider_->name +
                                       "' does not take the key with which Reeve calls it (401). Nothing is wrong with "
                                       "your own credential: tell whoever runs Reeve, who sees the keys of providers "
                                       "with 'reeve provider list'."));
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
