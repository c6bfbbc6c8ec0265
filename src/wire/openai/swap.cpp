// Another model of OpenAI's dialects in place of the one asked for.

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

// Members of the request that go; they are taken out at once, since neighbours share a comma.
class Removed {
 public:
  Removed(JsonNode object, SwapPlan& plan) : object_(object), plan_(plan) {}
  void drop(std::string_view name, std::string_view noted_as) {
    const JsonNode value = object_.find(name);
    if (!value.present()) return;
    names_.push_back(name);
    if (!value.is_null()) plan_.note_reduced(noted_as);
  }
  void apply() { plan_.remove(object_, names_); }
  bool takes_all() const {
    std::size_t members = 0;
    for ([[maybe_unused]] const JsonMember member : object_.members()) ++members;
    return members == names_.size();
  }

 private:
  const JsonNode object_;
  SwapPlan& plan_;
  std::vector<std::string_view> names_;
};

Result<void> check_tools(JsonNode root) {
  for (const JsonNode tool : root.find("tools").elements()) {
    // It would go on with the model that it names, at that one's price.
    if (tool.find("model").present()) return Error{ErrorCode::kInvalid, "A tool of the request names a model."};
  }
  return {};
}

void fit_effort(JsonNode asked, SwapPlan& plan) {
  const std::string_view fitting = plan.effort_for(asked.raw_string());
  if (!asked.is_string() || fitting == asked.raw_string()) return;
  plan.replace_with_string(asked, fitting);
  plan.note_reduced("effort");
}

void drop_sampling(SwapPlan& plan, Removed& removed) {
  if (plan.facts().sampling) return;
  for (const std::string_view name :
       {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"}) {
    removed.drop(name, name);
  }
}

void change_reasoning(JsonNode root, SwapPlan& plan, Removed& removed) {
  if (plan.facts().efforts.empty()) {
    removed.drop("reasoning", "effort");
  } else {
    fit_effort(root.find("reasoning").find("effort"), plan);
  }
}

}  // namespace

Result<void> plan_chat_swap(JsonNode root, SwapPlan& plan) {
  if (Result<void> checked = check_tools(root); !checked) return checked;
  const ModelFacts& facts = plan.facts();
  Removed removed(root, plan);
  drop_sampling(plan, removed);
  change_reasoning(root, plan, removed);
  if (facts.efforts.empty()) {
    removed.drop("reasoning_effort", "effort");
  } else {
    fit_effort(root.find("reasoning_effort"), plan);
  }
  if (!facts.verbosity) removed.drop("verbosity", "verbosity");
  plan.limit(root.find("max_tokens"), facts.output_max, "max_tokens");
  plan.limit(root.find("max_completion_tokens"), facts.output_max, "max_completion_tokens");
  removed.apply();
  return {};
}

Result<void> plan_responses_swap(JsonNode root, SwapPlan& plan) {
  if (Result<void> checked = check_tools(root); !checked) return checked;
  const ModelFacts& facts = plan.facts();
  Removed removed(root, plan);
  drop_sampling(plan, removed);
  change_reasoning(root, plan, removed);
  const JsonNode include = root.find("include");
  if (facts.efforts.empty() && include.is_array()) {
    const auto is_reasoning = [](JsonNode name) { return name.raw_string() == "reasoning.encrypted_content"; };
    plan.remove_elements(include, is_reasoning);
  }
  if (const JsonNode text = root.find("text"); !facts.verbosity && text.find("verbosity").present()) {
    Removed inside(text, plan);
    inside.drop("verbosity", "verbosity");
    if (inside.takes_all()) {
      removed.drop("text", "verbosity");
    } else {
      inside.apply();
    }
  }
  plan.limit(root.find("max_output_tokens"), facts.output_max, "max_output_tokens");
  removed.apply();
  return {};
}

}  // namespace reeve::wire::openai
