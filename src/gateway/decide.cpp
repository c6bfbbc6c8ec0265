// Deciding: what the credential permits, what the rules say, and the uses of exceptions that they need.

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "gateway/model_call.h"
#include "gateway/routing.h"

namespace reeve::gateway {

using wire::Refusal;
using wire::RefusalReason;

bool UsesOfOneCall::admit(const policy::ExceptionInfo& exception) {
  const auto has = [&](const ExceptionUses::Exceptions& list) {
    return std::find(list.begin(), list.end(), &exception) != list.end();
  };
  if (counter_ == nullptr || has(uses_.taken)) return true;
  if (shared_) {
    if (!uses_.asks || has(uses_.refused) || !counter_->left(exception.name, *exception.uses)) return false;
    if (!has(uses_.wanted)) uses_.wanted.push_back(&exception);
    return true;
  }
  if (!counter_->take(exception.name, *exception.uses)) return false;
  uses_.taken.push_back(&exception);
  return true;
}

void ModelCall::evaluate() {
  // Records keep microseconds; rules see the same, so that a replay decides alike.
  const Instant now{worker_.clock.now().nanoseconds / 1000 * 1000};
  const bool asks_checks = settings_->policy->needs(policy::Point::kModelCall, policy::Fact::kChecks);
  static const std::map<std::string, bool> kNoChecks;
  const std::map<std::string, bool>& checks = asks_checks ? worker_.checks(now) : kNoChecks;
  const auto approvals = approvals_for(*settings_, policy::Point::kModelCall, *principal_, hints_, now);
  const CallFacts::Parts parts{*principal_,
                               hints_,
                               exchange_.head().headers,
                               route_,
                               view_,
                               body_.size(),
                               sent_model(),
                               *model_,
                               *provider_,
                               now,
                               checks,
                               content_.looked() ? &content_.found() : nullptr,
                               content_.labels(),
                               content_.complete(),
                               approvals,
                               inventory_of(*settings_, sent_model(), *provider_, hints_)};
  const CallFacts facts(parts);
  UsesOfOneCall uses(worker_, exception_uses_);
  const Moment began = worker_.clock.steady();
  settings_->policy->decide(policy::Point::kModelCall, facts, &uses, worker_.scratch, decision_);
  evaluate_actors(parts, uses);
  evaluation_ = worker_.clock.steady() - began;
  decision_made_ = true;
  decision_time_ = format_time(now);
  input_digest_ = policy::input_digest(policy::Point::kModelCall, facts);
  approvals_ = approvals_json(approvals);
  inventory_ = inventory_json(parts.inventory);
  checks_.clear();
  if (!checks.empty()) {
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, green] : checks) json.member(name, green);
    checks_ = json.end_object().take();
  }
}

bool ModelCall::route_elsewhere() {
  return route_call(*settings_, *model_, route_.dialect, *provider_, decision_, [this](const Provider& other) {
           provider_ = &other;
           evaluate();
         }) != nullptr;
}

std::optional<Refusal> ModelCall::refuse_by_rules() {
  using policy::Effect;
  if (!decision_.refused() && decision_.first(Effect::kRoute) != nullptr && !route_elsewhere()) {
    const policy::RuleInfo& rule = *decision_.first(Effect::kRoute);
    wire::Refusal no = refusal(RefusalReason::kPolicy, "The rule '" + rule.name +
                                                           "' lets this call go only to a provider that is not "
                                                           "configured for the model '" +
                                                           printable(view_.model, 100) + "'. " + rule.message);
    no.rule = rule.name;
    return no;
  }
  if (decision_.refused()) {
    wire::Refusal no = refusal(RefusalReason::kPolicy, decision_.message);
    if (decision_.rule != nullptr) no.rule = decision_.rule->name;
    return no;
  }
  // A rule whose effect nobody carries out must not look as if it held.
  if (const policy::RuleInfo* rule = decision_.first(Effect::kRewrite); rule != nullptr) {
    wire::Refusal no =
        refusal(RefusalReason::kPolicy,
                "The rule '" + rule->name +
                    "' asks to rewrite this call, which this version cannot do, so it was not sent. Tell " +
                    (rule->owner.empty() ? "your platform team" : rule->owner) + ".");
    no.rule = rule->name;
    return no;
  }
  return std::nullopt;
}

std::optional<Refusal> ModelCall::redact_by_rules() {
  return decision_.first(policy::Effect::kRedact) == nullptr ? std::nullopt : redact();
}

std::optional<Refusal> ModelCall::redact() {
  const auto done = content_.redact(decision_, body_, texts_, worker_.vault, principal_->id, hints_.session_id);
  if (done) return std::nullopt;
  wire::Refusal no = refusal(
      RefusalReason::kUnavailable,
      "This call was not sent, because what a rule takes out of it cannot be taken out: " + done.error().message);
  no.rule = decision_.first(policy::Effect::kRedact)->name;
  return no;
}

Task<std::optional<Refusal>> ModelCall::decide() {
  // Before the rules: a call that cannot go on uses up nothing.
  if (!principal_->in_scope("models", view_.model)) {
    decided_ = worker_.clock.steady();
    const std::string name = "'" + printable(view_.model, 100) + "'";
    co_return refusal(
        RefusalReason::kPolicy,
        principal_->actors.empty()
            ? "This key is not made for the model " + name + "; use another key or ask for one with that scope."
            : "An agent of this call may not use the model " + name + "; its owner asks for that with --model.");
  }
  if (settings_->detectors) content_.scan(worker_, *settings_->detectors, body_, texts_);
  if (auto beyond = refuse_beyond_permission()) {
    decided_ = worker_.clock.steady();
    co_return beyond;
  }
  auto no = co_await decide_by_rules();
  if (!no) no = redact_by_rules();
  keep_decision_names();
  decided_ = worker_.clock.steady();
  co_return no;
}

Task<std::optional<Refusal>> ModelCall::decide_by_rules() {
  const Provider* const first = provider_;
  while (true) {
    provider_ = first;  // what led to another one may not hold any more
    exception_uses_.asks = true;
    evaluate();
    auto no = refuse_by_rules();
    exception_uses_.asks = false;
    if (exception_uses_.wanted.empty()) co_return no;
    const auto again = co_await claim_uses();
    if (!again) {
      Refusal unavailable = refusal(RefusalReason::kUnavailable,
                                    "An exception with a number of uses would let this call go on, and it cannot be "
                                    "counted at the moment, so it was not sent. Try again shortly.");
      unavailable.retry_after = std::chrono::seconds(5);
      log_error("uses of an exception cannot be counted, call refused",
                {{"request_id", request_id_}, {"why", again.error().message}});
      co_return unavailable;
    }
    if (!*again) co_return no;
  }
}

Task<Result<bool>> ModelCall::claim_uses() {
  bool again = false;
  const ExceptionUses::Exceptions wanted = std::exchange(exception_uses_.wanted, {});
  for (const policy::ExceptionInfo* exception : wanted) {
    const auto taken = co_await worker_.use_claims->take(*exception, request_id_, worker_.loop);
    if (!taken) co_return taken.error();
    (*taken ? exception_uses_.taken : exception_uses_.refused).push_back(exception);
    // Of this node's own, so that its ledger and the count agree.
    if (*taken) static_cast<void>(worker_.exception_uses->take(exception->name, *exception->uses));
    again = again || !*taken;
  }
  co_return again;
}

}  // namespace reeve::gateway
