// What requests of OpenAI's dialects need of a model.

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

void read_part(JsonNode part, CallNeeds& needs) {
  const std::string_view type = part.find("type").raw_string();
  if (type == "image_url" || type == "input_image" || type == "computer_screenshot") needs.images = true;
  if (type == "file" || type == "input_file") needs.documents = true;
  if (type == "input_audio" || type == "audio" || type == "video_url") needs.audio = true;
}

void read_content(JsonNode content, bool first_turns, CallNeeds& needs) {
  if (first_turns && content.is_string()) {
    needs.opens_with_summary |= opens_with_summary(content.as_string().value_or(""));
  }
  for (const JsonNode part : content.elements()) {
    read_part(part, needs);
    if (first_turns && part.find("text").is_string()) {
      needs.opens_with_summary |= opens_with_summary(part.find("text").as_string().value_or(""));
    }
  }
}

bool is_schema(JsonNode format) {
  const std::string_view type = format.find("type").raw_string();
  return type == "json_schema" || type == "json_object";
}

}  // namespace

void read_chat_needs(JsonNode root, CallNeeds& needs) {
  needs.effort = root.find("reasoning_effort").as_string().value_or("");
  if (needs.effort.empty()) needs.effort = root.find("reasoning").find("effort").as_string().value_or("");
  needs.structured_output = is_schema(root.find("response_format"));
  needs.caches = root.find("prompt_cache_key").is_string();
  if (root.find("audio").is_object()) needs.audio = true;
  for (const JsonNode message : root.find("messages").elements()) {
    if (message.find("role").raw_string() == "assistant") ++needs.assistant_turns;
    read_content(message.find("content"), needs.assistant_turns == 0, needs);
    // Google's and OpenRouter's ways of handing sealed thinking through this dialect.
    const bool sealed = message.find("reasoning_details").count() > 0 || message.find("extra_content").is_object();
    if (sealed) needs.bound_by = "thinking that is sealed for the model that wrote it";
  }
}

namespace {

// The model's own items: messages, calls, reasoning. One answer has several; the first after somebody else's begins it.
bool is_from_model(JsonNode item) {
  const std::string_view type = item.find("type").raw_string();
  return item.find("role").raw_string() == "assistant" || type.ends_with("_call") || type == "reasoning";
}

void read_item(JsonNode item, CallNeeds& needs) {
  const std::string_view type = item.find("type").raw_string();
  if (type == "reasoning" || type.find("compaction") != std::string_view::npos) {
    // Without the sealed text an item names what the provider keeps, which hangs on the model as well.
    needs.bound_by = type == "reasoning" ? "reasoning that is sealed for the model that wrote it"
                                         : "a compacted conversation that is sealed for the model that wrote it";
  }
  if (type == "item_reference") needs.bound_by = "a conversation that the provider keeps";
  read_content(item.find("content"), needs.assistant_turns == 0, needs);
  read_content(item.find("output"), false, needs);
  read_part(item.find("output"), needs);
}

}  // namespace

void read_responses_needs(JsonNode root, CallNeeds& needs) {
  needs.effort = root.find("reasoning").find("effort").as_string().value_or("");
  needs.structured_output = is_schema(root.find("text").find("format"));
  needs.caches = root.find("prompt_cache_key").is_string();
  bool from_model = false;
  for (const JsonNode item : root.find("input").elements()) {
    const bool now = is_from_model(item);
    if (now && !from_model) ++needs.assistant_turns;
    from_model = now;
    read_item(item, needs);
  }
  if (root.find("previous_response_id").is_string() || root.find("conversation").present()) {
    ++needs.assistant_turns;
    needs.bound_by = "a conversation that the provider keeps";
  }
}

}  // namespace reeve::wire::openai
