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

constexpr KnownField kStreamOptions[] = {{"include_usage", Field::kStreamOptions}};

// Whether it asks for usage decides what we add: two readers must not each believe another.
Result<void> check_stream_options(JsonNode options) {
  if (auto checked = require_object(options, "stream_options"); !checked) return checked;
  const Result<RequestFields> fields = RequestFields::collect(options, kStreamOptions);
  bool include_usage = false;
  return fields ? read_bool((*fields)[Field::kStreamOptions], "include_usage", include_usage) : fields.error();
}

// An address that is not the data themselves, or the name of a file that the provider keeps.
bool is_elsewhere(JsonNode part) {
  JsonNode address = part.find("image_url");
  if (address.is_object()) address = address.find("url");
  if (address.is_string() && !address.raw_string().starts_with("data:")) return true;
  const JsonNode file = part.find("file");
  const JsonNode video = part.find("video_url");
  return part.find("file_id").is_string() || part.find("file_url").is_string() || file.find("file_id").is_string() ||
         video.present();
}

bool any_elsewhere(JsonNode parts) {
  for (const JsonNode part : parts.elements()) {
    if (is_elsewhere(part)) return true;
  }
  return false;
}

// Tools that the client runs; all others run at the provider, and what they bring is input.
bool runs_here(JsonNode tool) {
  const std::string_view type = tool.find("type").raw_string();
  return type.empty() || type == "function" || type == "custom" || type == "local_shell" || type == "shell" ||
         type == "apply_patch" || type == "namespace" || type.starts_with("computer");
}

bool any_runs_there(JsonNode tools) {
  for (const JsonNode tool : tools.elements()) {
    if (!runs_here(tool)) return true;
  }
  return false;
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

  if (auto read = read_choices(fields[Field::kChoices], "n", view); !read) return read;

  const JsonNode messages = fields[Field::kMessages];
  if (messages.present() && !messages.is_array()) return wrong_type("messages", "an array");
  view.messages = messages.count();
  if (auto checked = check_stream_options(fields[Field::kStreamOptions]); !checked) return checked;
  view.input_elsewhere = fields[Field::kElsewhere].present() || any_runs_there(fields[Field::kTools]);
  for (const JsonNode message : messages.elements()) {
    view.input_elsewhere = view.input_elsewhere || any_elsewhere(message.find("content"));
  }

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
  view.input_elsewhere = fields[Field::kElsewhere].present() || fields[Field::kConversation].present() ||
                         fields[Field::kPrompt].present() || any_runs_there(fields[Field::kTools]);
  for (const JsonNode item : input.elements()) {
    const JsonNode output = item.find("output");
    view.input_elsewhere = view.input_elsewhere || item.find("type").raw_string() == "item_reference" ||
                           any_elsewhere(item.find("content")) || any_elsewhere(output) || is_elsewhere(output);
  }
  return {};
}

Result<void> read_embeddings_request(const Route&, const RequestFields& fields, RequestView& view) {
  const JsonNode input = fields[Field::kMessages];
  if (input.present() && !input.is_array() && !input.is_string()) return wrong_type("input", "a string or an array");
  view.messages = input.is_string() ? 1 : input.count();
  return {};
}

}  // namespace reeve::wire::openai
