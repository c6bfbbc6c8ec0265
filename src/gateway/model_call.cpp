#include "gateway/model_call.h"

#include <algorithm>
#include <tuple>

#include "core/bytes.h"
#include "core/id.h"
#include "core/json.h"
#include "core/log.h"
#include "gateway/routing.h"

namespace reeve::gateway {

namespace {

using wire::Refusal;
using wire::RefusalReason;

bool is_uncompressed(const net::Headers& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const net::Header& field) {
    return !equal_ignoring_case(field.name, "content-encoding") || field.value.empty() ||
           equal_ignoring_case(field.value, "identity");
  });
}

const Model* find_model(const Settings& settings, std::string_view name) {
  for (const Model& model : settings.models) {
    if (glob_match(model.pattern, name)) return &model;
  }
  return nullptr;
}

/// The price catalogue's name of the vendor whose dialect this is.
std::string_view vendor_of(wire::Dialect dialect) {
  switch (dialect) {
    case wire::Dialect::kAnthropic: return "anthropic";
    case wire::Dialect::kGemini: return "google";
    case wire::Dialect::kOpenAiChat:
    case wire::Dialect::kOpenAiResponses:
    case wire::Dialect::kOpenAiEmbeddings: return "openai";
  }
  return "openai";
}

/// The model entry that would serve a name in a list of that dialect: OpenAI's list holds embedding models too.
const Model* first_match(const Settings& settings, std::string_view name, wire::Dialect listed) {
  const Model* model = find_upstream(settings, name, listed).first;
  if (model != nullptr || listed != wire::Dialect::kOpenAiChat) return model;
  return find_upstream(settings, name, wire::Dialect::kOpenAiEmbeddings).first;
}

}  // namespace

std::pair<const Model*, const Provider*> find_upstream(const Settings& settings, std::string_view name,
                                                       wire::Dialect dialect) {
  for (const Model& model : settings.models) {
    if (!glob_match(model.pattern, name)) continue;
    for (const std::size_t index : model.providers) {
      const Provider& provider = settings.providers[index];
      if (provider.speaks(dialect)) return {&model, &provider};
    }
  }
  return {nullptr, nullptr};
}

bool Provider::speaks(wire::Dialect dialect) const {
  for (const wire::Dialect spoken : dialects) {
    if (spoken == dialect) return true;
    const bool openai = spoken == wire::Dialect::kOpenAiChat || spoken == wire::Dialect::kOpenAiResponses;
    if (dialect == wire::Dialect::kOpenAiEmbeddings && openai) return true;
  }
  return false;
}

ModelCall::ModelCall(Worker& worker, net::Exchange& exchange, wire::Route route)
    : LiveCall(worker.live_calls),
      worker_(worker),
      exchange_(exchange),
      route_(std::move(route)),
      settings_(worker.settings()),
      request_id_(make_id("req")),
      started_(worker.clock.steady()),
      decided_(started_),
      first_byte_(started_),
      sent_(started_),
      spend_(worker) {
  worker_.metrics.call_started();
}

ModelCall::~ModelCall() {
  settle_forbidden_keys(false);
  worker_.metrics.call_left();
}

Task<void> ModelCall::run() {
  hints_ = wire::read_client_hints([this](std::string_view name) { return exchange_.head().headers.get(name); });
  if (auto no = check_form()) co_return co_await refuse(*std::move(no));
  if (auto no = co_await authenticate()) co_return co_await refuse(*std::move(no));
  if (auto no = refuse_cut_off()) co_return co_await refuse(*std::move(no));
  if (auto no = refuse_operation()) co_return co_await refuse(*std::move(no));
  if (route_.operation == wire::Operation::kListModels || route_.operation == wire::Operation::kGetModel) {
    co_return co_await list_models();
  }
  if (auto no = co_await read()) co_return co_await refuse(*std::move(no));
  if (auto no = choose_upstream()) co_return co_await refuse(*std::move(no));
  if (auto no = refuse_cut_off()) co_return co_await refuse(*std::move(no));
  if (auto no = co_await decide()) co_return co_await refuse(*std::move(no));
  exchange_.on_client_gone([this] {
    client_gone_ = true;
    if (cancel_upstream_) cancel_upstream_();
  });
  co_await forward();
  exchange_.on_client_gone({});
}

std::optional<Refusal> ModelCall::check_form() {
  const net::RequestHead& head = exchange_.head();
  if (head.upgrade_requested) {
    return refusal(RefusalReason::kUpgradeRequired,
                   "This path speaks plain HTTP with server-sent events; send the call as a POST.");
  }
  const std::string_view method = wire::allowed_method(route_);
  if (head.method_text != method) {
    return refusal(RefusalReason::kUnsupported, "This path takes " + std::string(method) + " only.");
  }
  if (!is_uncompressed(head.headers)) {
    return refusal(RefusalReason::kUnsupported,
                   "The body is compressed, so it cannot be checked; switch request compression off in the client.");
  }
  return std::nullopt;
}

Task<std::optional<Refusal>> ModelCall::authenticate() {
  for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key"}) {
    // Somebody before us may have looked at the other one.
    if (exchange_.head().headers.count(name) < 2) continue;
    co_return refusal(RefusalReason::kBadCredential,
                      "The request carries the header " + std::string(name) + " twice; send only one credential.");
  }
  const auto header = [this](std::string_view name) { return exchange_.head().headers.get(name); };
  const auto credential = wire::read_credential(header, exchange_.head().query);
  if (!credential) co_return refusal(RefusalReason::kBadCredential, credential.error().message);
  if (credential->empty()) {
    co_return refusal(RefusalReason::kNoCredential,
                      "No credential came with this call; put a Reeve key (rv_...) where the client keeps its API key. "
                      "An administrator makes one with 'reeve key create --owner you@example.com'.");
  }
  auto outcome = worker_.authenticator->authenticate_now(*credential);
  if (!outcome) outcome = co_await worker_.authenticator->authenticate(*credential);
  if (!outcome->ok()) {
    worker_.metrics.authentication_failed(identity::auth_failure_name(outcome->failure));
    const bool unavailable = outcome->failure == identity::AuthFailure::kUnavailable;
    Refusal no =
        refusal(unavailable ? RefusalReason::kUnavailable : RefusalReason::kBadCredential, std::move(outcome->message));
    // As where nobody knows what is switched off: it passes by itself, but asking again at once helps nobody.
    if (unavailable) no.retry_after = std::chrono::seconds(5);
    co_return no;
  }
  principal_ = std::move(outcome->principal);
  co_return refuse_claimed_agent();
}

Task<std::optional<Refusal>> ModelCall::read() {
  auto body = co_await exchange_.read_body();
  if (!body) {
    const ErrorCode code = body.error().code;
    const RefusalReason reason = code == ErrorCode::kTooLarge ? RefusalReason::kTooLarge : RefusalReason::kMalformed;
    co_return refusal(reason, body.error().message);
  }
  body_ = *body;
  take_tags();
  auto view = wire::read_request(route_, body_, settings_->detectors ? &texts_ : nullptr,
                                 settings_->steps_down ? &needs_ : nullptr);
  if (!view) co_return refusal(RefusalReason::kMalformed, view.error().message);
  view_ = *std::move(view);
  if (hints_.session_id.empty()) hints_.session_id = view_.session_in_body;
  tell_settings();
  co_return std::nullopt;
}

std::optional<Refusal> ModelCall::choose_upstream() {
  std::tie(model_, provider_) = find_upstream(*settings_, view_.model, route_.dialect);
  if (provider_ != nullptr) {
    stay_with_provider();
    return std::nullopt;
  }
  const std::string name = printable(view_.model, 100);
  if (find_model(*settings_, view_.model) != nullptr) {
    return refusal(RefusalReason::kModelUnknown,
                   "The model '" + name + "' is not served in the " + std::string(wire::dialect_name(route_.dialect)) +
                       " dialect here; an administrator can add a provider for it in reeve.yaml.");
  }
  return refusal(RefusalReason::kModelUnknown,
                 "The model '" + name +
                     "' is not registered here; GET /v1/models lists what is, and an administrator "
                     "can add it under 'models' in reeve.yaml.");
}

Task<void> ModelCall::forward() {
  bool sent_again = false;
  while (true) {
    if (auto no = co_await reserve()) {
      attempt_ = 0;
      co_return co_await refuse(*std::move(no));
    }
    // The rules may have led to another provider or model.
    if (auto no = refuse_cut_off()) {
      attempt_ = 0;
      spend_.release();
      co_return co_await refuse(*std::move(no));
    }
    ++attempt_;
    take_key();
    ask_for_usage();
    if (auto no = co_await record_intent()) {
      attempt_ = 0;  // an outcome that names an attempt says that its intent is there
      spend_.release();
      co_return co_await refuse(*std::move(no));
    }
    if (attempt_ == 1) remember_model();
    if (client_gone_) {
      record_unanswered({}, "client_gone", "the client closed before the call was sent");
      co_return count_call("client_gone");
    }
    if (cut() != nullptr) co_return co_await answer_cut_off({});
    sent_ = worker_.clock.steady();
    net::ClientRequest request = upstream_request();
    net::Client::Sent sent = co_await send(request);
    worker_.give_back_headers(std::move(request.headers));
    if (sent.ok()) {
      if (goes_to_next_key(*sent.response)) continue;
      co_return co_await relay(*sent.response);
    }
    if (cut() != nullptr) co_return co_await answer_cut_off(sent.failure);
    // A pooled connection that the provider had closed says nothing about the provider: one fresh attempt, with its own
    // records.
    if (sent.failure.stale_connection && !std::exchange(sent_again, true) && !client_gone_) {
      record_unanswered(sent.failure, "unreachable", sent.failure.error.message);
      continue;
    }
    co_return co_await answer_unreachable(sent.failure);
  }
}

Task<void> ModelCall::list_models() {
  std::vector<wire::ModelEntry> entries;
  for (const Model& model : settings_->models) {
    for (const std::size_t index : model.providers) {
      const Provider& provider = settings_->providers[index];
      const bool openai_shape = route_.dialect == wire::Dialect::kOpenAiChat;
      if (!provider.speaks(route_.dialect) && !(openai_shape && provider.speaks(wire::Dialect::kOpenAiEmbeddings)))
        continue;
      add_listed_models(model, provider, entries);
      break;
    }
  }
  std::string body;
  if (route_.operation == wire::Operation::kGetModel) {
    const auto wanted =
        std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.id == route_.model; });
    if (wanted == entries.end()) {
      co_return co_await refuse(
          refusal(RefusalReason::kModelUnknown,
                  "The model '" + printable(route_.model, 100) + "' is not registered here or not open to you."));
    }
    body = wire::encode_model(route_.dialect, *wanted);
  } else {
    body = wire::encode_model_list(route_.dialect, entries);
  }
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange_.respond(
      200, {{"content-type", "application/json"}, {"x-reeve-request-id", request_id_}}, body);
  static_cast<void>(sent);
}

/// The names that clients may use for a model entry: its own, or those of its vendor's that fit its pattern.
std::vector<std::string> ModelCall::names_of(const Model& model, const Provider& provider) const {
  if (model.pattern.find('*') == std::string::npos) return {model.pattern};
  // The practice model stands in for every vendor, so it answers to the names of the dialect's own.
  const std::string_view vendor =
      provider.simulated ? vendor_of(route_.dialect) : std::string_view(provider.price_provider);
  std::vector<std::string> names;
  for (std::string& id : settings_->prices->model_ids(vendor)) {
    if (glob_match(model.pattern, id)) names.push_back(std::move(id));
  }
  return names;
}

void ModelCall::add_listed_models(const Model& model, const Provider& provider,
                                  std::vector<wire::ModelEntry>& entries) const {
  const std::vector<std::string> names = names_of(model, provider);
  for (const std::string& name : names) {
    const bool listed = std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return e.id == name; });
    if (listed || !principal_->in_scope("models", name)) continue;
    // Only under the entry that would serve the call: what it is denied for, a later pattern does not open.
    if (first_match(*settings_, name, route_.dialect) != &model) continue;
    if (!would_be_open(name, model, provider)) continue;
    std::string label = provider.simulated ? name + " (simulated by Reeve's practice model)" : name;
    if (const std::string budget = stepping_down(name, provider); !budget.empty()) {
      label += " (for now a cheaper model answers: budget " + budget + ")";
    }
    entries.push_back({name, std::move(label), provider.name, 0});
  }
}

bool ModelCall::would_be_open(std::string_view name, const Model& model, const Provider& provider) const {
  const Instant now = worker_.clock.now();
  const auto approvals = approvals_for(*settings_, policy::Point::kModelCall, *principal_, hints_, now);
  CallFacts::Parts parts{*principal_, hints_, exchange_.head().headers, route_, view_, 0, name, model,
                         provider,    now,    worker_.checks(now)};
  parts.approvals = approvals;
  std::optional<policy::LookAtUses> uses;
  if (worker_.exception_uses != nullptr) uses.emplace(*worker_.exception_uses);
  policy::Decision decision;
  settings_->policy->decide(policy::Point::kModelCall, CallFacts(parts), uses ? &*uses : nullptr, worker_.scratch,
                            decision);
  return !decision.refused();
}

Task<void> ModelCall::refuse(Refusal refusal) {
  worker_.metrics.refused(refusal.reason);
  const wire::EncodedRefusal answer = wire::encode_refusal(route_.dialect, hints_.kind, refusal);
  net::Headers headers;
  for (const auto& [name, value] : answer.headers) headers.add(name, value);
  headers.add("x-reeve-request-id", request_id_);
  headers.add("x-reeve-decision", "deny");
  if (!refusal.rule.empty()) headers.add("x-reeve-rule", refusal.rule);
  const bool broken_off = refusal.reason == RefusalReason::kTooLarge || refusal.reason == RefusalReason::kMalformed;
  if (broken_off && body_.empty()) exchange_.close_after();

  co_await record_refusal(refusal, answer.status);
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange_.respond(answer.status, headers, answer.body);
  static_cast<void>(sent);
}

Refusal ModelCall::refusal(RefusalReason reason, std::string message) const {
  Refusal no;
  no.reason = reason;
  no.message = std::move(message);
  no.request_id = request_id_;
  return no;
}

}  // namespace reeve::gateway
