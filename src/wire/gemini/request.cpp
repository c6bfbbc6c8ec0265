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
  if (auto read = read_choices(candidates, "candidateCount", view); !read) return read;

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

bool any_files(JsonNode parts) {
  for (const JsonNode part : parts.elements()) {
    if (part.find("fileData").present() || part.find("file_data").present()) return true;
  }
  return parts.find("fileData").present() || parts.find("file_data").present();
}

// Declared functions are the client's; search, addresses and code run at Google.
bool runs_there(JsonNode tool) {
  for (const JsonMember member : tool.members()) {
    const std::string_view name = member.key.raw_string();
    if (name != "functionDeclarations" && name != "function_declarations" && name != "computerUse") return true;
  }
  return false;
}

bool is_elsewhere(const RequestFields& fields) {
  if (fields[Field::kElsewhere].present()) return true;
  const JsonNode tools = fields[Field::kTools];
  if (runs_there(tools)) return true;
  for (const JsonNode tool : tools.elements()) {
    if (runs_there(tool)) return true;
  }
  const JsonNode contents = fields[Field::kMessages];
  if (any_files(contents.find("parts")) || any_files(fields[Field::kSystem].find("parts"))) return true;
  for (const JsonNode turn : contents.elements()) {
    if (any_files(turn.find("parts"))) return true;
  }
  return false;
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

  view.input_elsewhere = is_elsewhere(fields);
  if (auto read = read_service_tier(fields[Field::kServiceTier], view.service_tier); !read) return read;
  return read_generation_config(fields[Field::kGenerationConfig], view);
}

}  // namespace reeve::wire::gemini
