// What a request of Anthropic Messages needs of a model.

#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

// PDF and the like are looked at; a document in text form is read by every model.
bool is_seen(JsonNode document) {
  const std::string_view source = document.find("source").find("type").raw_string();
  return source != "text" && source != "content";
}

void read_blocks(JsonNode content, bool first_turns, CallNeeds& needs) {
  if (first_turns && content.is_string()) {
    needs.opens_with_summary |= opens_with_summary(content.as_string().value_or(""));
  }
  for (const JsonNode block : content.elements()) {
    const std::string_view type = block.find("type").raw_string();
    if (block.find("cache_control").is_object()) needs.caches = true;
    if (type == "image") needs.images = true;
    if (type == "document" && is_seen(block)) needs.documents = true;
    if (type == "tool_result") read_blocks(block.find("content"), false, needs);
    if (type == "thinking" || type == "redacted_thinking") {
      needs.bound_by = "thinking that is signed for the model that wrote it";
    }
    if (first_turns && type == "text") {
      needs.opens_with_summary |= opens_with_summary(block.find("text").as_string().value_or(""));
    }
  }
}

}  // namespace

void read_needs(JsonNode root, CallNeeds& needs) {
  const JsonNode settings = root.find("output_config");
  needs.effort = settings.find("effort").as_string().value_or("");
  needs.structured_output = settings.find("format").is_object() || root.find("output_format").is_object();
  needs.thinking_budget = root.find("thinking").find("budget_tokens").as_int();
  read_blocks(root.find("system"), false, needs);
  for (const JsonNode tool : root.find("tools").elements()) {
    if (tool.find("cache_control").is_object()) needs.caches = true;
  }
  for (const JsonNode message : root.find("messages").elements()) {
    if (message.find("role").raw_string() == "assistant") ++needs.assistant_turns;
    read_blocks(message.find("content"), needs.assistant_turns == 0, needs);
  }
  needs.caches = needs.caches || root.find("cache_control").is_object();
  // A file or a container of the provider's is not tied to a model; what it holds is not known here.
}

}  // namespace reeve::wire::anthropic
