#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

// The path names the model. Where the body names one too it must be the same: two readers could each believe another.
Result<void> check_model(JsonNode node, std::string_view path_model) {
  std::string model;
  if (auto read = read_string(node, "model", model); !read) return read;
  constexpr std::string_view kPrefix = "models/";
  if (model.starts_with(kPrefix)) model.erase(0, kPrefix.size());
  if (!model.empty() && model != path_model) {
    return Error{ErrorCode::kInvalid, "The body names another model than the path; send the same in both."};
  }
  return {};
}

constexpr KnownField kGenerationFields[] = {
    {"maxOutputTokens", Field::kMaxTokens}, {"max_output_tokens", Field::kMaxTokens},
    {"candidateCount", Field::kChoices},    {"candidate_count", Field::kChoices},
    {"thinkingConfig", Field::kThinking},   {"thinking_config", Field::kThinking},
};

Result<void> read_generation_config(JsonNode config, RequestView& view) {
  if (!config.present()) return {};
  if (!config.is_object()) return wrong_type("generationConfig", "an object");
  const Result<RequestFields> fields = RequestFields::collect(config, kGenerationFields);
  if (!fields) return fields.error();
  const JsonNode max_tokens = (*fields)[Field::kMaxTokens];
  if (auto read = read_count(max_tokens, "maxOutputTokens", view.max_output_tokens); !read) return read;
  const JsonNode candidates = (*fields)[Field::kChoices];
  if (auto read = multiply_by_choices(candidates, "candidateCount", view.max_output_tokens); !read) return read;

  const JsonNode thinking = (*fields)[Field::kThinking];
  if (auto checked = require_object(thinking, "thinkingConfig"); !checked) return checked;
  JsonNode budget = thinking.find("thinkingBudget");
  if (!budget.present()) budget = thinking.find("thinking_budget");
  view.has_thinking = thinking.present() && budget.as_int() != 0;
  return {};
}

Result<void> read_service_tier(JsonNode node, ServiceTier& out) {
  std::string tier;
  if (auto read = read_string(node, "serviceTier", tier); !read) return read;
  if (tier == "flex" || tier == "SERVICE_TIER_FLEX") out = ServiceTier::kFlex;
  if (tier == "priority" || tier == "SERVICE_TIER_PRIORITY") out = ServiceTier::kPriority;
  return {};
}

}  // namespace

Result<void> read_request(const Route& route, const RequestFields& fields, RequestView& view) {
  if (auto checked = check_model(fields[Field::kModel], route.model); !checked) return checked;

  const JsonNode requests = fields[Field::kRequests];
  if (requests.present() && !requests.is_array()) return wrong_type("requests", "an array");
  for (const JsonNode request : requests.elements()) {
    if (auto checked = check_model(request.find("model"), route.model); !checked) return checked;
  }

  const JsonNode contents = fields[Field::kMessages];
  if (contents.present() && !contents.is_array() && !contents.is_object()) return wrong_type("contents", "an array");
  view.messages = requests.present() ? requests.count() : contents.is_object() ? 1 : contents.count();

  const JsonNode tools = fields[Field::kTools];
  if (tools.present() && !tools.is_array() && !tools.is_object()) return wrong_type("tools", "an array");
  view.has_tools = tools.is_object() || tools.elements().begin() != tools.elements().end();

  if (auto read = read_service_tier(fields[Field::kServiceTier], view.service_tier); !read) return read;
  return read_generation_config(fields[Field::kGenerationConfig], view);
}

}  // namespace reeve::wire::gemini
