// Recording: what a call leaves in the ledger.

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

std::int64_t microseconds(Moment from, Moment to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

/// What the decision was made on stands once, in the intent: that is the entry which a replay reads.
void leave_to_intent(ledger::Entry::Decision& decision) {
  decision.checks = decision.approvals = decision.inventory = decision.input = decision.time = {};
  decision.evaluation_ns.reset();
  decision.errors = {};
  decision.ended = {};
}

}  // namespace

ledger::Entry::Cost PricedCall::for_entry() const {
  return {.total = cost.total,
          .price_version = cost.price_version,
          .estimated = cost.estimated,
          .price_known = cost.price_known,
          .provider = provider,
          .model = model,
          .service_tier = spend::service_tier_name(tier),
          .time = time,
          .list = cost.list};
}

void ModelCall::fill_entry(ledger::Entry& entry) const {
  const net::Headers& headers = exchange_.head().headers;
  entry.producer = &worker_.producer;
  entry.request_id = request_id_;
  entry.attempt = attempt_;
  entry.session_id = bounded(hints_.session_id);
  if (principal_) {
    entry.principal = {principal_->id, principal_->type, principal_->team, principal_->key_id, principal_->groups};
  }
  if (principal_) {
    entry.agent = {agent_of(*principal_, hints_), parent_agent_of(*principal_, hints_), principal_->actors};
  } else {
    entry.agent = {bounded(hints_.agent_id), bounded(hints_.parent_agent_id), {}};
  }
  entry.client = wire::client_name(hints_.kind);
  entry.client_version = bounded(hints_.version);
  entry.work_item = bounded(hints_.work_item);
  entry.repo = bounded(hints_.repo);
  entry.feature = bounded(headers.get("x-reeve-feature"));
  entry.model.asked = bounded(view_.model);
  entry.model.dialect = wire::dialect_name(route_.dialect);
  entry.model.operation = operation_name(route_.operation);
  if (provider_ != nullptr) {
    entry.model.served = bounded(sent_model());
    if (cheaper_) entry.model.sent = entry.model.served;
    entry.model.provider = provider_->name;
    entry.model.region = provider_->region;
    entry.model.retention = provider_->retention;
  }
  entry.model.tier = model_ == nullptr ? std::string_view() : model_->tier;
  if (decision_made_) {
    entry.request_tokens = view_.estimated_input_tokens;
    if (view_.service_tier != ServiceTier::kStandard) entry.request_tier = spend::service_tier_name(view_.service_tier);
    entry.request_stream = view_.stream || route_.stream_in_path;
    entry.request_shape = {view_.has_tools, view_.has_thinking, static_cast<std::int64_t>(view_.messages)};
  }
  fill_decision(entry.decision);
  content_.fill(entry.content);
  if (attempt_ > 0) entry.detail = key_detail_;
  spend_.fill(entry.budget);
  if (cheaper_) entry.budget.degraded_by = cheaper_->by;
  entry.budget.kept = bounded(kept_because_);
}

void ModelCall::fill_decision(ledger::Entry::Decision& decision) const {
  decision.effect = policy::effect_name(decision_.effect);
  decision.mode = "enforce";
  decision.bundle = settings_->policy->digest();
  if (!decision_made_) return;
  if (decision_.rule != nullptr) decision.rule = decision_.rule->name;
  decision.rules = rule_names_;
  decision.shadow = shadow_names_;
  if (decision_.shadow_effect != decision_.effect) {
    decision.shadow_effect = policy::effect_name(decision_.shadow_effect);
  }
  decision.exceptions = exception_names_;
  decision.ended = ended_;
  decision.errors = rule_errors_;
  decision.checks = checks_;
  decision.approvals = approvals_;
  decision.inventory = inventory_;
  decision.input = input_digest_;
  decision.time = decision_time_;
  decision.evaluation_ns = evaluation_.count();
}

/// In the shape in which entries take them.
void ModelCall::keep_decision_names() {
  rule_names_.clear();
  shadow_names_.clear();
  exception_names_.clear();
  ended_.clear();
  rule_errors_.clear();
  for (const policy::RuleInfo* rule : decision_.matched) rule_names_.emplace_back(rule->name);
  for (const policy::RuleInfo* rule : decision_.shadow) shadow_names_.emplace_back(rule->name);
  for (const policy::ExceptionInfo* exception : decision_.exceptions) exception_names_.emplace_back(exception->name);
  for (const policy::EndedException& ended : decision_.ended) {
    ended_.push_back(ended.exception->name + " " + std::string(policy::ended_reason(ended.why)));
  }
  for (const policy::RuleError& error : decision_.errors) {
    rule_errors_.push_back(error.rule->name + ": " + error.message);
  }
}

Task<std::optional<wire::Refusal>> ModelCall::record_intent() {
  ledger::Entry entry;
  entry.kind = "model.intent";
  fill_entry(entry);
  entry.decision.enforced = cheaper_ ? policy::effect_name(policy::Effect::kDegrade) : entry.decision.effect;
  entry.request_bytes = static_cast<std::int64_t>(body_.size());
  if (settings_->record_request_digest && request_digest_.empty()) {
    request_digest_ = "hmac-sha256:" + to_hex(as_bytes(hmac_sha256(settings_->digest_key, body_)));
  }
  entry.request_digest = request_digest_;
  if (auto sealed = co_await seal_request(); !sealed) {
    log_error("content not kept, call refused", {{"request_id", request_id_}, {"why", sealed.error().message}});
    co_return refusal(wire::RefusalReason::kUnavailable,
                      "This call was not sent, because its content cannot be kept: " + sealed.error().message);
  }
  if (sealed_request_) entry.content.sealed = &*sealed_request_;
  auto placed = co_await worker_.log.append(entry, worker_.loop);
  if (placed) co_return std::nullopt;
  log_error("intent not recorded, call refused", {{"request_id", request_id_}, {"why", placed.error().message}});
  co_return refusal(wire::RefusalReason::kUnavailable,
                    "This call was not sent, because it cannot be recorded: " + placed.error().message);
}

/// Of the request and, as far as it is there, the answer: who answers repeats what was asked.
std::vector<std::string> ModelCall::found_classes() const {
  std::vector<std::string> classes;
  for (const FindingGroups* found : {&content_.found(), &answer_found_}) {
    for (const std::string_view name : found->classes()) classes.emplace_back(name);
  }
  return classes;
}

Task<Result<void>> ModelCall::seal_request() {
  if (worker_.sealed_content == nullptr || sealed_request_) co_return Result<void>{};
  const std::string_view leaves = body_to_send();
  ledger::ContentToSeal content{principal_->id, request_id_, "request", std::string(leaves), found_classes()};
  auto sealed = co_await worker_.sealed_content->seal(std::move(content), worker_.loop);
  if (!sealed) co_return sealed.error();
  sealed_request_ = *std::move(sealed);
  co_return Result<void>{};
}

/// The answer is with the client already: what cannot be kept now is told, and the outcome names nothing.
Task<void> ModelCall::seal_answer(std::string bytes) {
  ledger::ContentToSeal content{principal_->id, request_id_, "answer", std::move(bytes), found_classes()};
  auto sealed = co_await worker_.sealed_content->seal(std::move(content), worker_.loop);
  if (sealed) {
    sealed_answer_ = *std::move(sealed);
  } else {
    log_error("answer not kept", {{"request_id", request_id_}, {"why", sealed.error().message}});
  }
}

ledger::Entry::Timing ModelCall::timing() const {
  ledger::Entry::Timing timing;
  timing.decision_us = microseconds(started_, decided_);
  timing.first_byte_us = microseconds(started_, first_byte_);
  timing.total_us = microseconds(started_, worker_.clock.steady());
  return timing;
}

void ModelCall::record_outcome(const wire::AnswerSummary& summary, std::string_view status, std::string_view reason,
                               int http_status, bool billed) {
  ledger::Entry entry;
  entry.kind = "model.outcome";
  fill_entry(entry);
  entry.decision.enforced = cheaper_ ? policy::effect_name(policy::Effect::kDegrade) : entry.decision.effect;
  leave_to_intent(entry.decision);
  // The intent says what was in the request; the outcome, what the answer said.
  entry.content.labels = {};
  entry.content.incomplete = answer_incomplete_;
  entry.content.findings = answer_found_.for_entry();
  if (sealed_answer_) entry.content.sealed = &*sealed_answer_;
  if (!summary.model.empty()) entry.model.served = bounded(summary.model);
  entry.timing = timing();
  entry.outcome = {status,         bounded(reason), http_status, static_cast<std::int64_t>(summary.bytes),
                   summary.events, summary.tools};
  PricedCall priced;  // the entry refers to it
  if (billed && route_.operation != wire::Operation::kCountTokens) {
    priced = price_of(summary, entry.model.served);
    entry.usage = summary.usage;
    entry.cost = priced.for_entry();
  }
  // What is held stands in the intent.
  entry.budget.held_nanos.reset();
  entry.budget.held_tokens.reset();
  if (!worker_.log.append_later(entry)) note_lost_outcome();
  if (entry.cost) {
    spend_.settle(*entry.usage, priced.cost.total);
  } else if (billed) {
    spend_.settle_free();
  } else {
    spend_.release();
  }
}

/// So that what was held is known after a crash.
void ModelCall::record_growth() {
  ledger::Entry entry;
  entry.kind = "model.held";
  entry.request_id = request_id_;
  entry.attempt = attempt_;
  spend_.fill_held(entry.budget);
  // What cannot be recorded is known as what was held before.
  static_cast<void>(worker_.log.append_later(entry));
}

void ModelCall::record_unanswered(const net::SendFailure& failure, std::string_view status, std::string_view reason) {
  // Whoever has the whole request may work on it, and bill for it, though nobody hears the answer. A kept connection
  // that the provider had closed does not count: it did not read what was sent into it.
  wire::AnswerSummary nothing_heard;
  nothing_heard.usage.input = view_.estimated_input_tokens;
  nothing_heard.usage.output_reported = route_.operation == wire::Operation::kEmbed;
  charge_unheard(nothing_heard);
  record_outcome(nothing_heard, status, reason, 0, failure.request_complete && !failure.stale_connection);
}

/// What the model may have written that nobody saw: before its answer began, or as thinking that is not shown. As much
/// as the call held, but no more than a model can have written since the call was sent.
void ModelCall::charge_unheard(wire::AnswerSummary& summary) const {
  TokenUsage& usage = summary.usage;
  if (usage.output_reported || route_.operation != wire::Operation::kGenerate) return;
  const bool openai = route_.dialect == wire::Dialect::kOpenAiChat || route_.dialect == wire::Dialect::kOpenAiResponses;
  const bool thinks = view_.has_thinking || (openai && !wire::model_facts(sent_model()).efforts.empty());
  if (!thinks && summary.generated_bytes > 0) return;
  constexpr std::int64_t kTokensPerSecond = 1'000;  // more than the fastest models that think write
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(worker_.clock.steady() - sent_).count();
  const std::int64_t written = std::min<std::int64_t>(since + 1, 1'000'000) * kTokensPerSecond;
  usage.output = std::max(usage.output, std::min(spend_.held_output(usage), written));
}

PricedCall ModelCall::price_of(const wire::AnswerSummary& summary, std::string_view served) const {
  PricedCall priced{.provider = provider_->price_provider, .model = served};
  // No finer than the entry tells it, so that a price that changes in between is found again.
  priced.time = {worker_.clock.now().nanoseconds / 1000 * 1000};
  const auto find = [&](std::string_view model) {
    return settings_->prices->find(priced.provider, model, priced.time, provider_->region);
  };
  spend::PriceMatch price = find(served);
  // The name that answered decides the price; where only the asked name is priced, that one does.
  if (!price.known && served != sent_model()) {
    priced.model = bounded(sent_model());
    price = find(priced.model);
  }
  priced.tier = summary.service_tier.value_or(view_.service_tier);
  const spend::Cost& cost = priced.cost = spend::cost_of(price, summary.usage, priced.tier);
  worker_.metrics.used(provider_->name, summary.usage, cost.total, cost.estimated, cost.price_known);
  if (!cost.price_known) {
    log_warning("model without a price, charged at the pessimistic rate",
                {{"model", bounded(served)}, {"provider", provider_->name}});
  }
  return priced;
}

void ModelCall::count_call(std::string_view status) const {
  worker_.metrics.call_ended(route_.dialect, status, worker_.clock.steady() - started_, first_byte_ - started_);
}

void ModelCall::note_lost_outcome() const {
  // The ledger counts the loss and records the gap once it can write again; the log names the call meanwhile.
  log_error("outcome not recorded", {{"request_id", request_id_}});
}

Task<void> ModelCall::record_refusal(const wire::Refusal& refusal, int http_status) {
  ledger::Entry entry;
  entry.kind = "model.outcome";
  fill_entry(entry);
  if (!decision_made_) entry.decision.effect = "deny";
  entry.decision.enforced = "deny";
  entry.decision.reason = wire::refusal_reason_name(refusal.reason);
  if (!body_.empty()) entry.request_bytes = static_cast<std::int64_t>(body_.size());
  entry.timing = timing();
  entry.detail = refused_detail_;
  entry.outcome = {"refused", wire::refusal_reason_name(refusal.reason), http_status, 0, 0};
  count_call("refused");
  // A decision about a known caller is durable before the caller learns of it. Callers nobody knows do not get to make
  // us wait for the disk, nor to fill it.
  if (principal_ && worker_.log.writable()) {
    if (co_await worker_.log.append(entry, worker_.loop)) co_return;
  } else if (!principal_ && !worker_.strangers.admit(refusal.reason, worker_.clock.steady())) {
    co_return;
  }
  // Also what could not be waited for: here it is kept for later, or counted as lost.
  if (!worker_.log.append_later(entry)) note_lost_outcome();
}

}  // namespace reeve::gateway
