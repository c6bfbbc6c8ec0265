// Another Gemini in place of the one asked for. The path names it; of the body only the wish to think and the length of
// the answer may not fit.

#include <algorithm>

#include "core/bytes.h"
#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

JsonNode find_either(JsonNode object, std::string_view name, std::string_view other) {
  const JsonNode found = object.find(name);
  return found.present() ? found : object.find(other);
}

// The most that a model of the second generation thinks.
std::int64_t most_thinking(const ModelFacts& facts, std::string_view model) {
  if (!facts.efforts.empty()) return 0;  // later ones take what fits
  return model.find("-pro") != std::string_view::npos ? 32'768 : 24'576;
}

void change_thinking(JsonNode config, JsonNode thinking, SwapPlan& plan) {
  const ModelFacts& facts = plan.facts();
  if (!thinking.is_object()) return;
  if (facts.efforts.empty() && !facts.thinking_budget) {
    plan.remove(config, {"thinkingConfig", "thinking_config"});
    plan.note_reduced("thinking");
    return;
  }
  const JsonNode level = find_either(thinking, "thinkingLevel", "thinking_level");
  if (level.is_string() && facts.efforts.empty()) {
    plan.remove(thinking, {"thinkingLevel", "thinking_level"});
    plan.note_reduced("thinking");
  } else if (level.is_string()) {
    const std::string asked = to_lower(level.raw_string());
    std::string fitting(plan.effort_for(asked));
    if (asked != "thinking_level_unspecified" && fitting != asked) {
      std::transform(fitting.begin(), fitting.end(), fitting.begin(),
                     [](char byte) { return static_cast<char>(byte - 'a' + 'A'); });
      plan.replace_with_string(level, fitting);
      plan.note_reduced("thinking");
    }
  }
  const JsonNode budget = find_either(thinking, "thinkingBudget", "thinking_budget");
  plan.limit(budget, most_thinking(facts, plan.model()), "thinking");
}

}  // namespace

Result<void> plan_swap(JsonNode root, SwapPlan& plan) {
  const JsonNode config = find_either(root, "generationConfig", "generation_config");
  change_thinking(config, find_either(config, "thinkingConfig", "thinking_config"), plan);
  const JsonNode length = find_either(config, "maxOutputTokens", "max_output_tokens");
  plan.limit(length, plan.facts().output_max, "maxOutputTokens");
  if (root.find("requests").is_array()) return Error{ErrorCode::kInvalid, "Requests in a request name models."};
  // countTokens wraps a whole request, which names the model once more.
  const JsonNode inner = find_either(root, "generateContentRequest", "generate_content_request");
  if (inner.is_object()) return Error{ErrorCode::kInvalid, "A request in the request names a model."};
  return {};
}

}  // namespace reeve::wire::gemini
