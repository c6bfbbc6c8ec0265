// Stepping down: a cheaper model answers in place of the one asked for, where a rule or a budget says so and the
// conversation stands at a point where that breaks nothing. docs/degradation.md tells it from the outside.

#include <algorithm>

#include "core/bytes.h"
#include "core/log.h"
#include "gateway/hop_headers.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

/// What readers of bodies may read behind one.
constexpr std::size_t kReadableBehind = 64;

const policy::LadderInfo* find_ladder(const Settings& settings, std::string_view name) {
  const auto ladders = settings.policy->ladders();
  const auto found =
      std::find_if(ladders.begin(), ladders.end(), [name](const policy::LadderInfo& one) { return one.name == name; });
  return found == ladders.end() ? nullptr : &*found;
}

const spend::Threshold* degrading_threshold(const spend::Budget* budget) {
  if (budget == nullptr) return nullptr;
  const auto found = std::find_if(budget->thresholds.begin(), budget->thresholds.end(), [](const auto& threshold) {
    return threshold.action == spend::Threshold::Action::kDegrade;
  });
  return found == budget->thresholds.end() ? nullptr : &*found;
}

}  // namespace

bool steps_down(const Settings& settings) {
  const auto rules = settings.policy->rules();
  const bool by_rule = std::any_of(rules.begin(), rules.end(), [](const policy::RuleInfo* rule) {
    return rule->effect == policy::Effect::kDegrade && rule->mode == policy::Mode::kEnforce;
  });
  if (by_rule || settings.budgets == nullptr) return by_rule;
  const auto budgets = settings.budgets->list();
  return std::any_of(budgets.begin(), budgets.end(),
                     [](const spend::Budget& budget) { return degrading_threshold(&budget) != nullptr; });
}

const std::string& ModelCall::sent_model() const { return cheaper_ ? cheaper_->swap.model : view_.model; }
const wire::Route& ModelCall::sent_route() const { return cheaper_ ? cheaper_->swap.route : route_; }

void ModelCall::ask_for_usage() {
  body_asking_usage_.reset();
  const std::string_view body = body_to_send();
  if (const auto edit = wire::ask_for_usage(sent_route(), view_, body)) {
    body_asking_usage_ = wire::apply_edits(body, {*edit});
  }
}

std::string_view ModelCall::body_to_send() const {
  if (body_asking_usage_) return *body_asking_usage_;
  if (cheaper_) return std::string_view(cheaper_->body).substr(0, cheaper_->body.size() - kReadableBehind);
  return content_.redacted() ? content_.body_to_send() : body_;
}

/// One string for each conversation and sub-agent of a person; empty where the client names none.
std::string ModelCall::conversation_id() const {
  if (hints_.session_id.empty()) return {};
  std::string id = principal_->id;
  id.append("\n").append(bounded(hints_.session_id)).append("\n").append(bounded(hints_.agent_id));
  return id;
}

spend::LadderModel ModelCall::ladder_model(std::string name, const Provider& provider) const {
  spend::PriceMatch price =
      settings_->prices->find(provider.price_provider, name, worker_.clock.now(), provider.region);
  const std::string_view family = wire::model_facts(name).family;
  return {std::move(name), std::string(family), price};
}

/// The models that this call could be answered by, in the order of the configuration.
std::vector<spend::LadderModel> ModelCall::models_in_reach() const {
  std::vector<spend::LadderModel> models;
  for (const Model& model : settings_->models) {
    for (const std::size_t index : model.providers) {
      const Provider& provider = settings_->providers[index];
      if (!provider.speaks(route_.dialect)) continue;
      for (std::string& name : names_of(model, provider)) {
        const auto [served_by, through] = find_upstream(*settings_, name, route_.dialect);
        if (served_by == &model && through == &provider && principal_->in_scope("models", name)) {
          models.push_back(ladder_model(std::move(name), provider));
        }
      }
      break;
    }
  }
  return models;
}

/// Puts the model in the asked one's place: decided anew, redacted anew, the body turned. An error leaves all as it
/// was and says why.
Result<void> ModelCall::answer_with(const std::string& model, std::string_view by) {
  const Model* const asked_model = model_;
  const Provider* const asked_provider = provider_;
  const auto back = [&](std::string why) -> Result<void> {
    model_ = asked_model;
    provider_ = asked_provider;
    cheaper_.reset();
    evaluate();
    // Time has passed: what held for the asked model has to hold again, and what is taken out has to be out.
    refused_after_all_ = refuse_by_rules();
    if (!refused_after_all_) refused_after_all_ = redact_by_rules();
    return Error{ErrorCode::kDenied, std::move(why)};
  };
  std::tie(model_, provider_) = find_upstream(*settings_, model, route_.dialect);
  if (provider_ == nullptr) return back("it is not configured");
  cheaper_.emplace();
  cheaper_->swap.model = model;
  evaluate();
  if (decision_.refused())
    return back("the rule '" + std::string(decision_.rule ? decision_.rule->name : "") + "' refuses it");
  if (!meets_routes(decision_, *provider_)) return back("a rule lets the call go to other providers only");
  if (decision_.first(policy::Effect::kRedact) != nullptr && redact()) return back("what is taken out of it cannot be");
  const std::string_view body = content_.redacted() ? content_.body_to_send() : body_;
  auto swap = wire::plan_model_swap(route_, body, model,
                                    [this](std::string_view name) { return exchange_.head().headers.get(name); });
  if (!swap) return back(swap.error().message);
  cheaper_->swap = *std::move(swap);
  cheaper_->body = wire::apply_edits(body, cheaper_->swap.edits);
  cheaper_->body.append(kReadableBehind, '\0');
  cheaper_->by = by;
  return {};
}

/// `ladder` empty: only what the conversation was given before.
void ModelCall::step_down(std::string_view ladder, std::string_view by) {
  const std::string conversation = conversation_id();
  const policy::LadderInfo* const info = ladder.empty() ? nullptr : find_ladder(*settings_, ladder);
  if (!ladder.empty() && info == nullptr) {
    kept_because_ = "There is no ladder \"" + std::string(ladder) + "\".";
    return;
  }
  const std::vector<spend::LadderModel> models = models_in_reach();
  spend::LadderQuestion question;
  question.ladder = ladder;
  if (info != nullptr) question.steps = info->steps;
  question.asked = ladder_model(view_.model, *provider_);
  question.input_tokens = view_.estimated_input_tokens;
  question.models = models;
  question.why_unable = [this](const spend::LadderModel& model) {
    const auto [entry, provider] = find_upstream(*settings_, model.name, route_.dialect);
    if (!would_be_open(model.name, *entry, *provider)) return std::string("a rule refuses it");
    return wire::why_unable(needs_, wire::model_facts(model.name));
  };
  const spend::Conversation known{view_.messages, needs_.assistant_turns, needs_.opens_with_summary, needs_.bound_by,
                                  0};
  const spend::ModelChoice choice = spend::choose_model(question, info != nullptr, conversation, known, *worker_.swaps);
  if (choice.kind == spend::ModelChoice::Kind::kCannot) kept_because_ = choice.ladder.reason;
  if (!choice.model) return;
  if (auto done = answer_with(choice.model->name, by); !done) {
    kept_because_ = choice.model->name + " cannot answer: " + done.error().message + ".";
  } else {
    kept_because_.clear();
  }
  keep_decision_names();
}

/// Where the conversation has a cheaper model already, or a rule wants one.
void ModelCall::step_down_before_admission() {
  if (!settings_->steps_down || worker_.swaps == nullptr || route_.operation != wire::Operation::kGenerate) return;
  if (const policy::RuleInfo* rule = decision_.first(policy::Effect::kDegrade); rule != nullptr) {
    return step_down(rule->ladder, rule->name);
  }
  const std::string conversation = conversation_id();
  if (conversation.empty()) return;
  const auto before = worker_.swaps->find(conversation, view_.model);
  if (before) told_ = before->told;
  if (before && !before->model.empty()) step_down({}, "the conversation has it already");
}

std::string ModelCall::stepping_down(std::string_view model, const Provider& provider) const {
  if (!settings_->steps_down || worker_.budgets == nullptr || worker_.swaps == nullptr) return {};
  const spend::Admission now = worker_.budgets->look(spend_scope(model, provider));
  for (const spend::Reached& reached : now.reached) {
    if (reached.threshold->action != spend::Threshold::Action::kDegrade) continue;
    const policy::LadderInfo* ladder = find_ladder(*settings_, reached.threshold->ladder);
    if (ladder == nullptr) continue;
    // The last step has none below it.
    const auto step = std::find_if(ladder->steps.begin(), ladder->steps.end(),
                                   [model](const std::string& pattern) { return glob_match(pattern, model); });
    if (step != ladder->steps.end() && step + 1 != ladder->steps.end()) return reached.budget->name;
  }
  return {};
}

/// Whether a budget wants a cheaper model for this call, and has found one. True: the call has to be admitted anew.
bool ModelCall::step_down_by_budget() {
  if (!settings_->steps_down || worker_.swaps == nullptr || cheaper_ || attempt_ > 0) return false;
  if (route_.operation != wire::Operation::kGenerate) return false;
  const spend::Threshold* due = nullptr;
  std::string by;
  for (const spend::Reached& reached : spend_.reached()) {
    if (due != nullptr || reached.threshold->action != spend::Threshold::Action::kDegrade) continue;
    due = reached.threshold;
    by = reached.budget->name;
  }
  if (due == nullptr && spend_.refusal() && settings_->budgets) {
    by = spend_.refusal()->budget;
    due = degrading_threshold(settings_->budgets->find(by));
  }
  if (due == nullptr) return false;
  const std::string ladder = due->ladder;
  step_down(ladder, by);
  return cheaper_.has_value();
}

/// Only what was sent is remembered.
void ModelCall::remember_model() {
  if (!settings_->steps_down || worker_.swaps == nullptr || route_.operation != wire::Operation::kGenerate) return;
  const std::string conversation = conversation_id();
  if (conversation.empty()) return;
  worker_.swaps->remember(conversation, view_.model,
                          {cheaper_ ? cheaper_->swap.model : std::string(), view_.messages, cheaper_ && told_});
}

/// Once in a conversation. Not in an answer that has to follow a schema.
std::string ModelCall::note_in_answer() const {
  if (!cheaper_ || told_ || needs_.structured_output) return {};
  return "[Reeve: " + cheaper_->swap.model + " answers in place of " + printable(view_.model, 100) + ", because of '" +
         cheaper_->by + "'.]";
}

}  // namespace reeve::gateway
