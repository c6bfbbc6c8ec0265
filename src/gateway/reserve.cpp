// Reserving: what an attempt may cost is held under its budgets before it is sent.

#include <algorithm>

#include "gateway/model_call.h"

namespace reeve::gateway {

spend::CallScope ModelCall::spend_scope(std::string_view model, const Provider& provider) const {
  using spend::Dimension;
  const net::Headers& headers = exchange_.head().headers;
  spend::CallScope scope;
  scope[Dimension::kOrganisation] = spend::kWholeOrganisation;
  scope[Dimension::kTeam] = principal_->team;
  scope[Dimension::kPerson] = principal_->id;
  scope[Dimension::kAgent] = agent_of(*principal_, hints_);
  scope[Dimension::kClient] = wire::client_name(hints_.kind);
  scope[Dimension::kSession] = bounded(hints_.session_id);
  scope[Dimension::kRepo] = bounded(hints_.repo);
  scope[Dimension::kFeature] = bounded(headers.get("x-reeve-feature"));
  scope[Dimension::kWorkItem] = bounded(hints_.work_item);
  scope[Dimension::kProvider] = provider.name;
  scope[Dimension::kModel] = bounded(model);
  scope.groups = principal_->groups;
  return scope;
}

CallSpend::Call ModelCall::spend_call() const {
  CallSpend::Call call;
  call.scope = spend_scope(sent_model(), *provider_);
  call.scope.request_id = request_id_;
  call.scope.attempt = attempt_ + 1;  // the one that is to be made
  call.shape.model = sent_model();
  call.shape.client = wire::client_name(hints_.kind);
  call.shape.input_tokens = view_.estimated_input_tokens;
  call.shape.body_bytes = body_.size();
  call.shape.output_max = view_.max_output_tokens;
  call.shape.choices = view_.choices;
  if (route_.operation == wire::Operation::kEmbed) call.shape.output_max = 0;
  call.shape.streamed = view_.stream || route_.stream_in_path;
  call.shape.tier = view_.service_tier;
  call.shape.messages = view_.messages;
  call.shape.tools = view_.has_tools;
  call.shape.input_elsewhere = view_.input_elsewhere;
  call.shape.context_window = wire::model_facts(sent_model()).context_window;
  call.free = route_.operation == wire::Operation::kCountTokens;
  call.price = settings_->prices->find(provider_->price_provider, sent_model(), worker_.clock.now(), provider_->region);
  call.tier = view_.service_tier;
  return call;
}

Task<std::optional<wire::Refusal>> ModelCall::reserve() {
  if (attempt_ == 0) step_down_before_admission();
  if (refused_after_all_) co_return std::move(refused_after_all_);
  bool admitted = co_await spend_.reserve(spend_call());
  const bool stepped_down = step_down_by_budget();
  if (stepped_down || refused_after_all_) spend_.release();
  if (refused_after_all_) co_return std::move(refused_after_all_);
  if (stepped_down) admitted = co_await spend_.reserve(spend_call());
  if (!admitted) {
    spend_.tell_of_refusal();
    co_return refusal_of_budget();
  }
  co_return std::nullopt;
}

/// The fullest budget of the call, as clients that show one are told.
std::optional<wire::BudgetUse> ModelCall::budget_use() const {
  const std::optional<spend::Standing>& standing = spend_.fullest();
  if (!standing || !settings_->budgets) return std::nullopt;
  const spend::Budget* const budget = settings_->budgets->find(standing->budget);
  if (budget == nullptr) return std::nullopt;
  wire::BudgetUse use;
  use.percent = standing->percent;
  use.exceeded = spend_.refusal().has_value();
  use.resets_at = standing->resets_at;
  if (budget->period != spend::Period::kSession) {
    const auto [begin, end] = settings_->budgets->window_at(*budget, worker_.clock.now());
    use.window = end - begin;
  }
  use.period = spend::period_name(budget->period);
  use.shared = std::none_of(budget->each.begin(), budget->each.end(), [](spend::Dimension dimension) {
    return dimension == spend::Dimension::kPerson || dimension == spend::Dimension::kSession;
  });
  return use;
}

wire::Refusal ModelCall::refusal_of_budget() const {
  const spend::BudgetRefusal& why = *spend_.refusal();
  wire::Refusal no = refusal(wire::RefusalReason::kBudget, budget_sentence(why));
  no.rule = why.budget;
  no.use = budget_use();
  if (why.resets_at) no.retry_after = std::max(Duration{}, *why.resets_at - worker_.clock.now());
  return no;
}

}  // namespace reeve::gateway
