#include <algorithm>

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

// "flex" and "priority" have prices of their own; the rest is the standard price until the answer says more.
Result<void> read_service_tier(JsonNode node, ServiceTier& out) {
  std::string tier;
  if (auto read = read_string(node, "service_tier", tier); !read) return read;
  if (tier == "flex") out = ServiceTier::kFlex;
  if (tier == "priority") out = ServiceTier::kPriority;
  return {};
}

Result<void> read_shared(const RequestFields& fields, RequestView& view) {
  if (auto read = read_bool(fields[Field::kStream], "stream", view.stream); !read) return read;
  if (auto read = read_service_tier(fields[Field::kServiceTier], view.service_tier); !read) return read;
  for (const auto& [field, name] : {std::pair(Field::kTools, "tools"), std::pair(Field::kFunctions, "functions")}) {
    const Result<bool> filled = is_filled_array(fields[field], name);
    if (!filled) return filled.error();
    view.has_tools = view.has_tools || *filled;
  }
  const JsonNode reasoning = fields[Field::kReasoning];
  if (auto checked = require_object(reasoning, "reasoning"); !checked) return checked;
  view.has_thinking = reasoning.present() && reasoning.find("effort").as_string() != "none";
  return read_string(fields[Field::kPromptCacheKey], "prompt_cache_key", view.session_in_body);
}

}  // namespace

Result<void> read_chat_request(const Route&, const RequestFields& fields, RequestView& view) {
  if (auto read = read_shared(fields, view); !read) return read;

  // max_tokens is the older name; servers differ in which one wins, so the larger is what may be spent.
  std::optional<std::int64_t> newer;
  if (auto read = read_count(fields[Field::kMaxTokens], "max_tokens", view.max_output_tokens); !read) return read;
  if (auto read = read_count(fields[Field::kMaxCompletionTokens], "max_completion_tokens", newer); !read) return read;
  if (newer) view.max_output_tokens = std::max(*newer, view.max_output_tokens.value_or(0));

  if (auto read = multiply_by_choices(fields[Field::kChoices], "n", view.max_output_tokens); !read) return read;

  const JsonNode messages = fields[Field::kMessages];
  if (messages.present() && !messages.is_array()) return wrong_type("messages", "an array");
  view.messages = messages.count();

  std::string effort;
  if (auto read = read_string(fields[Field::kReasoningEffort], "reasoning_effort", effort); !read) return read;
  view.has_thinking = view.has_thinking || (!effort.empty() && effort != "none");
  return {};
}

Result<void> read_responses_request(const Route&, const RequestFields& fields, RequestView& view) {
  if (auto read = read_shared(fields, view); !read) return read;
  if (auto read = read_count(fields[Field::kMaxTokens], "max_output_tokens", view.max_output_tokens); !read)
    return read;

  bool background = false;
  if (auto read = read_bool(fields[Field::kBackground], "background", background); !read) return read;
  if (background) {
    return Error{ErrorCode::kInvalid,
                 "Background responses go on after the answer and cannot be metered; send the request without "
                 "\"background\"."};
  }
  const JsonNode input = fields[Field::kMessages];
  if (input.present() && !input.is_array() && !input.is_string()) return wrong_type("input", "a string or an array");
  view.messages = input.is_string() ? 1 : input.count();
  return {};
}

Result<void> read_embeddings_request(const Route&, const RequestFields& fields, RequestView& view) {
  const JsonNode input = fields[Field::kMessages];
  if (input.present() && !input.is_array() && !input.is_string()) return wrong_type("input", "a string or an array");
  view.messages = input.is_string() ? 1 : input.count();
  return {};
}

}  // namespace reeve::wire::openai
